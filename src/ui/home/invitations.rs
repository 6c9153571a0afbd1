//! Who asks me in.

use egui::Ui;

use super::{
    Entering,
    entry::{Entry, face_of},
    heading,
};
use crate::{
    client::{Command, SignedIn},
    model::Invitation,
    ui::{
        Cx,
        widgets::{Back, Button},
        wording::parties,
    },
};

/// The way back to where they are, with how many wait there.
pub fn way_back<'a>(name: &'a str, signed_in: &SignedIn) -> Back<'a> {
    let count = signed_in.invitations.len();
    let words = if count == 1 { "1 invitation".to_owned() } else { format!("{count} invitations") };
    Back { name, waiting: (count > 0).then(|| (count.to_string(), words)) }
}

/// Returns whether there was any.
pub fn show(ui: &mut Ui, cx: &Cx<'_>, invitations: &[Invitation]) -> bool {
    if invitations.is_empty() {
        return false;
    }
    let entering = Entering::now(cx);
    heading(ui, "Invitations");
    for invitation in invitations {
        let who = parties::inviter(invitation);
        let (title, subtitle) = parties::invitation(invitation);
        let face = face_of(invitation.from_account, invitation.from.as_ref());
        ui.push_id(&invitation.session, |ui| {
            Entry { face, title: &title, subtitle: &subtitle, accented: true }.show(ui, |ui| {
                let name = format!("{} {who}", entering.label());
                let join = entering.button().name(&name);
                if ui.add_enabled(entering.is_possible(), join).clicked() {
                    cx.send(Command::JoinParty(invitation.session.clone()));
                }
                let name = format!("Not now, {who}");
                if ui.add(Button::ghost("Not now").name(&name)).clicked() {
                    cx.send(Command::DismissInvitation(invitation.session.clone()));
                }
            });
        });
    }
    ui.add_space(14.0);
    true
}
