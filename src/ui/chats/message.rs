//! One message: who, when, what, what others answered without words, and what can be done with it.

use std::sync::Arc;

use egui::{
    Align, Align2, Color32, Galley, Label, Layout, Popup, Rect, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
    accesskit::Role,
    pos2,
    text::{LayoutJob, TextFormat, TextWrapping},
    vec2,
};
use jiff::tz::TimeZone;

use super::{
    reactions::{self, Pill},
    rows::is_aside,
};
use crate::{
    client::{Command, Outgoing, Place, Sending},
    model::{AccountId, ChatMessage},
    ui::{
        Cx, bidi, display, theme,
        theme::palette,
        widgets::{self, Avatar, Icon},
        wording::{self, messages as words},
    },
};

const SIDE: f32 = 16.0;
const AVATAR: f32 = 28.0;
const INDENT: f32 = AVATAR + 10.0;
const HEAD_HEIGHT: f32 = 20.0;
const FOOT_HEIGHT: f32 = 20.0;
/// Lines longer than this are hard to read.
const WIDEST_TEXT: f32 = 640.0;

/// One row, laid out: as high as it says, and ready to be painted.
pub struct Laid<'a> {
    of: Of<'a>,
    head: bool,
    text: Arc<Galley>,
    /// Relative to the row.
    pills: Vec<Pill<'a>>,
    pub height: f32,
}

#[derive(Clone, Copy)]
enum Of<'a> {
    Said(&'a ChatMessage),
    /// About the conversation rather than in it.
    Aside,
    Outgoing(&'a Outgoing),
}

impl<'a> Laid<'a> {
    pub fn message(ui: &Ui, message: &'a ChatMessage, me: AccountId, head: bool, width: f32) -> Self {
        let colours = palette(ui);
        if is_aside(message) {
            let text = lay_out(ui, &aside(message, me), theme::small(), colours.dim, width - 2.0 * SIDE);
            let height = text.size().y + 12.0;
            return Self { of: Of::Aside, head: false, text, pills: Vec::new(), height };
        }
        let room = text_room(width);
        let text = match words::deed(message.kind) {
            None => match display::message(message.body.as_str()) {
                empty if empty.is_empty() => lay_out(ui, "(empty)", theme::body(), colours.dim, room),
                text => lay_out(ui, &text, theme::body(), colours.text, room),
            },
            Some(deed) => lay_out(ui, &capitalised(deed), theme::body(), colours.dim, room),
        };
        let top = text_top(head) + text.size().y;
        let (pills, height) = reactions::place(ui, &message.reactions, pos2(SIDE + INDENT, top), room);
        Self { of: Of::Said(message), head, text, pills, height: height + 2.0 }
    }

    pub fn outgoing(ui: &Ui, outgoing: &'a Outgoing, head: bool, width: f32) -> Self {
        let text = display::message(outgoing.text.as_str());
        let text = lay_out(ui, &text, theme::body(), palette(ui).dim, text_room(width));
        let foot = match (&outgoing.state, head) {
            // It stands where the time will be.
            (Sending::Pending, true) => 0.0,
            (Sending::Pending, false) => FOOT_HEIGHT,
            (Sending::Failed(_), _) => 2.0 * FOOT_HEIGHT,
        };
        let height = text_top(head) + text.size().y + foot + 2.0;
        Self { of: Of::Outgoing(outgoing), head, text, pills: Vec::new(), height }
    }

    pub fn show(self, ui: &mut Ui, cx: &Cx<'_>, rect: Rect, me: AccountId, zone: &TimeZone) {
        match self.of {
            Of::Said(message) => self.said(ui, cx, rect, message, me, zone),
            Of::Aside => self.aside(ui, rect),
            Of::Outgoing(outgoing) => self.on_its_way(ui, cx, rect, outgoing, me),
        }
    }

    fn aside(self, ui: &mut Ui, rect: Rect) {
        let room = Rect::from_center_size(rect.center(), self.text.size());
        label(ui, room, self.text);
    }

    fn said(
        self,
        ui: &mut Ui,
        cx: &Cx<'_>,
        rect: Rect,
        message: &ChatMessage,
        me: AccountId,
        zone: &TimeZone,
    ) {
        let colours = palette(ui);
        let sender = message.sender.as_ref();
        let mine = sender.is_some_and(|sender| sender.account == me);
        let name = sender.map_or_else(|| "Somebody".to_owned(), words::member);
        let who = if mine { "You" } else { &name };
        let time = words::clock(message.sent, zone);
        let row = ui.interact(rect, ui.scope_id().with("row"), Sense::hover());
        row.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, format!("{who}, {time}")));
        let hovered = ui.rect_contains_pointer(rect);
        if hovered {
            ui.painter().rect_filled(rect, 0.0, colours.line.gamma_multiply(0.35));
        }
        if self.head {
            let account = sender.map_or(AccountId(0), |sender| sender.account);
            head(ui, rect, (account, &name), who, mine, &time);
        } else if hovered {
            let at = pos2(rect.left() + SIDE, rect.top() + text_top(false) + 10.0);
            let font = theme::regular(11.0);
            widgets::paint_line(ui.painter(), at, Align2::LEFT_CENTER, &time, font, colours.dim, INDENT);
        }
        let top = rect.top() + text_top(self.head);
        label(ui, Rect::from_min_size(pos2(text_left(rect), top), self.text.size()), self.text);
        for (place, reaction, text) in &self.pills {
            let place = place.translate(rect.min.to_vec2());
            reactions::pill(ui, cx, place, reaction, text, &message.uid, me);
        }
        let more = Rect::from_min_size(pos2(rect.right() - SIDE - 20.0, top - 3.0), Vec2::splat(26.0));
        self::more(ui, cx, more, hovered, message, mine, &format!("{who}, {time}"));
    }

    fn on_its_way(self, ui: &mut Ui, cx: &Cx<'_>, rect: Rect, outgoing: &Outgoing, me: AccountId) {
        let colours = palette(ui);
        if self.head {
            let time = if outgoing.state == Sending::Pending { "Sending…" } else { "" };
            let name = cx.signed_in().map_or("", |signed_in| signed_in.me.online_id.as_str());
            head(ui, rect, (me, name), "You", true, time);
        }
        let left = text_left(rect);
        let text = Rect::from_min_size(pos2(left, rect.top() + text_top(self.head)), self.text.size());
        label(ui, text, self.text);
        let line = |nth: f32| {
            let top = text.bottom() + nth * FOOT_HEIGHT;
            Rect::from_min_max(pos2(left, top), pos2(rect.right() - SIDE, top + FOOT_HEIGHT))
        };
        let layout = Layout::left_to_right(Align::Center);
        match &outgoing.state {
            Sending::Pending if self.head => {}
            Sending::Pending => {
                widgets::place(ui, line(0.0), layout, |ui| {
                    widgets::line(ui, "Sending…", theme::small(), colours.dim);
                });
            }
            Sending::Failed(kind) => {
                let (what, means) = wording::problem(kind, Place::Chats);
                widgets::place(ui, line(0.0), layout, |ui| {
                    let line = widgets::line(ui, what, theme::small(), colours.bad).on_hover_text(means);
                    widgets::announce(ui, &line);
                });
                widgets::place(ui, line(1.0), layout, |ui| {
                    if widgets::text_button(ui, "Retry").clicked() {
                        cx.send(Command::RetryMessage(outgoing.id));
                    }
                    if widgets::text_button(ui, "Discard").clicked() {
                        cx.send(Command::DiscardMessage(outgoing.id));
                    }
                });
            }
        }
    }
}

/// What happened to the conversation, in a sentence.
fn aside(message: &ChatMessage, me: AccountId) -> String {
    match (&message.sender, words::deed(message.kind)) {
        (Some(sender), Some(deed)) if sender.account == me => format!("You {deed}"),
        (Some(sender), Some(deed)) => format!("{} {deed}", words::member(sender)),
        _ => match display::short(message.body.as_str()) {
            empty if empty.is_empty() => "Something changed here".to_owned(),
            text => text,
        },
    }
}

fn capitalised(deed: &str) -> String {
    let mut chars = deed.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn text_left(rect: Rect) -> f32 {
    rect.left() + SIDE + INDENT
}

fn text_top(head: bool) -> f32 {
    if head { 12.0 + HEAD_HEIGHT } else { 2.0 }
}

fn text_room(width: f32) -> f32 {
    (width - 2.0 * SIDE - INDENT).clamp(40.0, WIDEST_TEXT)
}

/// Text of any script and direction, wrapped.
fn lay_out(ui: &Ui, text: &str, font: egui::FontId, color: Color32, width: f32) -> Arc<Galley> {
    let ordered = bidi::is_needed(text).then(|| {
        let fits =
            |line: &str| ui.painter().layout_no_wrap(line.to_owned(), font.clone(), color).size().x <= width;
        bidi::lines(text, fits).join("\n")
    });
    let format =
        TextFormat { line_height: Some(font.size * 1.4), font_id: font, color, ..Default::default() };
    let text = ordered.unwrap_or_else(|| text.to_owned());
    let wrap = TextWrapping { max_width: width, ..Default::default() };
    ui.painter().layout_job(LayoutJob { wrap, ..LayoutJob::single_section(text, format) })
}

/// Text that can be selected and copied.
fn label(ui: &mut Ui, rect: Rect, text: Arc<Galley>) {
    widgets::place(ui, rect.expand2(vec2(1.0, 0.0)).with_min_x(rect.left()), Layout::default(), |ui| {
        ui.add(Label::new(text).selectable(true));
    });
}

fn head(ui: &Ui, rect: Rect, (account, name): (AccountId, &str), who: &str, mine: bool, time: &str) {
    let colours = palette(ui);
    let center = pos2(rect.left() + SIDE + AVATAR / 2.0, rect.top() + 12.0 + AVATAR / 2.0);
    Avatar::new(account, name, AVATAR).paint(ui, center, colours.panel);
    let at = pos2(text_left(rect), rect.top() + 12.0 + HEAD_HEIGHT / 2.0);
    let color = if mine { colours.accent } else { colours.text };
    let font = theme::semibold(13.0);
    let room = rect.right() - SIDE - at.x - 64.0;
    let (drawn, _) = widgets::paint_line(ui.painter(), at, Align2::LEFT_CENTER, who, font, color, room);
    let at = pos2(drawn.right() + 6.0, at.y + 0.5);
    widgets::paint_line(ui.painter(), at, Align2::LEFT_CENTER, time, theme::caps(), colours.dim, 64.0);
}

/// The button behind which everything else is; seen under the pointer, with the keyboard, and while its menu is open.
fn more(ui: &Ui, cx: &Cx<'_>, rect: Rect, hovered: bool, message: &ChatMessage, mine: bool, spoken: &str) {
    let colours = palette(ui);
    let response = ui.interact(rect, ui.scope_id().with("more"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("React or copy: {spoken}")));
    widgets::scroll_to_focus(&response);
    let open = Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response));
    if hovered || open || response.has_focus() {
        let fill = if response.hovered() || open { colours.line } else { colours.panel };
        let stroke = Stroke::new(1.0, colours.line);
        ui.painter().rect(rect, f32::from(theme::RADIUS), fill, stroke, StrokeKind::Inside);
        Icon::More.paint(ui.painter(), rect.shrink(5.0), colours.text);
        widgets::focus_ring(ui, &response, rect, f32::from(theme::RADIUS));
    }
    widgets::menu(&response, "React or copy", 196.0, |ui| {
        reactions::offer(ui, cx, &message.uid);
        let text = display::message(message.body.as_str());
        if !text.is_empty() && widgets::menu_item(ui, "Copy the text", None).clicked() {
            ui.ctx().copy_text(text);
        }
        if let Some(sender) = message.sender.as_ref().filter(|_| !mine) {
            let name = format!("Show {}", words::member(sender));
            if widgets::menu_item(ui, &name, None).clicked() {
                cx.send(Command::OpenCard(sender.account));
            }
        }
    });
}
