//! How many the party may hold.

use egui::Context;

use crate::{
    client::Command,
    model::PartySession,
    ui::{
        Cx, theme,
        theme::palette,
        widgets::{self, Pressed},
        wording::parties,
    },
};

/// Returns whether the dialog is over.
pub fn show(ctx: &Context, cx: &Cx<'_>, limit: &mut u32) -> bool {
    let Some(party) = cx.party() else { return true };
    let inside = u32::try_from(party.session.members.len()).unwrap_or(PartySession::MAX_MEMBERS);
    let least = inside.clamp(PartySession::MIN_LIMIT, PartySession::MAX_MEMBERS);
    let mut done = false;
    let close = widgets::dialog(ctx, "Places in the party", |ui| {
        widgets::stepper(ui, "Limit", limit, least..=PartySession::MAX_MEMBERS, parties::places);
        let text = format!("{} in it now.", parties::are(inside as usize));
        widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
        let pressed = widgets::dialog_buttons(ui, "Change it", *limit != party.session.max_members);
        if pressed == Some(Pressed::Confirm) {
            cx.send(Command::SetLimit(*limit));
        }
        done = pressed.is_some();
    });
    close || done
}
