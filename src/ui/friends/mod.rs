//! The left panel: who I am, and my friends, those in a party first.

mod group;

use std::sync::Arc;

use egui::{
    Align2, Color32, Layout, Rect, Response, ScrollArea, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, pos2,
    vec2,
};

use self::group::{Entry, Group, Kind, group};
pub use self::group::{is_online, matches, sorted};
use super::{
    Cx, Page, chats,
    dialogs::Dialog,
    display::one_line,
    home, notifications, problems, settings, theme,
    theme::{ROW_HEIGHT, palette},
    widgets::{self, Avatar, Badge, Icon},
    wording,
};
use crate::{
    client::{Command, Service, SignedIn, Snapshot},
    model::Friend,
};

/// What the panel keeps between frames: the search, and the grouped list until something changes.
#[derive(Default)]
pub struct State {
    search: String,
    grouped: Option<(Arc<Snapshot>, String, Vec<Group>)>,
}

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, state: &mut State, collapsed: bool) {
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    me(ui, cx, signed_in, collapsed);
    if !collapsed {
        inset(ui, |ui| {
            widgets::search_field(ui, &mut state.search, "Search friends");
            ui.add_space(8.0);
            problems::show(ui, cx, problems::Spot::Friends);
        });
    } else {
        state.search.clear();
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| match &signed_in.friends.value {
        Some(friends) if friends.is_empty() => {
            note(
                ui,
                collapsed,
                "No friends yet. People you befriend on a console or in the phone app appear here.",
            );
        }
        Some(friends) => list(ui, cx, signed_in, friends, state, collapsed),
        None if signed_in.friends.fetching => (0..8).for_each(|_| widgets::skeleton_row(ui, collapsed)),
        None => note(ui, collapsed, "Your friends appear here once the service answers."),
    });
}

/// The user's own row.
fn me(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, collapsed: bool) {
    let colours = palette(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 72.0), Sense::hover());
    let name = one_line(signed_in.me.online_id.as_str());
    let link = wording::link(signed_in.link);
    let online = signed_in.link == crate::client::LinkState::Live;
    let badge = if online { Badge::Online } else { Badge::Offline };
    let center = rect.left_center() + vec2(36.0, 0.0);
    Avatar::new(signed_in.me.account, &name, 40.0).badge(badge).paint(ui, center, colours.panel);

    // Conversations, notifications, settings: beside the name, or below each other.
    let places = if collapsed {
        let (column, _) = ui.allocate_exact_size(vec2(ui.available_width(), 3.0 * 40.0), Sense::hover());
        [20.0, 60.0, 100.0].map(|down| pos2(column.center().x, column.top() + down))
    } else {
        let text = rect.with_min_x(rect.left() + 68.0).with_max_x(rect.right() - 124.0);
        let line = |ui: &mut Ui, top: f32, text_: String, font, color| {
            let place = Rect::from_min_size(pos2(text.left(), text.top() + top), vec2(text.width(), 20.0));
            widgets::place(ui, place, Layout::default(), |ui| widgets::line(ui, text_, font, color));
        };
        let second = match cx.snapshot.service {
            Service::Live => link.to_owned(),
            Service::Sandbox => format!("{link} · sandbox"),
        };
        line(ui, 17.0, name, theme::strong(), colours.text);
        line(ui, 38.0, second, theme::small(), colours.dim);
        [100.0, 62.0, 24.0].map(|left| rect.right_center() - vec2(left, 0.0))
    };
    let [messages, bell, gear] = places.map(|center| Rect::from_center_size(center, Vec2::splat(32.0)));
    chats::button(ui, cx, signed_in, messages);
    notifications::bell(ui, cx, signed_in, bell);
    widgets::place(ui, gear, Layout::default(), |ui| {
        if widgets::icon_button(ui, Icon::Gear, "Settings").clicked() {
            cx.nav.open_settings(settings::Section::Voice);
        }
    });
}

fn list(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    signed_in: &SignedIn,
    friends: &[Friend],
    state: &mut State,
    collapsed: bool,
) {
    let fresh = state
        .grouped
        .as_ref()
        .is_some_and(|(snapshot, search, _)| Arc::ptr_eq(snapshot, cx.snapshot) && *search == state.search);
    if !fresh {
        let parties = signed_in.parties.items();
        let groups = group(friends, parties, cx.party().map(|p| &p.session), &state.search);
        state.grouped = Some((cx.snapshot.clone(), state.search.clone(), groups));
    }
    let Some((_, _, groups)) = &state.grouped else { return };
    if groups.is_empty() {
        note(ui, collapsed, "No friend has a name like that.");
    }
    let now = jiff::Timestamp::now();
    for (position, group) in groups.iter().enumerate() {
        let heading = match group.kind {
            Kind::InParty => "In a party",
            Kind::Online => "Online",
            Kind::Offline => "Offline",
        };
        match (collapsed, position) {
            (false, _) => inset(ui, |ui| {
                ui.add_space(12.0);
                widgets::caps_heading(ui, &format!("{heading} · {}", group.entries.len()));
                ui.add_space(4.0);
            }),
            (true, 0) => {}
            (true, _) => {
                let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 9.0), Sense::hover());
                widgets::hairline(ui, rect.left() + 20.0, rect.right() - 20.0, rect.center().y);
            }
        }
        for entry in &group.entries {
            if let Some(friend) = friends.get(entry.index) {
                let name = one_line(friend.profile.online_id.as_str());
                let doing = wording::presence(friend, now);
                let offline = group.kind == Kind::Offline;
                // By account, not by place: an open menu stays with its friend when the list is sorted anew.
                ui.push_id(friend.profile.account, |ui| {
                    Row { friend, entry, name, doing, offline, collapsed }.show(ui, cx);
                });
            }
        }
    }
    ui.add_space(8.0);
}

struct Row<'a> {
    friend: &'a Friend,
    entry: &'a Entry,
    name: String,
    doing: String,
    offline: bool,
    collapsed: bool,
}

impl Row<'_> {
    fn show(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
        response.widget_info(|| {
            let party =
                self.entry.party.as_ref().map(|party| format!(", in {}", party.name)).unwrap_or_default();
            WidgetInfo::labeled(Role::Button, true, format!("{}, {}{party}", self.name, self.doing))
        });
        widgets::scroll_to_focus(&response);
        // A long list costs what is seen of it.
        let cut = ui.is_rect_visible(rect) && self.paint(ui, rect, &response);
        let response = match cut || self.collapsed {
            true => response.on_hover_text(format!("{}\n{}", self.name, self.doing)),
            false => response,
        };
        widgets::menu(&response, &self.name, 220.0, |ui| actions(ui, cx, self.friend, self.entry));
    }

    /// Returns whether text had to be cut.
    fn paint(&self, ui: &Ui, rect: Rect, response: &Response) -> bool {
        let colours = palette(ui);
        let behind = if response.hovered() { colours.hover } else { colours.panel };
        ui.painter().rect_filled(rect, 0.0, behind);
        widgets::focus_ring(ui, response, rect.shrink(3.0), 4.0);

        let badge = if is_online(self.friend) { Badge::Online } else { Badge::Offline };
        let center = rect.left_center() + vec2(36.0, 0.0);
        let avatar = Avatar::new(self.friend.profile.account, &self.name, 40.0);
        avatar.badge(badge).faded(self.offline).paint(ui, center, behind);
        if self.collapsed {
            return false;
        }

        let left = rect.left() + 68.0;
        let mut right = rect.right() - 16.0;
        if let Some(party) = &self.entry.party {
            let width = widgets::pill_width(ui.painter(), &party.short).min(112.0);
            widgets::pill(ui, pos2(right - width, rect.center().y), &party.short, width);
            right -= width + 10.0;
        }
        let fade = |color: Color32| if self.offline { behind.lerp_to_gamma(color, 0.62) } else { color };
        let line = |dy: f32, text: &str, font, color| {
            let at = pos2(left, rect.center().y + dy);
            widgets::paint_line(ui.painter(), at, Align2::LEFT_CENTER, text, font, fade(color), right - left)
                .1
        };
        let name_cut = line(-10.0, &self.name, theme::body(), colours.text);
        let doing_cut = line(10.0, &self.doing, theme::small(), colours.dim);
        name_cut || doing_cut
    }
}

/// What one can do with a friend.
fn actions(ui: &mut Ui, cx: &mut Cx<'_>, friend: &Friend, entry: &Entry) {
    let account = friend.profile.account;
    if let Some(party) = entry.party.as_ref().filter(|party| party.joinable && home::can_enter(cx))
        && widgets::menu_item(ui, &format!("Join {}", party.name), None).clicked()
    {
        cx.send(Command::JoinParty(party.session.clone()));
    }
    match cx.party() {
        Some(_) if entry.party.as_ref().is_some_and(|party| party.ours) => {
            if widgets::menu_item(ui, "Show the party", None).clicked() {
                cx.nav.page = Page::Party;
            }
        }
        Some(party) if party.invited.contains(&account) => {
            ui.add_enabled_ui(false, |ui| widgets::menu_item(ui, "Invited", None));
        }
        Some(_) => {
            if widgets::menu_item(ui, "Invite to the party", None).clicked() {
                cx.send(Command::Invite(vec![account]));
            }
        }
        None if !home::can_enter(cx) => {
            ui.add_enabled_ui(false, |ui| widgets::menu_item(ui, "Start a party together", None));
        }
        None => {
            if widgets::menu_item(ui, "Start a party together", None).clicked() {
                cx.nav.dialog = Some(Dialog::start_party([account]));
            }
        }
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
