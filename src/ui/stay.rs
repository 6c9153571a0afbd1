//! How long one stays signed in: a quiet line before it ends, a plain one after; and the sign-in over the window, in place or
//! for another account.

use egui::{Context, Ui};

use super::{
    Cx,
    sign_in::waiting,
    theme::palette,
    widgets::{self, Button},
    wording::keeping,
};
use crate::client::{Command, SignedIn, Stay, VoiceStatus};

/// Above every page, for as long as there is something to say.
pub fn banner(ui: &mut Ui, cx: &Cx<'_>, signed_in: &SignedIn) {
    let colours = palette(ui);
    let (color, (what, means)) = match signed_in.stay {
        Stay::Good => return,
        Stay::EndsSoon(ends) => {
            let zone = jiff::tz::TimeZone::system();
            (colours.dim, keeping::stay_ends_soon(ends, jiff::Timestamp::now(), &zone))
        }
        Stay::Ended => {
            let talking = cx.party().is_some_and(|party| party.voice == VoiceStatus::Connected);
            (colours.bad, keeping::stay_ended(talking))
        }
    };
    widgets::banner(ui, color, &what, means, |ui| {
        // Under way, the dialog over the window has everything to press.
        let button = Button::ghost("Sign in again");
        if ui.add_enabled(signed_in.sign_in.is_none(), button).clicked() {
            cx.send(Command::SignIn);
        }
    });
    ui.add_space(4.0);
}

/// The sign-in under way, over the window that stays as it is.
pub fn dialog(ctx: &Context, cx: &mut Cx<'_>, signed_in: &SignedIn, draft: &mut waiting::Draft) {
    let Some(sign_in) = &signed_in.sign_in else { return };
    let close = widgets::firm_dialog(ctx, "Sign in", |ui| waiting::show(ui, cx, sign_in, draft));
    if close {
        cx.send(Command::CancelSignIn);
    }
}
