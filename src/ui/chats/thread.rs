//! The messages of the open conversation, newest below. Thousands cost what is seen of them; what one reads stays where it
//! is while others arrive.

use std::{collections::HashMap, sync::Arc};

use egui::{
    Align, Align2, Layout, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role,
    pos2, vec2,
};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    column::{Anchor, Column},
    message::Laid,
    rows::{Content, Key, Row, rows},
};
use crate::{
    client::{ChatWith, Command, Older, OpenChat, Outgoing, SignedIn},
    model::{AccountId, ChatMessage, MessageUid},
    ui::{
        Cx, theme,
        theme::palette,
        widgets::{self, Icon},
        wording::messages as words,
    },
};

/// Older messages are asked for when this little is left above, in points.
const NEAR_TOP: f32 = 300.0;
const TOP_HEIGHT: f32 = 52.0;
const DAY_HEIGHT: f32 = 36.0;
/// Of a message that was never in view.
const GUESSED_HEIGHT: f32 = 40.0;

/// What rows are made of.
type Sources = (Arc<Vec<ChatMessage>>, Arc<Vec<Outgoing>>);

/// What is kept of a conversation between frames.
pub struct Thread {
    pub with: ChatWith,
    built_from: Option<Sources>,
    rows: Vec<Row>,
    /// As last seen, for this `shape`.
    heights: HashMap<Key, f32>,
    /// What heights depend on: the width, the size of letters, and how many fonts there are.
    shape: (f32, f32, usize),
    anchor: Anchor,
    /// The newest message when the end was in view last.
    seen: Option<MessageUid>,
    /// The oldest message when older ones were asked for last.
    asked_before: Option<Option<MessageUid>>,
}

impl Thread {
    pub fn new(with: ChatWith) -> Self {
        Self {
            with,
            built_from: None,
            rows: Vec::new(),
            heights: HashMap::new(),
            shape: (0.0, 0.0, 0),
            anchor: Anchor::End,
            seen: None,
            asked_before: None,
        }
    }

    /// To the newest message.
    pub fn go_to_end(&mut self) {
        self.anchor = Anchor::End;
    }

    pub fn show(&mut self, ui: &mut Ui, cx: &Cx<'_>, signed_in: &SignedIn, open: &OpenChat) {
        let zone = TimeZone::system();
        let me = signed_in.me.account;
        self.follow(open, me, &zone);
        let (area, width) = (ui.available_rect_before_wrap(), ui.available_width());
        let fonts = ui.fonts(|fonts| fonts.discovered_fonts().len());
        let shape = (width, ui.ctx().pixels_per_point(), fonts);
        if shape != self.shape {
            self.shape = shape;
            self.heights.clear();
        }
        let room = area.height();
        let (column, offset) = self.settle(ui, open, me, width, room);
        let content = column.height().max(room);
        // What does not fill the view stands at its end.
        let lead = content - column.height();

        // It takes an end that has just moved for one that was pulled past.
        ui.spacing_mut().scroll.kinetic.rubber_band = false;
        let scrolled = ScrollArea::vertical()
            .id_salt("thread")
            .auto_shrink(false)
            .vertical_scroll_offset(offset)
            .show_viewport(ui, |ui, viewport| {
                ui.set_height(content);
                let origin = ui.max_rect().min + vec2(0.0, lead);
                for index in column.between(viewport.top() - lead, viewport.bottom() - lead) {
                    let Some(row) = self.rows.get(index) else { continue };
                    let (top, bottom) = (column.top(index), column.top(index + 1));
                    let rect = Rect::from_min_size(origin + vec2(0.0, top), vec2(width, bottom - top));
                    // By what it is, not by its place: an open menu stays with its message.
                    ui.push_id(&row.key, |ui| show_row(ui, cx, open, row, rect, me, &zone));
                }
            })
            .state
            .clamped_offset()
            .y;

        let at_end = scrolled + room >= column.height() - 4.0;
        if at_end {
            self.anchor = Anchor::End;
        } else if (scrolled - offset).abs() > 0.5 {
            self.anchor = column.anchor(&self.rows, scrolled, room);
        }
        self.ask_for_older(cx, open, scrolled);
        let newest = open.messages.last().map(|message| &message.uid);
        if at_end {
            self.seen = newest.cloned();
        } else if newest != self.seen.as_ref() && jump(ui, area) {
            self.go_to_end();
            ui.ctx().request_repaint();
        }
    }

    /// Takes over what there is now.
    fn follow(&mut self, open: &OpenChat, me: AccountId, zone: &TimeZone) {
        let fresh = self.built_from.as_ref().is_some_and(|(messages, outbox)| {
            Arc::ptr_eq(messages, &open.messages) && Arc::ptr_eq(outbox, &open.outbox)
        });
        if !fresh {
            self.rows = rows(&open.messages, &open.outbox, me, zone);
            self.built_from = Some((open.messages.clone(), open.outbox.clone()));
            if self.heights.len() > 2 * self.rows.len() + 64 {
                self.heights.clear();
            }
        }
    }

    /// Where all rows are, and how far to scroll: what is in view is measured, the rest as it was or is guessed to be.
    fn settle(&mut self, ui: &Ui, open: &OpenChat, me: AccountId, width: f32, room: f32) -> (Column, f32) {
        // Each round brings rows into view that were not there before; they are few.
        const MOST_ROUNDS: usize = 6;
        let mut rounds = 0;
        loop {
            let height = |row: &Row| match row.content {
                Content::Top => TOP_HEIGHT,
                Content::Day(_) => DAY_HEIGHT,
                Content::Message { .. } | Content::Outgoing { .. } => {
                    self.heights.get(&row.key).copied().unwrap_or(GUESSED_HEIGHT)
                }
            };
            let column = Column::new(self.rows.iter().map(height));
            let offset = column.offset(&self.anchor, &self.rows, room);
            let mut changed = false;
            for index in column.between(offset, offset + room) {
                let Some(row) = self.rows.get(index) else { continue };
                let Some(laid) = lay_out(ui, open, row, me, width) else { continue };
                changed |= self.heights.insert(row.key.clone(), laid.height) != Some(laid.height);
            }
            rounds += 1;
            if !changed || rounds == MOST_ROUNDS {
                return (column, offset);
            }
        }
    }

    fn ask_for_older(&mut self, cx: &Cx<'_>, open: &OpenChat, scrolled: f32) {
        let oldest = open.messages.first().map(|message| message.uid.clone());
        match open.older {
            Older::More if scrolled < NEAR_TOP && self.asked_before.as_ref() != Some(&oldest) => {
                self.asked_before = Some(oldest);
                cx.send(Command::ReadOlder);
            }
            Older::More => {}
            Older::Reading | Older::NotLoaded | Older::NoMoreHere | Older::Nothing => {
                self.asked_before = None;
            }
        }
    }
}

/// A message of the conversation. `None`: the row is none, and always as high as it is.
fn lay_out<'a>(ui: &Ui, open: &'a OpenChat, row: &Row, me: AccountId, width: f32) -> Option<Laid<'a>> {
    match row.content {
        Content::Top | Content::Day(_) => None,
        Content::Message { index, head } => {
            Some(Laid::message(ui, open.messages.get(index)?, me, head, width))
        }
        Content::Outgoing { index, head } => Some(Laid::outgoing(ui, open.outbox.get(index)?, head, width)),
    }
}

fn show_row(
    ui: &mut Ui,
    cx: &Cx<'_>,
    open: &OpenChat,
    row: &Row,
    rect: Rect,
    me: AccountId,
    zone: &TimeZone,
) {
    let colours = palette(ui);
    match row.content {
        Content::Top => top(ui, cx, open, rect),
        Content::Day(date) => {
            let text = words::day(date, Timestamp::now(), zone);
            let (drawn, _) = widgets::paint_line(
                ui.painter(),
                rect.center() + vec2(0.0, 4.0),
                Align2::CENTER_CENTER,
                &text,
                theme::caps(),
                colours.dim,
                rect.width() - 32.0,
            );
            let y = drawn.center().y;
            widgets::hairline(ui, rect.left() + 16.0, drawn.left() - 10.0, y);
            widgets::hairline(ui, drawn.right() + 10.0, rect.right() - 16.0, y);
            let response = ui.interact(rect, ui.scope_id().with("day"), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
        }
        Content::Message { .. } | Content::Outgoing { .. } => {
            if let Some(laid) = lay_out(ui, open, row, me, rect.width()) {
                laid.show(ui, cx, rect, me, zone);
            }
        }
    }
}

/// What lies before the first message that is here.
fn top(ui: &mut Ui, cx: &Cx<'_>, open: &OpenChat, rect: Rect) {
    let text = match (open.older, open.messages.is_empty()) {
        (Older::Reading, true) => "Reading the conversation…",
        (Older::Reading, false) => "Reading older messages…",
        (Older::More, _) => return,
        (Older::NotLoaded, _) => "Older messages could not be read.",
        (Older::NoMoreHere, _) => "Messages before these are not shown here.",
        (Older::Nothing, true) => "Nobody has written here yet.",
        (Older::Nothing, false) => "This is where the conversation begins.",
    };
    widgets::place(ui, rect.shrink2(vec2(16.0, 4.0)), Layout::top_down(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.add_space(6.0);
        widgets::line(ui, text, theme::small(), palette(ui).dim);
        if open.older == Older::NotLoaded && widgets::text_button(ui, "Try again").clicked() {
            cx.send(Command::ReadOlder);
        }
    });
}

/// "New messages" over the end of `area`. Returns whether it was pressed.
fn jump(ui: &Ui, area: Rect) -> bool {
    let colours = palette(ui);
    let text = "New messages";
    let width = widgets::pill_width(ui.painter(), text) + 34.0;
    let rect = Rect::from_center_size(pos2(area.center().x, area.bottom() - 22.0), vec2(width, 30.0));
    let response = ui.interact(rect, ui.scope_id().with("jump"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    let fill = if response.hovered() { colours.accent_pressed } else { colours.accent };
    ui.painter().rect(rect, 15.0, fill, Stroke::NONE, StrokeKind::Inside);
    widgets::focus_ring(ui, &response, rect, 15.0);
    let at = rect.left_center() + vec2(14.0, 0.0);
    let font = theme::semibold(12.0);
    let (drawn, _) =
        widgets::paint_line(ui.painter(), at, Align2::LEFT_CENTER, text, font, colours.on_accent, width);
    let arrow = Align2::LEFT_CENTER.anchor_size(drawn.right_center() + vec2(4.0, 0.0), vec2(14.0, 14.0));
    Icon::Down.paint(ui.painter(), arrow, colours.on_accent);
    response.clicked()
}
