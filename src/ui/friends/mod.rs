//! The left panel: who I am, who wants to be my friend, and my friends, those I like best first. Main thread.

mod group;
mod list;
mod me;
mod request;
mod row;
mod together;

use egui::{Align, Layout, ScrollArea, Ui, Vec2, vec2};

use self::{
    group::{Grouped, Source},
    list::List,
};
pub use self::{
    group::{InParty, is_online, matches, sorted},
    together::Together,
};
use super::{
    Cx,
    dialogs::Dialog,
    problems, theme,
    theme::palette,
    widgets::{self, Button, Icon},
};
use crate::client::SignedIn;

const NOT_LOADED: &str = "Your friends appear here once the service answers.";

/// What the panel keeps between frames: the search, what is folded, and the grouped list until something changes.
#[derive(Default)]
pub struct State {
    search: String,
    list: list::State,
    grouped: Grouped,
}

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, state: &mut State, collapsed: bool) {
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    me::show(ui, cx, signed_in, collapsed);
    if !collapsed {
        inset(ui, |ui| {
            search(ui, cx, &mut state.search);
            ui.add_space(8.0);
            problems::show(ui, cx, problems::Spot::Friends);
        });
    } else {
        state.search.clear();
    }
    let requests = signed_in.people.requests.items();
    match &signed_in.friends.value {
        Some(friends) => {
            let source = Source {
                friends,
                parties: signed_in.parties.value.as_ref(),
                favorites: &signed_in.people.favorites,
                current: cx.party().map(|party| &party.session),
                own_game: own_game(signed_in),
            };
            let groups = state.grouped.follow(&source, &state.search);
            let searching = !state.search.trim().is_empty();
            if friends.is_empty() && requests.is_empty() {
                empty(ui, cx, collapsed);
            } else if groups.is_empty() && searching {
                note(ui, collapsed, "No friend has a name like that.");
            } else {
                let list = List { requests, friends, groups: &groups, searching, collapsed };
                list.show(ui, cx, signed_in, &mut state.list);
            }
        }
        // They can be answered whatever becomes of the friends.
        None if !requests.is_empty() => {
            if !signed_in.friends.fetching {
                note(ui, collapsed, NOT_LOADED);
            }
            let list = List { requests, friends: &[], groups: &[], searching: false, collapsed };
            list.show(ui, cx, signed_in, &mut state.list);
        }
        None if signed_in.friends.fetching => {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                (0..8).for_each(|_| widgets::skeleton_row(ui, collapsed));
            });
        }
        None => note(ui, collapsed, NOT_LOADED),
    }
}

/// The title that the user has running.
fn own_game(signed_in: &SignedIn) -> Option<&crate::model::TitleId> {
    signed_in.people.own_presence.as_ref()?.game.as_ref()?.title_id.as_ref()
}

/// The field, and beside it the way to more friends.
fn search(ui: &mut Ui, cx: &mut Cx<'_>, search: &mut String) {
    let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        let width = ui.available_width() - 44.0;
        if widgets::icon_button(ui, Icon::AddPerson, "Add a friend").clicked() {
            cx.nav.dialog = Some(Dialog::add_friend());
        }
        ui.add_space(12.0);
        ui.allocate_ui(vec2(width, theme::CONTROL_HEIGHT), |ui| {
            widgets::search_field(ui, search, "Search friends");
        });
    });
}

fn empty(ui: &mut Ui, cx: &mut Cx<'_>, collapsed: bool) {
    note(
        ui,
        collapsed,
        "No friends yet. People you befriend here, on a console or in the phone app appear here.",
    );
    if !collapsed {
        inset(ui, |ui| {
            ui.add_space(12.0);
            if ui.add(Button::ghost("Add a friend").name("Add your first friend")).clicked() {
                cx.nav.dialog = Some(Dialog::add_friend());
            }
        });
    }
}

fn inset(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    egui::Frame::new().inner_margin(egui::Margin::symmetric(16, 0)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        contents(ui);
    });
}

fn note(ui: &mut Ui, collapsed: bool, text: &str) {
    if collapsed {
        return;
    }
    let color = palette(ui).dim;
    inset(ui, |ui| {
        ui.add_space(12.0);
        widgets::paragraph(ui, text, theme::small(), color);
    });
}
