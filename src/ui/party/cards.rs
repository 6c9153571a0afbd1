//! The cards of the grid: who is here, who was asked, a place for one more.

use egui::{Align2, Pos2, Rect, Response, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, pos2, vec2};

use super::voice::{self, Voice};
use crate::{
    client::{MemberReach, Party},
    model::{AccountId, Member},
    ui::{
        display::one_line,
        theme,
        theme::palette,
        widgets::{self, Avatar, Badge, Icon},
        wording::voice_path,
    },
};

/// Somebody in the party. The card is pressed for what one can do with them; mine is not.
pub fn member(ui: &mut Ui, rect: Rect, member: &Member, party: &Party, voice: &Voice, me: bool) -> Response {
    let colours = palette(ui);
    let host = party.session.owner == Some(member.account);
    let name = one_line(member.online_id.as_str());
    let sense = if me { Sense::hover() } else { Sense::click() };
    let response = ui.interact(rect, ui.make_persistent_id(("member", member.account)), sense);
    response.widget_info(|| {
        let host = if host { ", host" } else { "" };
        let role = if me { Role::ListItem } else { Role::Button };
        WidgetInfo::labeled(role, true, format!("{name}{host}, {}", voice.said()))
    });
    widgets::scroll_to_focus(&response);
    if !ui.is_rect_visible(rect) {
        return response;
    }

    widgets::card_background(ui, rect);
    if !me && response.hovered() {
        let radius = f32::from(theme::CARD_RADIUS);
        ui.painter().rect_filled(rect, radius, colours.line.gamma_multiply(0.35));
    }
    widgets::focus_ring(ui, &response, rect, f32::from(theme::CARD_RADIUS));
    let mut avatar = Avatar::new(member.account, &name, 52.0).speaking(voice.speaking);
    if voice.muted {
        avatar = avatar.badge(Badge::Muted);
    }
    if voice.connecting {
        // A member may never be reached: their arc stands still, and costs no frames.
        avatar = avatar.connecting(0.1);
    }
    avatar.paint(ui, pos2(rect.left() + 42.0, rect.center().y), colours.card);

    // Three lines where the way to them is one of them.
    let lines: &[f32] = if voice.reach.is_some() { &[-22.0, 0.0, 21.0] } else { &[-11.0, 11.0] };
    let line_y = |index: usize| rect.center().y + lines.get(index).copied().unwrap_or(0.0);
    let left = rect.left() + 84.0;
    let mut right = rect.right() - 14.0;
    let edge = right;
    if !me {
        let at = pos2(right, line_y(0));
        let icon = Align2::RIGHT_CENTER.anchor_size(at, Vec2::splat(16.0));
        let color = if response.hovered() || response.has_focus() { colours.text } else { colours.faint };
        Icon::More.paint(ui.painter(), icon, color);
        right = icon.left() - 8.0;
    }
    let pill_width = if host { widgets::pill_width(ui.painter(), "host") + 8.0 } else { 0.0 };
    let painter = ui.painter();
    let at = pos2(left, line_y(0));
    let room = right - left - pill_width;
    let (text, name_cut) =
        widgets::paint_line(painter, at, Align2::LEFT_CENTER, &name, theme::strong(), colours.text, room);
    if host {
        widgets::pill(ui, pos2(text.right() + 8.0, at.y), "host", pill_width - 8.0);
    }
    let at = pos2(left, line_y(1));
    let color = if voice.speaking.is_some() { colours.live } else { colours.dim };
    let (_, words_cut) = widgets::paint_line(
        painter,
        at,
        Align2::LEFT_CENTER,
        &voice.words,
        theme::small(),
        color,
        edge - left,
    );
    let way_cut = voice.reach.is_some_and(|reach| way(ui, pos2(left, line_y(2)), reach, edge - left));
    match name_cut || words_cut || way_cut {
        true => response.on_hover_text(format!("{name}\n{}", voice.said())),
        false => response,
    }
}

/// How they are reached, as a mark and in words. Returns whether it was cut.
fn way(ui: &Ui, at: Pos2, reach: MemberReach, width: f32) -> bool {
    let colours = palette(ui);
    let color = match reach {
        MemberReach::Unreachable(_) | MemberReach::Reconnecting => colours.warn,
        MemberReach::Connecting | MemberReach::Direct | MemberReach::Bridge => colours.dim,
    };
    let icon = Align2::LEFT_CENTER.anchor_size(at, Vec2::splat(14.0));
    voice::mark(reach).paint(ui.painter(), icon, color);
    let (text, at) = (voice_path::reach(reach), at + vec2(20.0, 0.0));
    let painter = ui.painter();
    widgets::paint_line(painter, at, Align2::LEFT_CENTER, &text, theme::small(), color, width - 20.0).1
}

/// Somebody who was asked and is not here yet; `name` is fit for one line.
pub fn invited(ui: &mut Ui, rect: Rect, account: AccountId, name: &str) {
    let colours = palette(ui);
    let response = ui.interact(rect, ui.make_persistent_id(("invited", account)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, format!("{name}, invited")));
    widgets::dashed_outline(ui, rect, colours.line);
    let center = pos2(rect.left() + 42.0, rect.center().y);
    Avatar::new(account, name, 52.0).faded(true).paint(ui, center, colours.background);
    let (left, room) = (rect.left() + 84.0, rect.width() - 98.0);
    let line = |dy: f32, text: &str, font, color| {
        let at = pos2(left, rect.center().y + dy);
        widgets::paint_line(ui.painter(), at, Align2::LEFT_CENTER, text, font, color, room).1
    };
    let cut = line(-11.0, name, theme::strong(), colours.dim);
    line(11.0, "Invited", theme::small(), colours.dim);
    if cut {
        response.on_hover_text(name);
    }
}

/// Returns whether it was pressed.
pub fn free_place(ui: &mut Ui, rect: Rect) -> bool {
    let colours = palette(ui);
    let response = ui.interact(rect, ui.make_persistent_id("invite"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Invite a friend"));
    widgets::scroll_to_focus(&response);
    let color = if response.hovered() { colours.text } else { colours.dim };
    widgets::dashed_outline(ui, rect, if response.hovered() { colours.faint } else { colours.line });
    widgets::focus_ring(ui, &response, rect, f32::from(theme::CARD_RADIUS));
    let (text, _) = widgets::paint_line(
        ui.painter(),
        rect.center() + vec2(11.0, 0.0),
        Align2::CENTER_CENTER,
        "Invite a friend",
        theme::body(),
        color,
        rect.width() - 48.0,
    );
    let plus = Align2::RIGHT_CENTER.anchor_size(text.left_center() - vec2(8.0, 0.0), Vec2::splat(16.0));
    Icon::Plus.paint(ui.painter(), plus, color);
    response.clicked()
}
