//! Parties of before, and the people one was in them with. Read when it is asked for.

use egui::{Align, Layout, Ui, vec2};

use super::{
    entry::{Entry, NOBODY, face_of},
    heading,
};
use crate::{
    client::{Command, PartyState, SignedIn},
    model::{AccountId, GroupMember, PastParty},
    ui::{
        Cx,
        dialogs::Dialog,
        display::one_line,
        theme,
        theme::palette,
        widgets::{self, Button},
        wording::parties,
    },
};

/// Newest ones that are shown; who looks further back remembers their names.
const SHOWN: usize = 20;

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let past = &signed_in.past_parties;
    ui.add_space(14.0);
    let Some(parties) = &past.value else {
        heading(ui, "Again");
        if past.fetching {
            widgets::skeleton_card(ui);
        } else {
            ui.horizontal_wrapped(|ui| {
                if ui.add(Button::ghost("Show recent parties and people")).clicked() {
                    cx.send(Command::ReadPastParties);
                }
            });
        }
        return;
    };
    let size = vec2(ui.available_width(), 22.0);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        widgets::caps_heading(ui, "Again");
        if past.fetching {
            widgets::waiting_arc(ui, 16.0);
        } else if widgets::text_button(ui, "Look again").clicked() {
            cx.send(Command::ReadPastParties);
        }
    });
    if parties.is_empty() {
        let text = "Parties you were in, and the people there, appear here afterwards.";
        widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
    }
    let now = jiff::Timestamp::now();
    let with_others =
        |party: &&PastParty| party.members.iter().any(|member| member.account != signed_in.me.account);
    for (index, party) in parties.iter().filter(with_others).take(SHOWN).enumerate() {
        ui.push_id(("past", index), |ui| past_party(ui, cx, signed_in, party, now));
    }
}

fn past_party(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, party: &PastParty, now: jiff::Timestamp) {
    let me = signed_in.me.account;
    let (title, subtitle) = parties::past_party(party, me, now);
    let others: Vec<&GroupMember> = party.members.iter().filter(|member| member.account != me).collect();
    let face = others.first().map_or(NOBODY, |m| face_of(Some(m.account), m.online_id.as_ref()));
    Entry { face, title: &title, subtitle: &subtitle, accented: false }.show(ui, |ui| {
        let accounts = others.iter().map(|member| member.account);
        again(ui, cx, signed_in, accounts, &title);
        let name = format!("People of {title}");
        let people = ui.add(Button::ghost("People").name(&name).opens_menu());
        widgets::menu(&people, &name, 220.0, |ui| {
            for (index, member) in others.iter().enumerate() {
                let name =
                    member.online_id.as_ref().map_or("Somebody".to_owned(), |id| one_line(id.as_str()));
                let item = ui.push_id(index, |ui| widgets::menu_item(ui, &name, None)).inner;
                if item.clicked() {
                    cx.send(Command::OpenCard(member.account));
                }
            }
        });
    });
}

/// The same people: in a new party, or into the one there is.
fn again(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    signed_in: &SignedIn,
    accounts: impl Iterator<Item = AccountId>,
    title: &str,
) {
    let (label, enabled) = match signed_in.party {
        PartyState::None => ("Again", true),
        PartyState::Joined(_) => ("Invite them", true),
        PartyState::Joining | PartyState::Leaving => ("Again", false),
    };
    let name = format!("{label}: {title}");
    if ui.add_enabled(enabled, Button::ghost(label).name(&name)).clicked() {
        cx.nav.dialog = Some(match signed_in.party {
            PartyState::Joined(_) => Dialog::invite(accounts),
            _ => Dialog::start_party(accounts),
        });
    }
}
