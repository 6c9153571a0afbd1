//! Parties I can go into without being asked, and those where one may ask.

use egui::Ui;

use super::{
    Entering,
    entry::{Entry, NOBODY, face, face_of},
    heading,
};
use crate::{
    client::{Command, SignedIn},
    model::{OnlineId, OpenParty, PartySession, SessionId},
    ui::{
        Cx,
        display::one_line,
        widgets::{self, Button},
        wording,
        wording::parties,
    },
};

/// Returns whether there was anything to show, or still may be.
pub fn show(ui: &mut Ui, cx: &Cx<'_>, signed_in: &SignedIn) -> bool {
    let entering = Entering::now(cx);
    let fetched = &signed_in.parties;
    // One party, one card.
    let shown_above = |session: &SessionId| {
        Some(session) == signed_in.elsewhere.as_ref()
            || cx.party().is_some_and(|party| party.session.id == *session)
            || signed_in.invitations.iter().any(|invitation| invitation.session == *session)
    };
    let others: Vec<&PartySession> = fetched.items().iter().filter(|party| !shown_above(&party.id)).collect();
    let mut anything = false;

    if others.iter().any(|party| party.joinable) {
        heading(ui, "You can join");
        for party in others.iter().filter(|party| party.joinable) {
            ui.push_id(&party.id, |ui| joinable(ui, cx, party, &entering));
        }
        anything = true;
    } else if fetched.value.is_none() && fetched.fetching {
        heading(ui, "You can join");
        widgets::skeleton_card(ui);
        anything = true;
    }

    let of_groups: Vec<&OpenParty> =
        signed_in.open_parties.iter().filter(|party| !shown_above(&party.session)).collect();
    if !of_groups.is_empty() {
        ui.add_space(if anything { 14.0 } else { 0.0 });
        heading(ui, "In your groups");
        for party in of_groups {
            ui.push_id(&party.session, |ui| of_group(ui, cx, signed_in, party, &entering));
        }
        anything = true;
    }

    let asking: Vec<_> = others.iter().filter(|party| party.request_to_join && !party.joinable).collect();
    if !asking.is_empty() {
        ui.add_space(if anything { 14.0 } else { 0.0 });
        heading(ui, "You can ask to join");
        for party in asking {
            let title = wording::party_name(party);
            let subtitle = "The host lets people ask to join. That works in the phone app.";
            let entry = Entry { face: face(party), title: &title, subtitle, accented: false };
            ui.push_id(&party.id, |ui| entry.show(ui, |_| {}));
        }
        anything = true;
    }
    anything
}

fn joinable(ui: &mut Ui, cx: &Cx<'_>, party: &PartySession, entering: &Entering) {
    let who = party.members.iter().map(|member| member.online_id.as_str());
    let title = wording::party_name(party);
    let subtitle = parties::inside(party.members.len(), Some(party.max_members), who);
    let full = party.members.len() >= party.max_members as usize;
    Entry { face: face(party), title: &title, subtitle: &subtitle, accented: false }
        .show(ui, |ui| join(ui, cx, &party.id, &title, full, entering));
}

fn of_group(ui: &mut Ui, cx: &Cx<'_>, signed_in: &SignedIn, party: &OpenParty, entering: &Entering) {
    let chats = signed_in.chats.list.items();
    let group = chats.iter().find(|chat| Some(&chat.group.id) == party.group.as_ref());
    let group = group.map(|chat| parties::group_name(&chat.group, signed_in.me.account));
    let title = match (party.name.trim(), &group) {
        ("", Some(group)) => format!("A party of {group}"),
        ("", None) => "A party of a group".to_owned(),
        (name, _) => one_line(name),
    };
    let who = party.members.iter().filter_map(|member| member.online_id.as_ref()).map(OnlineId::as_str);
    let inside = parties::inside(party.members.len(), party.max_members, who);
    let subtitle = match group.filter(|_| !party.name.trim().is_empty()) {
        Some(group) => format!("{group} · {inside}"),
        None => inside,
    };
    let first = party.members.first();
    let face = first.map_or(NOBODY, |member| face_of(Some(member.account), member.online_id.as_ref()));
    let full = party.max_members.is_some_and(|most| party.members.len() >= most as usize);
    Entry { face, title: &title, subtitle: &subtitle, accented: false }
        .show(ui, |ui| join(ui, cx, &party.session, &title, full, entering));
}

fn join(ui: &mut Ui, cx: &Cx<'_>, session: &SessionId, name: &str, full: bool, entering: &Entering) {
    let (label, button) = match full {
        true => ("Full", Button::ghost("Full")),
        false => (entering.label(), entering.button()),
    };
    let spoken = format!("{label} {name}");
    let enabled = entering.is_possible() && !full;
    if ui.add_enabled(enabled, button.name(&spoken)).clicked() {
        cx.send(Command::JoinParty(session.clone()));
    }
}
