//! The field for the next message, and what was typed into it for each conversation.

use egui::{
    Align2, Id, Key, Modifiers, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, TextEdit, Ui,
    WidgetInfo, accesskit::Role, pos2, vec2,
};

use crate::{
    client::{ChatWith, Command},
    model::PrivateText,
    ui::{
        Cx, theme,
        theme::palette,
        widgets::{self, Icon},
    },
};

/// As much as the service takes, in characters.
const MOST: usize = 2_000;
/// From here on the field counts.
const COUNTED_FROM: usize = 1_800;
/// Conversations whose unsent text is kept.
const MOST_DRAFTS: usize = 64;
const MOST_LINES: usize = 5;
const LINE_HEIGHT: f32 = 20.0;
const MARGIN: f32 = 12.0;
const SEND: f32 = 36.0;
const COUNT_HEIGHT: f32 = 18.0;

/// Unsent text, by conversation; the one touched last is at the end.
#[derive(Default)]
pub struct Drafts(Vec<(ChatWith, String)>);

impl Drafts {
    pub fn of(&mut self, with: &ChatWith) -> &mut String {
        let draft = match self.0.iter().position(|(other, _)| other == with) {
            Some(index) => self.0.remove(index),
            None => (with.clone(), String::new()),
        };
        self.0.retain(|(_, text)| !text.is_empty());
        if self.0.len() == MOST_DRAFTS {
            self.0.remove(0);
        }
        &mut self.0.push_mut(draft).1
    }

    /// What was begun with somebody is now the conversation with them.
    pub fn move_to(&mut self, from: &ChatWith, to: &ChatWith) {
        if let Some((with, _)) = self.0.iter_mut().find(|(with, _)| with == from) {
            *with = to.clone();
        }
    }
}

/// How high the field is with this text in it, on `width`.
pub fn height(ui: &Ui, text: &str, width: f32) -> f32 {
    let count = if text.chars().count() >= COUNTED_FROM { COUNT_HEIGHT } else { 0.0 };
    field_height(ui, text, width) + 2.0 * MARGIN - 4.0 + count
}

fn field_height(ui: &Ui, text: &str, width: f32) -> f32 {
    let room = width - 2.0 * MARGIN - SEND - 24.0;
    let galley = ui.painter().layout(text.to_owned(), theme::body(), palette(ui).text, room);
    // A last line that is empty counts: the cursor is on it.
    let lines = galley.rows.len() + usize::from(text.ends_with('\n') && galley.rows.len() < 2);
    lines.clamp(1, MOST_LINES) as f32 * LINE_HEIGHT + 20.0
}

/// What became of the field in this frame.
#[derive(Debug, Default)]
pub struct Outcome {
    pub sent: bool,
    /// Escape was pressed in it.
    pub left: bool,
}

/// Fills `rect` with the field. `focus`: it takes the keyboard now.
pub fn show(
    ui: &mut Ui,
    cx: &Cx<'_>,
    rect: Rect,
    draft: &mut String,
    hint: &str,
    id: Id,
    focus: bool,
) -> Outcome {
    let colours = palette(ui);
    widgets::hairline(ui, rect.left(), rect.right(), rect.top() + 0.5);
    let inner = rect.shrink(MARGIN - 2.0);
    let count = draft.chars().count();
    let bottom = if count >= COUNTED_FROM { inner.bottom() - COUNT_HEIGHT } else { inner.bottom() };
    let field = Rect::from_min_max(inner.min, pos2(inner.right() - SEND - 6.0, bottom));
    let focused = ui.memory(|memory| memory.has_focus(id));
    let stroke = if focused { Stroke::new(2.0, colours.accent) } else { Stroke::new(1.0, colours.line) };
    let radius = f32::from(theme::RADIUS);
    ui.painter().rect(field, radius, colours.background, stroke, StrokeKind::Inside);

    // Before the field sees it: with Shift, it is a new line.
    let enter = focused
        && ui.input_mut(|input| !input.modifiers.shift && input.consume_key(Modifiers::NONE, Key::Enter));
    let edited = widgets::place(ui, field.shrink2(vec2(12.0, 9.0)), egui::Layout::default(), |ui| {
        let room = ui.available_size();
        let scroll = ScrollArea::vertical().id_salt("draft").max_height(room.y).auto_shrink(false);
        scroll
            .show(ui, |ui| {
                let edit = TextEdit::multiline(draft)
                    .id(id)
                    .font(theme::body())
                    .hint_text(RichText::new(hint).color(colours.faint))
                    .char_limit(MOST)
                    .frame(egui::Frame::NONE)
                    .desired_rows(1)
                    .desired_width(room.x)
                    .margin(egui::Margin::symmetric(0, 2));
                ui.add(edit).accessible_name(hint)
            })
            .inner
    });
    if focus {
        edited.request_focus();
    }
    if edited.changed() && !draft.trim().is_empty() {
        cx.send(Command::Writing);
    }
    if count >= COUNTED_FROM {
        let at = pos2(field.right(), inner.bottom() - 4.0);
        let text = format!("{count} of {MOST}");
        let color = if count == MOST { colours.warn } else { colours.dim };
        widgets::paint_line(ui.painter(), at, Align2::RIGHT_CENTER, &text, theme::caps(), color, 160.0);
    }
    let place = Rect::from_center_size(
        pos2(inner.right() - SEND / 2.0, field.bottom() - SEND / 2.0 - 2.0),
        vec2(SEND, SEND),
    );
    let pressed = send_button(ui, place, !draft.trim().is_empty());
    let mut outcome = Outcome {
        sent: false,
        left: edited.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)),
    };
    if (enter || pressed) && !draft.trim().is_empty() {
        cx.send(Command::SendMessage(PrivateText(draft.trim().to_owned())));
        draft.clear();
        outcome.sent = true;
        edited.request_focus();
    }
    outcome
}

fn send_button(ui: &Ui, rect: Rect, enabled: bool) -> bool {
    let colours = palette(ui);
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, ui.scope_id().with("send"), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, "Send"));
    if enabled && response.hovered() {
        ui.painter().rect_filled(rect, f32::from(theme::RADIUS), colours.line.gamma_multiply(0.6));
    }
    widgets::focus_ring(ui, &response, rect, f32::from(theme::RADIUS));
    let color = if enabled { colours.accent } else { colours.faint };
    Icon::Send.paint(ui.painter(), Rect::from_center_size(rect.center(), vec2(18.0, 18.0)), color);
    let clicked = enabled && response.clicked();
    response.on_hover_text("Send");
    clicked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AccountId;

    #[test]
    fn each_conversation_keeps_its_own_text_and_no_end_of_them() {
        let mut drafts = Drafts::default();
        let with = |n: u64| ChatWith::People(vec![AccountId(n)]);
        for n in 0..200 {
            drafts.of(&with(n)).push_str("hello");
        }
        assert_eq!(drafts.of(&with(199)), "hello");
        assert_eq!(drafts.of(&with(0)), "");
        assert!(drafts.0.len() <= MOST_DRAFTS);
    }

    #[test]
    fn a_text_goes_over_to_the_conversation_that_comes_of_it() {
        let mut drafts = Drafts::default();
        let (people, group) = (ChatWith::People(vec![AccountId(2)]), ChatWith::Group("g".into()));
        drafts.of(&people).push_str("hello");
        drafts.move_to(&people, &group);
        assert_eq!(drafts.of(&group), "hello");
        assert_eq!(drafts.of(&people), "");
    }
}
