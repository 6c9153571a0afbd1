//! Inviting people into the party one is in, several at once.

use egui::Context;

use super::picker::Picker;
use crate::{
    client::{Command, Party, SignedIn},
    model::AccountId,
    ui::{
        Cx, theme,
        theme::palette,
        widgets::{self, Pressed},
        wording::parties,
    },
};

/// Returns whether the dialog is over.
pub fn show(ctx: &Context, cx: &Cx<'_>, signed_in: &SignedIn, guests: &mut Picker) -> bool {
    let Some(party) = cx.party() else { return true };
    let mark = |account| mark(party, account);
    let mut done = false;
    let close = widgets::dialog(ctx, "Invite friends", |ui| {
        let height = (ui.ctx().content_rect().height() - 250.0).clamp(60.0, 380.0);
        ui.scope(|ui| guests.show(ui, signed_in, height, true, mark));
        let chosen = guests.chosen(mark);
        let session = &party.session;
        let free = (session.max_members as usize).saturating_sub(session.members.len());
        if chosen.len() > free {
            let text = parties::too_few_places(free);
            widgets::paragraph(ui, text, theme::small(), palette(ui).warn);
        }
        let confirm = match chosen.len() {
            0 => "Invite".to_owned(),
            count => format!("Invite {count}"),
        };
        match widgets::dialog_buttons(ui, &confirm, !chosen.is_empty()) {
            Some(Pressed::Confirm) => {
                cx.send(Command::Invite(chosen));
                done = true;
            }
            Some(Pressed::Cancel) => done = true,
            None => {}
        }
    });
    close || done
}

/// Why somebody need not be asked.
fn mark(party: &Party, account: AccountId) -> Option<&'static str> {
    if party.session.members.iter().any(|member| member.account == account) {
        Some("In the party")
    } else if party.invited.contains(&account) {
        Some("Invited")
    } else {
        None
    }
}
