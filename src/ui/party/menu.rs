//! What one can do with another member: how loud they are, who they are, how they are reached.

use egui::{Align, Layout, Margin, PointerButton, Response, ScrollArea, Ui};

use super::voice;
use crate::{
    client::{Command, MemberReach, MemberVoice, Party, SignedIn},
    model::{AccountId, Hearing, Member},
    ui::{
        Cx,
        dialogs::{Deed, Dialog, Question},
        display::one_line,
        theme,
        theme::palette,
        widgets,
        wording::voice_path,
    },
};

const WIDTH: f32 = 250.0;
const VOLUME_STEP: f64 = 5.0;

/// A menu that opens when `card` is pressed.
pub fn show(card: &Response, cx: &mut Cx<'_>, signed_in: &SignedIn, party: &Party, member: &Member) {
    let name = one_line(member.online_id.as_str());
    widgets::menu_of_controls(card, &name, WIDTH, |ui| {
        // In a small window there is more of it than fits.
        let most = ui.ctx().content_rect().height() - 32.0;
        ScrollArea::vertical().max_height(most).show(ui, |ui| {
            let voice = voice::of_member(party, member);
            way(ui, cx, member.account, voice.reach);
            ui.separator();
            hearing(ui, cx, member.account, voice);
            ui.separator();
            items(ui, cx, signed_in, party, member, &name);
        });
    });
}

/// How they are reached, and what helps.
fn way(ui: &mut Ui, cx: &Cx<'_>, account: AccountId, reach: MemberReach) {
    let colours = palette(ui);
    egui::Frame::new().inner_margin(Margin::symmetric(10, 6)).show(ui, |ui| {
        // A menu stretches its lines.
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            widgets::paragraph(ui, voice_path::reach(reach), theme::strong(), colours.text);
            widgets::paragraph(ui, voice_path::reach_explained(reach), theme::small(), colours.dim);
        });
    });
    if matches!(reach, MemberReach::Unreachable(_)) && pressed(ui, "Try again") {
        cx.send(Command::RetryMember(account));
    }
}

fn hearing(ui: &mut Ui, cx: &mut Cx<'_>, account: AccountId, voice: MemberVoice) {
    let chosen = voice.hearing;
    let set = |cx: &Cx<'_>, hearing: Hearing| {
        if hearing != chosen {
            cx.send(Command::SetHearing { account, hearing });
        }
    };
    egui::Frame::new().inner_margin(Margin::symmetric(10, 4)).show(ui, |ui| {
        let colours = palette(ui);
        // While the slider is dragged it shows what the hand does, not what has been heard of it.
        let dragged = cx.nav.party.volume.filter(|(of, _)| *of == account).map(|(_, volume)| volume);
        let mut volume = dragged.unwrap_or(chosen.volume_percent);
        ui.spacing_mut().item_spacing.y = 4.0;
        widgets::line(ui, format!("Volume {volume} %"), theme::small(), colours.dim);
        let width = ui.available_width();
        let slider = widgets::slider(ui, "Volume", &mut volume, 0..=Hearing::MAX_VOLUME, VOLUME_STEP, width);
        let slider = slider.on_hover_text("Twice: as they are");
        if slider.contains_pointer()
            && ui.input(|input| input.pointer.button_double_clicked(PointerButton::Primary))
        {
            cx.nav.party.volume = None;
            set(cx, Hearing { volume_percent: Hearing::default().volume_percent, ..chosen });
        } else if slider.changed() {
            cx.nav.party.volume = Some((account, volume));
            set(cx, Hearing { volume_percent: volume, ..chosen });
        } else if !slider.dragged() {
            cx.nav.party.volume = None;
        }
    });
    if widgets::menu_item(ui, "Mute for me", Some(chosen.muted)).clicked() {
        set(cx, Hearing { muted: !chosen.muted, ..chosen });
    }
    if voice.reach == MemberReach::Bridge && chosen != Hearing::default() {
        egui::Frame::new().inner_margin(Margin::symmetric(10, 4)).show(ui, |ui| {
            widgets::paragraph(ui, voice_path::MIXED, theme::small(), palette(ui).dim);
        });
    }
}

fn items(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, party: &Party, member: &Member, name: &str) {
    let account = member.account;
    if pressed(ui, "Show the card") {
        cx.send(Command::OpenCard(account));
    }
    if pressed(ui, "Write a message") {
        cx.send(Command::OpenChatWith(vec![account]));
    }
    let is_friend = signed_in.friends.items().iter().any(|friend| friend.profile.account == account);
    let blocked = signed_in.people.blocked.items().iter().any(|profile| profile.account == account);
    if signed_in.people.asked.contains(&account) && !is_friend {
        ui.add_enabled_ui(false, |ui| widgets::menu_item(ui, "Request sent", None));
    } else if !is_friend && !blocked && pressed(ui, "Ask to be friends") {
        cx.send(Command::AskFriendById(account));
    }
    ui.separator();
    let mut ask = |deed| {
        cx.nav.dialog = Some(Dialog::Confirm(Question { deed, account, name: name.to_owned() }));
    };
    let mine = party.session.owner == Some(signed_in.me.account);
    if mine && party.may_remove && pressed(ui, "Remove from the party") {
        ask(Deed::RemoveFromParty);
    }
    if !blocked && pressed(ui, "Block") {
        ask(Deed::Block);
    }
}

/// An item that is the end of the menu.
fn pressed(ui: &mut Ui, text: &str) -> bool {
    let pressed = widgets::menu_item(ui, text, None).clicked();
    if pressed {
        ui.close();
    }
    pressed
}
