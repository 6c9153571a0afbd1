//! What people answer a message with, without words.

use egui::{
    Align2, Color32, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, accesskit::Role, pos2, vec2,
};

use crate::{
    client::Command,
    model::{AccountId, MessageUid, Reaction},
    ui::{Cx, display, theme, theme::palette, widgets},
};

/// What is offered to answer with; others' answers may be anything.
const OFFERED: [&str; 5] = ["👍", "❤", "😂", "😮", "😢"];
/// Answers shown below one message.
const MOST: usize = 12;
const HEIGHT: f32 = 24.0;
const GAP: f32 = 6.0;

/// One answer, where it goes and what it says.
pub type Pill<'a> = (Rect, &'a Reaction, String);

/// Where each pill goes below a text that ends at `start`, on lines as long as `room`, and where they end themselves.
pub fn place<'a>(ui: &Ui, reactions: &'a [Reaction], start: Pos2, room: f32) -> (Vec<Pill<'a>>, f32) {
    let mut pills = Vec::new();
    let mut at = start + vec2(0.0, GAP - 1.0);
    for reaction in reactions.iter().filter(|reaction| !reaction.by.is_empty()).take(MOST) {
        let name = display::one_line(&reaction.name);
        let text = format!("{name} {}", reaction.by.len());
        let width = (widgets::pill_width(ui.painter(), &text) + 2.0).min(room);
        if at.x + width > start.x + room && at.x > start.x {
            at = pos2(start.x, at.y + HEIGHT + GAP);
        }
        pills.push((Rect::from_min_size(at, vec2(width, HEIGHT)), reaction, text));
        at.x += width + GAP;
    }
    let end = pills.last().map_or(start.y, |(rect, ..)| rect.bottom() + 2.0);
    (pills, end)
}

/// How many answered so; pressed, one joins them or takes it back.
pub fn pill(
    ui: &Ui,
    cx: &Cx<'_>,
    rect: Rect,
    reaction: &Reaction,
    text: &str,
    message: &MessageUid,
    me: AccountId,
) {
    let colours = palette(ui);
    let mine = reaction.by.contains(&me);
    let response = ui.interact(rect, ui.scope_id().with(("reaction", &reaction.name)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, mine, text));
    widgets::scroll_to_focus(&response);
    let (fill, stroke) = match mine {
        true => (colours.accent.gamma_multiply(0.16), colours.accent),
        false if response.hovered() => (colours.hover, colours.faint),
        false => (Color32::TRANSPARENT, colours.line),
    };
    let radius = HEIGHT / 2.0;
    ui.painter().rect(rect, radius, fill, Stroke::new(1.0, stroke), StrokeKind::Inside);
    widgets::focus_ring(ui, &response, rect, radius);
    let room = rect.width() - 12.0;
    let font = theme::caps();
    widgets::paint_line(ui.painter(), rect.center(), Align2::CENTER_CENTER, text, font, colours.text, room);
    if response.clicked() {
        react(cx, message, &reaction.name);
    }
}

fn react(cx: &Cx<'_>, message: &MessageUid, reaction: &str) {
    cx.send(Command::React { message: message.clone(), reaction: reaction.to_owned() });
}

/// The answers to choose from, in a menu.
pub fn offer(ui: &mut Ui, cx: &Cx<'_>, message: &MessageUid) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for reaction in OFFERED {
            if emoji(ui, reaction).clicked() {
                react(cx, message, reaction);
            }
        }
    });
}

fn emoji(ui: &mut Ui, emoji: &str) -> egui::Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(36.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, format!("React with {emoji}")));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 6.0, colours.line.gamma_multiply(0.7));
    }
    widgets::focus_ring(ui, &response, rect.shrink(2.0), 6.0);
    let at = rect.center();
    let font = theme::regular(18.0);
    widgets::paint_line(ui.painter(), at, Align2::CENTER_CENTER, emoji, font, colours.text, 36.0);
    response
}
