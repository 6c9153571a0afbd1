//! Somebody who wants to be the user's friend, on top of the list. Main thread.

use egui::{Align2, Layout, Rect, Response, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, pos2, vec2};

use crate::{
    client::{Command, ReceivedRequest},
    ui::{
        Cx,
        display::one_line,
        theme,
        theme::palette,
        widgets::{self, Avatar, Badge, Icon},
        wording,
    },
};

/// A face, a name, since when they wait, and what to answer.
pub fn show(
    ui: &mut Ui,
    cx: &Cx<'_>,
    request: &ReceivedRequest,
    rect: Rect,
    collapsed: bool,
    now: jiff::Timestamp,
) -> Response {
    let colours = palette(ui);
    let account = request.from.account;
    let name = one_line(request.from.online_id.as_str());
    let since = match request.requested {
        Some(then) => format!("Asked {}", wording::ago(then, now)),
        None => "Wants to be your friend".to_owned(),
    };
    let response = ui.interact(rect, ui.make_persistent_id(("request", account)), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Button, true, format!("{name} wants to be your friend. {since}"))
    });
    widgets::scroll_to_focus(&response);
    if response.clicked() {
        cx.send(Command::OpenCard(account));
    }
    if !ui.is_rect_visible(rect) {
        return response;
    }

    let behind = if response.hovered() { colours.hover } else { colours.panel };
    ui.painter().rect_filled(rect, 0.0, behind);
    widgets::focus_ring(ui, &response, rect.shrink(3.0), 4.0);
    let center = rect.left_center() + vec2(36.0, 0.0);
    let avatar = Avatar::new(account, &name, 40.0).picture(request.from.avatar.as_ref());
    avatar.badge(Badge::Asks).paint(ui, center, behind);
    if collapsed {
        return response.on_hover_text(format!("{name} wants to be your friend\n{since}"));
    }

    let mut right = rect.right() - 16.0;
    let mut button = |icon: Icon, word: &str| {
        let place = Align2::RIGHT_CENTER.anchor_size(pos2(right, rect.center().y), Vec2::splat(32.0));
        right = place.left() - 4.0;
        let name = format!("{word} {name}");
        widgets::place(ui, place, Layout::default(), |ui| widgets::icon_button(ui, icon, &name)).clicked()
    };
    if button(Icon::Close, "Decline") {
        cx.send(Command::DeclineRequest(account));
    }
    if button(Icon::Check, "Accept") {
        cx.send(Command::AcceptRequest(account));
    }
    let left = rect.left() + 68.0;
    let line = |dy: f32, text: &str, font, color| {
        let at = pos2(left, rect.center().y + dy);
        widgets::paint_line(ui.painter(), at, Align2::LEFT_CENTER, text, font, color, right - left).1
    };
    let name_cut = line(-10.0, &name, theme::body(), colours.text);
    let since_cut = line(10.0, &since, theme::small(), colours.dim);
    match name_cut || since_cut {
        true => response.on_hover_text(format!("{name}\n{since}")),
        false => response,
    }
}
