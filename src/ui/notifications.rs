//! The page of notifications: what the service wants the user to know, and what can be done about it.

use egui::{Align, Align2, Layout, Rect, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    Cx, Page, display, home,
    home::Entering,
    problems, theme,
    theme::palette,
    widgets::{self, Avatar, Button, Icon},
    wording::messages as words,
};
use crate::{
    client::{Command, SignedIn},
    model::{Notification, NotificationId, SessionId},
};

/// Below this there is no room for buttons beside the text.
const NARROW: f32 = 460.0;
const FACE: f32 = 40.0;

/// The way to the page, with the number of what is unread. Fills `rect`.
pub fn bell(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, rect: Rect) {
    let unread = signed_in.notifications.items().iter().filter(|notification| !notification.is_read).count();
    let mark = match unread {
        0 => None,
        few @ 1..=99 => Some(few.to_string()),
        _ => Some("99+".to_owned()),
    };
    let name = mark
        .as_ref()
        .map_or_else(|| "Notifications".to_owned(), |mark| format!("Notifications, {mark} unread"));
    if widgets::marked_button(ui, rect, Icon::Bell, &name, mark.as_deref()).clicked() {
        match cx.nav.page {
            Page::Notifications => cx.nav.leave_aside(),
            _ => cx.nav.open_aside(Page::Notifications),
        }
    }
}

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let colours = palette(ui);
    let notifications = &signed_in.notifications;
    let unread: Vec<NotificationId> =
        notifications.items().iter().filter(|n| !n.is_read).map(|n| n.id.clone()).collect();
    let title = |ui: &mut Ui| {
        widgets::line(ui, "Notifications", theme::title(), colours.text);
    };
    let back = widgets::header(ui, Some(home::way_back("Back", signed_in)), title, |ui| {
        if !unread.is_empty() && ui.add(Button::ghost("Mark all as read")).clicked() {
            cx.send(Command::MarkNotificationsRead(unread));
        }
    });
    if back || widgets::escaped(ui, cx.nav.typing) {
        cx.nav.leave_aside();
    }
    home::body(ui, 760.0, |ui| {
        problems::show_page(ui, cx, signed_in);
        let (now, zone) = (Timestamp::now(), TimeZone::system());
        for notification in notifications.items() {
            // By what it is, not by its place: the focus stays when another arrives.
            ui.push_id(&notification.id, |ui| entry(ui, cx, signed_in, notification, now, &zone));
        }
        match &notifications.value {
            Some(list) if list.is_empty() => {
                empty(ui, "Nothing new", "What happens around you appears here.")
            }
            Some(_) => {}
            None if notifications.fetching => (0..3).for_each(|_| widgets::skeleton_card(ui)),
            None => {
                empty(ui, "Nothing here so far", "Notifications appear here once the service answers.");
            }
        }
    });
}

fn empty(ui: &mut Ui, what: &str, means: &str) {
    let colours = palette(ui);
    ui.add_space((ui.ctx().content_rect().height() * 0.16).max(16.0));
    ui.vertical_centered(|ui| {
        widgets::line(ui, what, theme::strong(), colours.text);
        widgets::paragraph(ui, means, theme::small(), colours.dim);
    });
}

fn entry(
    ui: &mut Ui,
    cx: &Cx<'_>,
    signed_in: &SignedIn,
    notification: &Notification,
    now: Timestamp,
    zone: &TimeZone,
) {
    let colours = palette(ui);
    let heading = match display::short(notification.title.as_str()) {
        empty if empty.is_empty() => "Something happened".to_owned(),
        title => title,
    };
    let text = display::short(notification.text.as_str());
    let time = notification.updated.map_or_else(String::new, |then| words::when(then, now, zone));
    let card = widgets::card(ui, false, |ui| {
        let narrow = ui.available_width() < NARROW;
        let mut buttons = Some(|ui: &mut Ui| actions(ui, cx, signed_in, notification, &heading));
        let size = vec2(ui.available_width(), 44.0);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            if !narrow && let Some(buttons) = buttons.take() {
                buttons(ui);
                ui.add_space(8.0);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                face(ui, signed_in, notification, &heading);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 3.0;
                    ui.add_space(if text.is_empty() && time.is_empty() { 12.0 } else { 2.0 });
                    let font = if notification.is_read { theme::body() } else { theme::strong() };
                    widgets::line(ui, heading.as_str(), font, colours.text).on_hover_text(&heading);
                    let below = match (text.is_empty(), time.is_empty()) {
                        (false, false) => format!("{time} · {text}"),
                        _ => format!("{time}{text}"),
                    };
                    if !below.is_empty() {
                        widgets::line(ui, below, theme::small(), colours.dim).on_hover_text(&text);
                    }
                });
            });
        });
        if let Some(buttons) = buttons {
            ui.horizontal(buttons);
        }
    });
    let response = ui.interact(card.response.rect, ui.scope_id().with("entry"), Sense::hover());
    response.widget_info(|| {
        let unread = if notification.is_read { "" } else { ", unread" };
        WidgetInfo::labeled(Role::ListItem, true, format!("{heading}{unread}"))
    });
}

/// Whose it is, with a dot while it is unread.
fn face(ui: &mut Ui, signed_in: &SignedIn, notification: &Notification, heading: &str) {
    let colours = palette(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(FACE + 8.0, FACE), Sense::hover());
    let center = Align2::LEFT_CENTER.anchor_size(rect.left_center(), vec2(FACE, FACE)).center();
    match notification.from {
        Some(account) => {
            let known = signed_in.profiles().find(|profile| profile.account == account);
            let name = known.map_or(heading, |profile| profile.online_id.as_str());
            let face = Avatar::new(account, name, FACE);
            let image = notification.image.as_ref();
            let face =
                if known.is_some_and(|known| known.avatar.is_some()) { face } else { face.picture(image) };
            face.paint(ui, center, colours.card);
        }
        None if notification.image.is_some() => {
            let place = Rect::from_center_size(center, vec2(FACE, FACE));
            widgets::game_icon(ui, place, notification.image.as_ref());
        }
        None => {
            ui.painter().circle_filled(center, FACE / 2.0, colours.line);
            let place = Rect::from_center_size(center, vec2(18.0, 18.0));
            Icon::Bell.paint(ui.painter(), place, colours.dim);
        }
    }
    if !notification.is_read {
        let at = pos2(center.x + FACE / 2.0 - 4.0, center.y - FACE / 2.0 + 4.0);
        ui.painter().circle(at, 6.0, colours.accent, egui::Stroke::new(2.0, colours.card));
    }
}

/// What can be done about it, from the right.
fn actions(ui: &mut Ui, cx: &Cx<'_>, signed_in: &SignedIn, notification: &Notification, heading: &str) {
    let read = || {
        if !notification.is_read {
            cx.send(Command::MarkNotificationsRead(vec![notification.id.clone()]));
        }
    };
    if !notification.is_read {
        let name = format!("Mark as read: {heading}");
        if widgets::icon_button(ui, Icon::Check, &name).clicked() {
            read();
        }
    }
    if let Some(session) = &notification.session {
        let here = cx.party().is_some_and(|party| party.session.id == *session);
        if here {
            return;
        }
        let entering = Entering::now(cx);
        let there = is_there(signed_in, session);
        let name = format!("{}: {heading}", entering.label());
        let join = ui.add_enabled(there && entering.is_possible(), entering.button().name(&name));
        let join = match &entering {
            Entering::Leaving(means) => join.on_hover_text(means),
            Entering::Freely | Entering::NotNow => join,
        };
        let join = if there { join } else { join.on_disabled_hover_text("Not among the parties any more") };
        if join.clicked() {
            cx.send(Command::JoinParty(session.clone()));
            read();
        }
    } else if let Some(account) = notification.from {
        let name = format!("Show: {heading}");
        if ui.add(Button::ghost("Show").name(&name)).clicked() {
            cx.send(Command::OpenCard(account));
            read();
        }
    }
}

/// Whether the party is one that the user knows of at this moment: a notification outlives what it tells of.
fn is_there(signed_in: &SignedIn, session: &SessionId) -> bool {
    signed_in.invitations.iter().any(|invitation| invitation.session == *session)
        || signed_in.parties.items().iter().any(|party| party.id == *session)
        || signed_in.open_parties.iter().any(|party| party.session == *session)
}
