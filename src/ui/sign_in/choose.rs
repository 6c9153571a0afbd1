//! Signing in, with a client at hand: an account that is kept, the browser, or an npsso.

use egui::{Align2, Layout, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::{State, first_run, intro};
use crate::{
    client::{ClientInUse, Command, Service},
    model::{ClientSource, KnownAccount},
    ui::{
        Cx, accounts,
        display::one_line,
        theme,
        theme::palette,
        widgets::{self, Avatar, Button, Icon, SecretText},
        wording::keeping,
    },
};

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, client: &ClientInUse, state: &mut State) {
    intro(ui, cx, keeping::welcome(cx.snapshot.service));
    for account in &cx.snapshot.accounts {
        ui.push_id(&account.slot, |ui| kept(ui, cx, account, &mut state.forgetting));
    }
    let words = "Sign in with the browser";
    // One main action: where somebody is known, it is to go on as them.
    let browser = match cx.snapshot.accounts.is_empty() && state.npsso.is_none() {
        true => Button::primary(words),
        false => Button::ghost(words),
    };
    if ui.add(browser.min_width(ui.available_width())).clicked() {
        cx.send(Command::SignIn);
    }
    let [paste, npsso] =
        widgets::button_pair(ui, Button::ghost("Paste the address"), Button::ghost("Use an npsso"));
    if paste {
        state.wait.focus();
        cx.send(Command::SignIn);
    }
    if npsso {
        state.npsso = match state.npsso.take() {
            Some(_) => None,
            None => Some(SecretText::default()),
        };
    }
    if let Some(draft) = &mut state.npsso {
        npsso_form(ui, cx, draft);
    }
    if cx.snapshot.service == Service::Live {
        match client.source {
            ClientSource::Kept => {
                if widgets::text_button(ui, "Change the client secret").clicked() {
                    state.client = first_run::Draft::replacing(client);
                    state.changing_client = true;
                }
            }
            ClientSource::Environment => {
                let text = "The client secret is from PARTYLINE_CLIENT_SECRET, not stored.";
                widgets::paragraph(ui, text, theme::small(), palette(ui).faint);
            }
            ClientSource::Sandbox => {}
        }
    }
}

/// An account that is kept: pressed as a whole to go on as it.
fn kept(ui: &mut Ui, cx: &Cx<'_>, account: &KnownAccount, forgetting: &mut Option<KnownAccount>) {
    const HEIGHT: f32 = 60.0;
    const FACE: f32 = 44.0;
    let colours = palette(ui);
    let name = one_line(account.online_id.as_str());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
    let title = format!("Continue as {name}");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &title));
    let fill = if response.hovered() { colours.line } else { colours.card };
    let radius = f32::from(theme::CARD_RADIUS);
    ui.painter().rect(rect, radius, fill, Stroke::new(1.0, colours.line), StrokeKind::Inside);
    widgets::focus_ring(ui, &response, rect, radius);
    let center = rect.left_center() + vec2(12.0 + FACE / 2.0, 0.0);
    Avatar::new(account.account, &name, FACE).paint(ui, center, fill);
    let cross = Rect::from_center_size(rect.right_center() - vec2(28.0, 0.0), vec2(32.0, 32.0));
    let left = center.x + FACE / 2.0 + 12.0;
    let line = |dy: f32, text: &str, font, color| {
        let (at, room) = (pos2(left, rect.center().y + dy), cross.left() - 8.0 - left);
        widgets::paint_line(ui.painter(), at, Align2::LEFT_CENTER, text, font, color, room).1
    };
    let cut = line(-10.0, &title, theme::strong(), colours.text);
    line(10.0, &accounts::until(account), theme::small(), colours.dim);
    let response = if cut { response.on_hover_text(title) } else { response };
    widgets::place(ui, cross, Layout::default(), |ui| {
        let forget = format!("Forget {name}");
        if widgets::icon_button(ui, Icon::Close, &forget).clicked() {
            *forgetting = Some(account.clone());
        }
    });
    if response.clicked() {
        cx.send(Command::SwitchAccount(account.slot.clone()));
    }
}

fn npsso_form(ui: &mut Ui, cx: &Cx<'_>, draft: &mut SecretText) {
    let colours = palette(ui);
    widgets::card(ui, false, |ui| {
        widgets::line(ui, "Sign in by an npsso", theme::strong(), colours.text);
        let page = match cx.snapshot.service {
            Service::Live => "ca.account.sony.com/api/v1/ssocookie",
            Service::Sandbox => "/api/v1/ssocookie at the sandbox's address",
        };
        let text = format!(
            "If the browser can't bring you back here: the npsso is what keeps your browser signed in. Sign in there \
             to your account, then open {page} in the same browser and paste what it shows."
        );
        widgets::paragraph(ui, text, theme::small(), colours.dim);
        let text = "Treat it like a password: whoever has it can act as you.";
        widgets::paragraph(ui, text, theme::small(), colours.warn);
        let field = widgets::secret_field(ui, draft, "npsso", "The value, or the whole line");
        widgets::focus_first(ui, &field);
        let ready = !draft.is_empty();
        let entered = widgets::entered(ui, &field);
        let pressed = ui.add_enabled(ready, Button::primary("Sign in with it")).clicked();
        if ready && (entered || pressed) {
            cx.send(Command::SignInWithNpsso(draft.take()));
        }
    });
}
