//! Dialogs over the window: starting a party, inviting, renaming, whom to write to. One at a time.

mod invite;
mod new_chat;
mod start_party;

use egui::Context;

use super::{
    Cx,
    widgets::{self, Pressed},
};
use crate::{
    client::{Command, SignedIn},
    model::AccountId,
};

/// The open dialog and what is typed into it so far.
#[derive(Debug)]
pub enum Dialog {
    StartParty(start_party::Draft),
    Invite(invite::Draft),
    Rename(String),
    NewChat(new_chat::Draft),
}

impl Dialog {
    /// `invite` is who is ticked to begin with.
    pub fn start_party(invite: impl IntoIterator<Item = AccountId>) -> Self {
        Self::StartParty(start_party::Draft::new(invite))
    }

    pub fn invite() -> Self {
        Self::Invite(invite::Draft::default())
    }

    pub fn new_chat() -> Self {
        Self::NewChat(new_chat::Draft::default())
    }
}

pub fn show(ctx: &Context, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let Some(mut dialog) = cx.nav.dialog.take() else { return };
    let close = match &mut dialog {
        Dialog::StartParty(draft) => start_party::show(ctx, cx, signed_in, draft),
        Dialog::Invite(draft) => invite::show(ctx, cx, signed_in, draft),
        Dialog::Rename(name) => rename(ctx, cx, name),
        Dialog::NewChat(draft) => new_chat::show(ctx, cx, signed_in, draft),
    };
    if !close {
        cx.nav.dialog = Some(dialog);
    }
}

fn rename(ctx: &Context, cx: &Cx<'_>, name: &mut String) -> bool {
    let mut done = false;
    let close = widgets::dialog(ctx, "Rename the party", |ui| {
        let field = widgets::text_field(ui, name, "Name of the party", "Name of the party");
        widgets::focus_first(ui, &field);
        let enter = widgets::entered(ui, &field);
        let pressed = widgets::dialog_buttons(ui, "Rename", true);
        if enter || pressed == Some(Pressed::Confirm) {
            cx.send(Command::RenameParty(name.trim().to_owned()));
        }
        done = enter || pressed.is_some();
    });
    close || done
}
