//! What one can do with somebody: the likely things as buttons, what others feel at the foot of the card. Main thread.

use egui::Ui;

use super::{Shown, Tie};
use crate::{
    client::Command,
    ui::{
        Cx,
        dialogs::{Deed, Dialog, Question},
        friends::Together,
        widgets::{self, Button},
    },
};

impl Shown<'_> {
    pub(super) fn buttons(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if self.tie == Tie::Oneself {
            return;
        }
        let account = self.card.profile.account;
        ui.horizontal_wrapped(|ui| {
            match self.tie {
                Tie::Friend => {
                    if ui.add(Button::primary("Message")).clicked() {
                        self.write(cx);
                    }
                }
                Tie::Asks => {
                    if ui.add(Button::primary("Accept")).clicked() {
                        cx.send(Command::AcceptRequest(account));
                    }
                    if ui.add(Button::ghost("Decline")).clicked() {
                        cx.send(Command::DeclineRequest(account));
                    }
                }
                Tie::Asked => {
                    ui.add_enabled(false, Button::ghost("Asked"));
                    if ui.add(Button::ghost("Take it back").name("Take the request back")).clicked() {
                        cx.send(Command::RemoveFriend(account));
                    }
                }
                Tie::Stranger => {
                    if ui.add(Button::primary("Ask to be friends")).clicked() {
                        cx.send(Command::AskFriendById(account));
                    }
                }
                Tie::Blocked => {
                    let name = format!("Unblock {}", self.name);
                    if ui.add(Button::ghost("Unblock").name(&name)).clicked() {
                        self.ask(cx, Deed::Unblock);
                    }
                    return;
                }
                Tie::Oneself => {}
            }
            if self.tie != Tie::Friend && ui.add(Button::ghost("Message")).clicked() {
                self.write(cx);
            }
            let together = Together::with(self.signed_in, account);
            // The way to a party they are in stands above.
            if together != Together::Here
                && ui.add_enabled(together.is_possible(), Button::ghost(together.label())).clicked()
            {
                together.carry_out(cx, account);
            }
        });
    }

    /// At the foot, and never without asking again.
    pub(super) fn far_reaching(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let deeds: &[(&str, Deed)] = match self.tie {
            Tie::Oneself | Tie::Blocked => return,
            Tie::Friend => &[
                ("Share your real name", Deed::ShareRealName),
                ("Remove friend", Deed::RemoveFriend),
                ("Block", Deed::Block),
            ],
            Tie::Asks | Tie::Asked | Tie::Stranger => &[("Block", Deed::Block)],
        };
        ui.add_space(8.0);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 16.0;
            for (label, deed) in deeds {
                // Said above.
                if *deed == Deed::ShareRealName && self.shares_real_name() {
                    continue;
                }
                if widgets::text_button(ui, label).clicked() {
                    self.ask(cx, *deed);
                }
            }
        });
    }

    fn write(&self, cx: &Cx<'_>) {
        cx.send(Command::OpenChatWith(vec![self.card.profile.account]));
        cx.send(Command::CloseCard);
    }

    fn ask(&self, cx: &mut Cx<'_>, deed: Deed) {
        let (account, name) = (self.card.profile.account, self.name.clone());
        cx.nav.dialog = Some(Dialog::Confirm(Question { deed, account, name }));
    }
}
