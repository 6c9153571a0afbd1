//! The page of parties: mine, those I am invited to, those I can join.

use egui::{Align, Align2, Layout, Margin, ScrollArea, Sense, Ui, vec2};

use super::{
    Cx, Page,
    dialogs::Dialog,
    display::one_line,
    problems, theme,
    theme::palette,
    widgets::{self, Avatar, Button},
    wording,
};
use crate::{
    client::{Command, PartyState, SignedIn},
    model::{AccountId, Invitation, OnlineId, PartySession},
};

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let colours = palette(ui);
    let free = signed_in.party == PartyState::None;
    let title = |ui: &mut Ui| {
        widgets::line(ui, "Parties", theme::title(), colours.text);
    };
    widgets::header(ui, None, title, |ui| {
        if free && ui.add(Button::primary("Start a party")).clicked() {
            cx.nav.dialog = Some(Dialog::start_party([]));
        }
    });
    body(ui, f32::INFINITY, |ui| {
        problems::show_page(ui, cx, signed_in);
        current(ui, cx, signed_in);
        invitations(ui, cx, &signed_in.invitations);
        joinable(ui, cx, signed_in);
    });
}

/// The scrolling part of a page below its header.
pub fn body(ui: &mut Ui, widest: f32, contents: impl FnOnce(&mut Ui)) {
    let margin = widgets::margin(ui);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        egui::Frame::new().inner_margin(Margin::same(margin as i8)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 8.0;
            ui.set_width(ui.available_width().min(widest));
            contents(ui);
        });
    });
}

fn heading(ui: &mut Ui, text: &str) {
    widgets::caps_heading(ui, text);
    ui.add_space(2.0);
}

fn current(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    match &signed_in.party {
        PartyState::None => return,
        PartyState::Joining => waiting(ui, "Joining the party…", |ui| {
            if ui.add(Button::ghost("Cancel")).clicked() {
                cx.send(Command::LeaveParty);
            }
        }),
        PartyState::Leaving => waiting(ui, "Leaving the party…", |_| {}),
        PartyState::Joined(party) => {
            heading(ui, "Your party");
            let session = &party.session;
            let subtitle = format!(
                "{} of {} · {}",
                session.members.len(),
                session.max_members,
                wording::names(session.members.iter().map(|member| member.online_id.as_str()))
            );
            let face = face(session).unwrap_or((signed_in.me.account, &signed_in.me.online_id));
            entry(ui, face, &wording::party_name(session), &subtitle, false, |ui| {
                if ui.add(Button::primary("Show")).clicked() {
                    cx.nav.page = Page::Party;
                }
            });
        }
    }
    ui.add_space(16.0);
}

fn invitations(ui: &mut Ui, cx: &mut Cx<'_>, invitations: &[Invitation]) {
    if invitations.is_empty() {
        return;
    }
    heading(ui, "Invitations");
    for invitation in invitations {
        let nobody = OnlineId(String::new());
        let from = invitation.from.as_ref().unwrap_or(&nobody);
        let who = invitation.from.as_ref().map_or("Somebody".to_owned(), |from| one_line(from.as_str()));
        let title = match invitation.party_name.trim() {
            "" => format!("{who} invites you to a party"),
            name => format!("{who} invites you to “{}”", one_line(name)),
        };
        let subtitle = match invitation.members.len() {
            0 => String::new(),
            count => {
                let people = if count == 1 { "person" } else { "people" };
                let names = wording::names(invitation.members.iter().map(OnlineId::as_str));
                format!("{count} {people} · {names}")
            }
        };
        let account = invitation.from_account.unwrap_or(AccountId(0));
        let free = can_enter(cx);
        ui.push_id(&invitation.session, |ui| {
            entry(ui, (account, from), &title, &subtitle, true, |ui| {
                let name = format!("Join {who}");
                if ui.add_enabled(free, Button::primary("Join").name(&name)).clicked() {
                    cx.send(Command::JoinParty(invitation.session.clone()));
                }
                let name = format!("Not now, {who}");
                if ui.add(Button::ghost("Not now").name(&name)).clicked() {
                    cx.send(Command::DismissInvitation(invitation.session.clone()));
                }
            });
        });
        ui.add_space(6.0);
    }
    ui.add_space(10.0);
}

fn joinable(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let fetched = &signed_in.parties;
    let parties: Vec<_> = fetched.items().iter().filter(|party| party.joinable).collect();
    if parties.is_empty() {
        if fetched.value.is_none() && fetched.fetching {
            heading(ui, "You can join");
            widgets::skeleton_card(ui);
        } else if fetched.value.is_some()
            && signed_in.party == PartyState::None
            && signed_in.invitations.is_empty()
        {
            empty(ui);
        }
        return;
    }
    heading(ui, "You can join");
    for party in parties {
        let mut subtitle = format!("{} of {}", party.members.len(), party.max_members);
        if !party.members.is_empty() {
            let names = wording::names(party.members.iter().map(|member| member.online_id.as_str()));
            subtitle = format!("{subtitle} · {names}");
        }
        let nobody = (AccountId(0), &OnlineId(String::new()));
        let name = wording::party_name(party);
        let free = can_enter(cx);
        ui.push_id(&party.id, |ui| {
            entry(ui, face(party).unwrap_or(nobody), &name, &subtitle, false, |ui| {
                let full = party.members.len() >= party.max_members as usize;
                let label = if full { "Full" } else { "Join" };
                let spoken = format!("{label} {name}");
                if ui.add_enabled(free && !full, Button::primary(label).name(&spoken)).clicked() {
                    cx.send(Command::JoinParty(party.id.clone()));
                }
            });
        });
        ui.add_space(6.0);
    }
}

/// One way in at a time: while one is taken, the others wait.
pub fn can_enter(cx: &Cx<'_>) -> bool {
    let party = cx.signed_in().map(|signed_in| &signed_in.party);
    matches!(party, Some(PartyState::None | PartyState::Joined(_)))
}

fn face(session: &PartySession) -> Option<(AccountId, &OnlineId)> {
    let owner = session.members.iter().find(|member| Some(member.account) == session.owner);
    owner.or(session.members.first()).map(|member| (member.account, &member.online_id))
}

/// A card for one party: a face, two lines, what to press. Buttons move below where it is narrow.
fn entry(
    ui: &mut Ui,
    (account, who): (AccountId, &OnlineId),
    title: &str,
    subtitle: &str,
    accented: bool,
    buttons: impl FnOnce(&mut Ui),
) {
    let colours = palette(ui);
    widgets::card(ui, accented, |ui| {
        let narrow = ui.available_width() < 400.0;
        let (width, height) = (ui.available_width(), 52.0);
        let text = |ui: &mut Ui| {
            let (face, _) = ui.allocate_exact_size(vec2(height + 6.0, height), Sense::hover());
            let center = Align2::LEFT_CENTER.anchor_size(face.left_center(), vec2(height, height)).center();
            Avatar::new(account, who.as_str(), height).paint(ui, center, colours.card);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 3.0;
                ui.add_space(if subtitle.is_empty() { 15.0 } else { 6.0 });
                widgets::line(ui, title, theme::strong(), colours.text);
                if !subtitle.is_empty() {
                    widgets::line(ui, subtitle, theme::small(), colours.dim);
                }
            });
        };
        if narrow {
            ui.allocate_ui_with_layout(vec2(width, height), Layout::left_to_right(Align::Center), text);
            ui.add_space(4.0);
            let layout = Layout::right_to_left(Align::Center);
            ui.allocate_ui_with_layout(vec2(width, theme::CONTROL_HEIGHT), layout, buttons);
        } else {
            ui.allocate_ui_with_layout(vec2(width, height), Layout::right_to_left(Align::Center), |ui| {
                buttons(ui);
                ui.add_space(8.0);
                ui.with_layout(Layout::left_to_right(Align::Center), text);
            });
        }
    });
}

fn waiting(ui: &mut Ui, text: &str, buttons: impl FnOnce(&mut Ui)) {
    let colours = palette(ui);
    widgets::card(ui, false, |ui| {
        let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            buttons(ui);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                widgets::waiting_arc(ui, 20.0);
                widgets::line(ui, text, theme::strong(), colours.text);
            });
        });
    });
}

fn empty(ui: &mut Ui) {
    let colours = palette(ui);
    ui.add_space((ui.ctx().content_rect().height() * 0.16).max(16.0));
    ui.vertical_centered(|ui| {
        widgets::line(ui, "No parties right now", theme::strong(), colours.text);
        let text = "Start one and invite your friends. Invitations and parties you can join appear here.";
        ui.set_max_width(ui.available_width().min(420.0));
        widgets::paragraph(ui, text, theme::small(), colours.dim);
    });
}
