//! The first run: the client secret is the user's to supply, typed or found in a capture of their own. The same form changes it
//! later.

use egui::Ui;

use super::{State, intro};
use crate::{
    client::{Capture, ClientInUse, Command},
    model::OAuthClient,
    ui::{
        Cx, capture,
        files::Purpose,
        theme,
        theme::palette,
        widgets::{self, Button, SecretText},
        wording::keeping,
    },
};

/// What is typed into the form.
pub struct Draft {
    secret: SecretText,
    id: String,
    redirect: String,
    /// Id and redirect are on show.
    advanced: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Self::of(OAuthClient::MOBILE_ID, OAuthClient::MOBILE_REDIRECT)
    }
}

impl Draft {
    fn of(id: &str, redirect: &str) -> Self {
        Self { secret: SecretText::default(), id: id.into(), redirect: redirect.into(), advanced: false }
    }

    /// To replace a client with another secret, or another client altogether.
    pub fn replacing(client: &ClientInUse) -> Self {
        Self::of(&client.id, &client.redirect)
    }

    fn take(&mut self) -> OAuthClient {
        let (id, redirect) = (self.id.trim().to_owned(), self.redirect.trim().to_owned());
        OAuthClient { id, secret: self.secret.take(), redirect }
    }
}

/// `in_use` is the client that is to be changed, if there is one.
pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, in_use: Option<&ClientInUse>, state: &mut State) {
    let goes = keeping::secret_goes(cx.snapshot.secrets);
    let text = match in_use {
        None => format!(
            "Party chat on your desk, with your own PlayStation Network account; signing in happens in your browser. \
             The sign-in also wants a client secret: it is not part of this program, and yours to supply. {goes}"
        ),
        Some(_) => format!("The new client secret takes the place of the one in use. {goes}"),
    };
    intro(ui, cx, &text);
    if type_it(ui, cx, &mut state.client) {
        state.changing_client = false;
    }
    ui.add_space(4.0);
    import(ui, cx, state);
    if in_use.is_some() {
        ui.add_space(4.0);
        let [keep, remove] = widgets::button_pair(
            ui,
            Button::ghost("Keep the one in use"),
            Button::danger("Remove it from here"),
        );
        if remove {
            cx.send(Command::ForgetClient);
        }
        if keep || remove {
            state.changing_client = false;
            state.client = Draft::default();
        }
    }
}

/// `true`: a client was sent off.
pub fn type_it(ui: &mut Ui, cx: &Cx<'_>, draft: &mut Draft) -> bool {
    let mut entered = false;
    widgets::card(ui, false, |ui| {
        widgets::line(ui, "Type the client secret", theme::strong(), palette(ui).text);
        let field = widgets::secret_field(ui, &mut draft.secret, "Client secret", "Client secret");
        entered |= widgets::entered(ui, &field);
        if draft.advanced {
            for (name, text) in [("Client id", &mut draft.id), ("Redirect", &mut draft.redirect)] {
                widgets::text(ui, name, theme::small(), palette(ui).dim);
                let field = widgets::long_field(ui, text, name, name);
                entered |= widgets::entered(ui, &field);
            }
        }
        ui.horizontal(|ui| {
            let ready = !draft.secret.is_empty();
            let pressed = ui.add_enabled(ready, Button::primary("Use this secret")).clicked();
            entered = ready && (entered || pressed);
            ui.add_space(4.0);
            let words = if draft.advanced { "Hide the rest" } else { "Advanced" };
            if widgets::text_button(ui, words).clicked() {
                draft.advanced = !draft.advanced;
            }
        });
        let quiet = "Or set PARTYLINE_CLIENT_SECRET; then it is not stored.";
        widgets::paragraph(ui, quiet, theme::small(), palette(ui).faint);
    });
    if entered {
        cx.send(Command::UseClient(draft.take()));
    }
    entered
}

fn import(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    widgets::card(ui, capture::is_wanted(ui), |ui| {
        let colours = palette(ui);
        widgets::line(ui, "Or find it in a capture of your own", theme::strong(), colours.text);
        let text = "A recording (HAR file) of your own sign-in in the mobile app. Nothing leaves this computer, and \
                    Partyline asks before it uses what it finds.";
        widgets::paragraph(ui, text, theme::small(), colours.dim);
        match &cx.snapshot.capture {
            Capture::Reading(progress) => return capture::reading(ui, cx, *progress),
            Capture::NoClient => {
                let text = "Nobody signs in in that capture. Record it from before the app's sign-in on.";
                capture::said(ui, text);
            }
            Capture::Failed(trouble) => capture::said(ui, keeping::capture_trouble(*trouble)),
            Capture::None | Capture::FoundClient { .. } | Capture::Checked { .. } => {}
        }
        if let Some(file) = capture::choose(ui, cx, &mut state.capture, Purpose::FindClient, "Look in it") {
            cx.send(Command::FindClient(file));
        }
    });
}
