//! The user's own row: who they are, how the line to the service is, and whether others see them. Main thread.

use std::time::{Duration, Instant};

use egui::{Layout, Rect, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, pos2, vec2};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    client::{AppearOffline, Command, LinkState, Service, SignedIn},
    ui::{
        Cx, chats,
        dialogs::Dialog,
        display::one_line,
        notifications, settings, theme,
        theme::palette,
        widgets::{self, Avatar, Badge, Icon},
        wording,
    },
};

const HEIGHT: f32 = 76.0;

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, collapsed: bool) {
    let colours = palette(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let name = one_line(signed_in.me.online_id.as_str());
    let status = status(cx, signed_in);
    // Conversations, notifications, settings: beside the name, or below each other.
    let (face, places) = if collapsed {
        let (column, _) = ui.allocate_exact_size(vec2(ui.available_width(), 3.0 * 40.0), Sense::hover());
        (rect, [20.0, 60.0, 100.0].map(|down| pos2(column.center().x, column.top() + down)))
    } else {
        let places = [98.0, 61.0, 24.0].map(|left| rect.right_top() + vec2(-left, 26.0));
        (rect.with_max_x(rect.right() - 118.0), places)
    };

    let response = ui.interact(face.shrink(4.0), ui.make_persistent_id("me"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{name}, {status}")));
    if response.hovered() {
        ui.painter().rect_filled(face.shrink(4.0), f32::from(theme::RADIUS), colours.hover);
    }
    widgets::focus_ring(ui, &response, face.shrink(6.0), f32::from(theme::RADIUS));
    let behind = if response.hovered() { colours.hover } else { colours.panel };
    let center = rect.left_center() + vec2(36.0, 0.0);
    Avatar::new(signed_in.me.account, &name, 40.0).badge(badge(signed_in)).paint(ui, center, behind);
    if !collapsed {
        let line = |top: f32, right: f32, text: &str, font, color| {
            let at = pos2(rect.left() + 68.0, rect.top() + top);
            let room = rect.right() - right - at.x;
            widgets::paint_line(ui.painter(), at, egui::Align2::LEFT_CENTER, text, font, color, room).1
        };
        let cut = line(27.0, 124.0, &name, theme::strong(), colours.text);
        let color = if signed_in.link == LinkState::Offline { colours.warn } else { colours.dim };
        let cut = line(49.0, 12.0, &status, theme::small(), color) || cut;
        if cut {
            response.clone().on_hover_text(format!("{name}\n{status}"));
        }
    } else {
        response.clone().on_hover_text(format!("{name}\n{status}"));
    }
    widgets::menu(&response, &name, 220.0, |ui| {
        menu(ui, cx, signed_in.people.appear_offline, collapsed);
    });

    let [messages, bell, gear] = places.map(|center| Rect::from_center_size(center, Vec2::splat(32.0)));
    chats::button(ui, cx, signed_in, messages);
    notifications::bell(ui, cx, signed_in, bell);
    widgets::place(ui, gear, Layout::default(), |ui| {
        if widgets::icon_button(ui, Icon::Gear, "Settings").clicked() {
            cx.nav.open_settings(settings::Section::Voice);
        }
    });
}

/// `Live · appearing offline`, `Catching up since 14:02`.
fn status(cx: &Cx<'_>, signed_in: &SignedIn) -> String {
    let age = Instant::now().saturating_duration_since(signed_in.link_since);
    let since = wording::messages::clock(wall(age), &TimeZone::system());
    let mut status = wording::link_since(signed_in.link, &since);
    if signed_in.link == LinkState::Live && wording::people::is_hidden(signed_in.people.appear_offline) {
        status.push_str(" · appearing offline");
    }
    if cx.snapshot.service == Service::Sandbox {
        status.push_str(" · sandbox");
    }
    status
}

/// When something was that is `age` old, by the computer's clock.
fn wall(age: Duration) -> Timestamp {
    let now = Timestamp::now();
    now.checked_sub(age).unwrap_or(now)
}

fn badge(signed_in: &SignedIn) -> Badge {
    let seen = !wording::people::is_hidden(signed_in.people.appear_offline);
    if signed_in.link == LinkState::Live && seen { Badge::Online } else { Badge::Offline }
}

fn menu(ui: &mut Ui, cx: &mut Cx<'_>, state: AppearOffline, collapsed: bool) {
    let hidden = wording::people::is_hidden(state);
    ui.add_enabled_ui(matches!(state, AppearOffline::Is(_)), |ui| {
        for (words, offline) in [("Online", false), ("Appear offline", true)] {
            // Which one it is is not known before the service says.
            let chosen = state != AppearOffline::Unknown && hidden == offline;
            if widgets::menu_item(ui, words, Some(chosen)).clicked() && !chosen {
                cx.send(Command::AppearOffline(offline));
            }
        }
    });
    ui.separator();
    // Beside faces alone there is no room for a search, nor for the button.
    if collapsed && widgets::menu_item(ui, "Find a friend", None).clicked() {
        cx.nav.dialog = Some(Dialog::find_friend());
    }
    if widgets::menu_item(ui, "Add a friend", None).clicked() {
        cx.nav.dialog = Some(Dialog::add_friend());
    }
    if widgets::menu_item(ui, "Settings", None).clicked() {
        cx.nav.open_settings(settings::Section::People);
    }
}
