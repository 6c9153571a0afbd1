//! Asking before what others feel.

use egui::Context;

use crate::{
    client::Command,
    model::AccountId,
    ui::{
        Cx, theme,
        theme::palette,
        widgets::{self, Button, Pressed},
    },
};

/// What is about to be done to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    RemoveFromParty,
    RemoveFriend,
    Block,
    Unblock,
    ShareRealName,
}

/// Somebody, under the name that was shown.
#[derive(Debug)]
pub struct Question {
    pub deed: Deed,
    pub account: AccountId,
    /// Fit for one line.
    pub name: String,
}

/// Returns whether the dialog is over.
pub fn show(ctx: &Context, cx: &Cx<'_>, question: &Question) -> bool {
    let Question { deed, account, name } = question;
    // Whoever left needs no removing.
    let gone = *deed == Deed::RemoveFromParty
        && !cx.party().is_some_and(|party| party.session.members.iter().any(|m| m.account == *account));
    if gone {
        return true;
    }
    let (heading, means, confirm, command) = match deed {
        Deed::RemoveFromParty => (
            format!("Remove {name} from the party?"),
            "They need a new invitation to come back.",
            "Remove",
            Command::RemoveMember(*account),
        ),
        Deed::RemoveFriend => (
            format!("Remove {name} from your friends?"),
            "You are off their list as well. To be friends again, one of you has to ask. They are not told.",
            "Remove",
            Command::RemoveFriend(*account),
        ),
        Deed::Unblock => (
            format!("Unblock {name}?"),
            "They can write to you and invite you again. You are not friends by that.",
            "Unblock",
            Command::Unblock(*account),
        ),
        Deed::ShareRealName => (
            format!("Share your real name with {name}?"),
            "They see the name that your account is registered with, wherever they see your online id. To take it back, \
             use the phone app or a console.",
            "Share my name",
            Command::ShareRealName(*account),
        ),
        Deed::Block => (
            format!("Block {name}?"),
            "They can't write to you or invite you any more, and you are friends no longer. They are not told.",
            "Block",
            Command::Block(*account),
        ),
    };
    let mut done = false;
    let close = widgets::dialog_of(ctx, "question", &heading, |ui| {
        widgets::paragraph(ui, means, theme::body(), palette(ui).dim);
        let pressed = widgets::dialog_foot(ui, Button::danger(confirm), true);
        if pressed == Some(Pressed::Confirm) {
            cx.send(command);
        }
        done = pressed.is_some();
    });
    close || done
}
