//! The party I am in, here or by another device, and the way in or out that is under way.

use egui::{Align, Layout, Ui, vec2};

use super::{
    Entering,
    entry::{Entry, NOBODY, face},
    heading,
};
use crate::{
    client::{Command, PartyState, SignedIn},
    model::SessionId,
    ui::{
        Cx, Page, theme,
        theme::palette,
        widgets::{self, Button},
        wording,
        wording::parties,
    },
};

/// Returns whether there was anything to show.
pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) -> bool {
    match &signed_in.party {
        PartyState::None => {}
        PartyState::Joining => waiting(ui, "Joining the party…", |ui| {
            if ui.add(Button::ghost("Cancel")).clicked() {
                cx.send(Command::LeaveParty);
            }
        }),
        PartyState::Leaving => waiting(ui, "Leaving the party…", |_| {}),
        PartyState::Joined(party) => {
            heading(ui, "Your party");
            let session = &party.session;
            let who = session.members.iter().map(|member| member.online_id.as_str());
            let title = wording::party_name(session);
            let subtitle = parties::inside(session.members.len(), Some(session.max_members), who);
            let entry = Entry { face: face(session), title: &title, subtitle: &subtitle, accented: false };
            entry.show(ui, |ui| {
                if ui.add(Button::primary("Show")).clicked() {
                    cx.nav.page = Page::Party;
                }
            });
            widgets::line(ui, parties::leaves_first(session), theme::small(), palette(ui).dim);
        }
    }
    let elsewhere = signed_in.elsewhere.as_ref().filter(|_| signed_in.party != PartyState::Joining);
    if let Some(session) = elsewhere {
        on_other_device(ui, cx, signed_in, session);
    }
    let anything = signed_in.party != PartyState::None || elsewhere.is_some();
    if anything {
        ui.add_space(14.0);
    }
    anything
}

/// The account is in it, and this program is not.
fn on_other_device(ui: &mut Ui, cx: &Cx<'_>, signed_in: &SignedIn, session: &SessionId) {
    let entering = Entering::now(cx);
    heading(ui, "On another device");
    let known = signed_in.parties.items().iter().find(|party| party.id == *session);
    let title = match known {
        Some(party) => format!("You are in “{}” on another device", wording::party_name(party)),
        None => "You are in a party on another device".to_owned(),
    };
    let subtitle = "Bring it here to talk through this computer.";
    let entry = Entry { face: known.map_or(NOBODY, face), title: &title, subtitle, accented: true };
    entry.show(ui, |ui| {
        if ui.add_enabled(entering.is_possible(), Button::primary("Bring it here")).clicked() {
            cx.send(Command::JoinParty(session.clone()));
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
