//! What one can do with another member.

use egui::{Response, Ui};

use crate::{
    client::{Command, Party, SignedIn},
    model::Member,
    ui::{
        Cx,
        dialogs::{Deed, Dialog, Question},
        display::one_line,
        widgets,
    },
};

/// A menu that opens when `card` is pressed.
pub fn show(card: &Response, cx: &mut Cx<'_>, signed_in: &SignedIn, party: &Party, member: &Member) {
    let name = one_line(member.online_id.as_str());
    widgets::menu(card, &name, 230.0, |ui| items(ui, cx, signed_in, party, member, &name));
}

fn items(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, party: &Party, member: &Member, name: &str) {
    let account = member.account;
    if widgets::menu_item(ui, "Show the card", None).clicked() {
        cx.send(Command::OpenCard(account));
    }
    if widgets::menu_item(ui, "Write a message", None).clicked() {
        cx.send(Command::OpenChatWith(vec![account]));
    }
    let is_friend = signed_in.friends.items().iter().any(|friend| friend.profile.account == account);
    let blocked = signed_in.people.blocked.items().iter().any(|profile| profile.account == account);
    if signed_in.people.asked.contains(&account) && !is_friend {
        ui.add_enabled_ui(false, |ui| widgets::menu_item(ui, "Request sent", None));
    } else if !is_friend && !blocked && widgets::menu_item(ui, "Ask to be friends", None).clicked() {
        cx.send(Command::AskFriendById(account));
    }
    ui.separator();
    let mut ask = |deed| {
        cx.nav.dialog = Some(Dialog::Confirm(Question { deed, account, name: name.to_owned() }));
    };
    let mine = party.session.owner == Some(signed_in.me.account);
    if mine && party.may_remove && widgets::menu_item(ui, "Remove from the party", None).clicked() {
        ask(Deed::RemoveFromParty);
    }
    if !blocked && widgets::menu_item(ui, "Block", None).clicked() {
        ask(Deed::Block);
    }
}
