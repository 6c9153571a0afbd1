//! Signing in: where secrets live, the client in use, and how the browser comes back.

use egui::{Context, Ui};

use super::setting;
use crate::{
    client::Command,
    model::{ClientSource, SchemeStatus},
    ui::{
        Cx,
        display::one_line,
        secrets,
        sign_in::first_run,
        theme,
        theme::palette,
        widgets::{self, Button, Pressed},
        wording::keeping,
    },
};

pub fn show(ui: &mut Ui, cx: &Cx<'_>, client: &mut first_run::Draft, forgetting_client: &mut bool) {
    let colours = palette(ui);
    widgets::settings_card(ui, "Where your sign-in is kept", |ui| match cx.snapshot.secrets {
        Some(kept) => secrets::choices(ui, cx, kept),
        None => {
            let text = "Nothing of this sign-in is kept; it is gone when you quit.";
            widgets::paragraph(ui, text, theme::small(), colours.dim);
        }
    });
    widgets::settings_card(ui, "Client", |ui| match &cx.snapshot.client {
        Some(in_use) => {
            widgets::fact(ui, "Client id", &one_line(&in_use.id));
            let secret = format!("Secret {}", in_use.masked_secret);
            setting(ui, &secret, keeping::source(in_use.source), |ui| {
                if in_use.source == ClientSource::Kept
                    && ui.add(Button::danger("Forget").name("Forget the client secret")).clicked()
                {
                    *forgetting_client = true;
                }
            });
        }
        None => {
            let text = "There is none. Signing in again needs one.";
            widgets::paragraph(ui, text, theme::small(), colours.dim);
            first_run::type_it(ui, cx, client);
        }
    });
    widgets::settings_card(ui, "Way back from the browser", |ui| {
        let loopback =
            cx.snapshot.client.as_ref().is_some_and(|client| client.redirect.starts_with("http://"));
        if loopback {
            let (state, explanation) = keeping::BACK_TO_OUR_PAGE;
            return setting(ui, state, explanation, |_| {});
        }
        let (state, explanation) = keeping::scheme(cx.snapshot.scheme);
        setting(ui, state, explanation, |ui| match cx.snapshot.scheme {
            SchemeStatus::Registered => {
                if ui.add(Button::ghost("Undo").name("Undo the registration")).clicked() {
                    cx.send(Command::UnregisterScheme);
                }
            }
            SchemeStatus::NotRegistered | SchemeStatus::OtherProgram => {
                if ui.add(Button::ghost("Register")).clicked() {
                    cx.send(Command::RegisterScheme);
                }
            }
            SchemeStatus::Unavailable | SchemeStatus::Unknown => {}
        });
    });
}

/// Asks before the client secret is forgotten.
pub fn forget_dialog(ctx: &Context, cx: &Cx<'_>, forgetting: &mut bool) {
    if !*forgetting {
        return;
    }
    let mut pressed = None;
    let close = widgets::dialog(ctx, "Forget the client secret?", |ui| {
        let text = "It is removed from this computer. The next sign-in needs it again.";
        widgets::paragraph(ui, text, theme::body(), palette(ui).dim);
        pressed = widgets::dialog_buttons(ui, "Forget it", true);
    });
    if pressed == Some(Pressed::Confirm) {
        cx.send(Command::ForgetClient);
    }
    if close || pressed.is_some() {
        *forgetting = false;
    }
}
