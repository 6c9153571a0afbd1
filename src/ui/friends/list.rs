//! The list below the search: requests and friends under headings that fold. A frame costs what is seen of it, however long
//! it is; the keyboard moves through all of it. Main thread.

use std::{collections::HashSet, ops::Range};

use egui::{
    Align2, EventFilter, Id, Key, Modifiers, Rect, Response, ScrollArea, Sense, Ui, Vec2, WidgetInfo,
    accesskit::Role, pos2, vec2,
};

use super::{
    group::{Group, Kind},
    request,
    row::Row,
};
use crate::{
    client::{ReceivedRequest, SignedIn},
    model::Friend,
    ui::{
        Cx,
        theme::{ROW_HEIGHT, palette},
        widgets::{self, Icon},
    },
};

const HEADING_HEIGHT: f32 = 40.0;
/// Between groups of faces alone.
const GAP_HEIGHT: f32 = 9.0;
const FOOT: f32 = 8.0;
/// Rows beyond the edges that are there for the keyboard to go to.
const BEYOND: usize = 2;
const PAGE_ROWS: isize = 10;

/// What the list keeps between frames.
#[derive(Default)]
pub struct State {
    folded: HashSet<Title>,
    /// The row that the keyboard is on, counted through all groups. It is drawn wherever it is: what is not drawn loses it.
    focused: Option<usize>,
}

/// What stands above rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Title {
    Requests,
    Friends(Kind),
}

impl Title {
    fn words(self) -> &'static str {
        match self {
            Self::Requests => "Requests",
            Self::Friends(kind) => kind.heading(),
        }
    }
}

/// A heading and its rows, laid out but not drawn.
struct Section<'a> {
    title: Title,
    /// How many there are, folded or not.
    count: usize,
    rows: Rows<'a>,
    /// From the top of the list.
    top: f32,
    heading: f32,
    /// As many as are shown.
    shown: usize,
}

#[derive(Clone, Copy)]
enum Rows<'a> {
    Requests(&'a [ReceivedRequest]),
    Friends(&'a Group),
}

impl Section<'_> {
    fn first_row(&self) -> f32 {
        self.top + self.heading
    }

    fn bottom(&self) -> f32 {
        self.first_row() + self.shown as f32 * ROW_HEIGHT
    }

    /// The rows between two heights of the list.
    fn seen(&self, from: f32, to: f32) -> Range<usize> {
        let row = |y: f32| ((y - self.first_row()) / ROW_HEIGHT).max(0.0) as usize;
        let end = if to < self.first_row() { 0 } else { row(to) + 1 };
        row(from).min(self.shown)..end.min(self.shown)
    }
}

/// What is in the list.
pub struct List<'a> {
    pub requests: &'a [ReceivedRequest],
    pub friends: &'a [Friend],
    pub groups: &'a [Group],
    /// Nothing is folded while something is searched for.
    pub searching: bool,
    pub collapsed: bool,
}

impl List<'_> {
    pub fn show(&self, ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, state: &mut State) {
        let sections = self.sections(&state.folded);
        let height = sections.last().map_or(0.0, Section::bottom) + FOOT;
        let now = jiff::Timestamp::now();
        ScrollArea::vertical().auto_shrink(false).show_viewport(ui, |ui, seen| {
            let (all, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
            let beyond = BEYOND as f32 * ROW_HEIGHT + HEADING_HEIGHT;
            let (from, to) = (seen.top() - beyond, seen.bottom() + beyond);
            let mut focused = None;
            let mut first = 0;
            for section in &sections {
                let drawn = section.seen(from, to);
                if section.bottom() >= from && section.top <= to {
                    self.heading(ui, section, at(all, section.top, section.heading), &mut state.folded);
                }
                let kept = state.focused.and_then(|row| row.checked_sub(first));
                let kept = kept.filter(|row| *row < section.shown && !drawn.contains(row));
                for index in drawn.chain(kept) {
                    let rect = at(all, section.first_row() + index as f32 * ROW_HEIGHT, ROW_HEIGHT);
                    let response = self.row(ui, cx, signed_in, section, index, rect, now);
                    if response.is_some_and(|response| response.has_focus()) {
                        focused = Some(first + index);
                    }
                }
                first += section.shown;
            }
            state.focused = focused.map(|focused| self.follow_keyboard(ui, &sections, all, focused, first));
        });
    }

    fn sections(&self, folded: &HashSet<Title>) -> Vec<Section<'_>> {
        let requests = (!self.requests.is_empty() && !self.searching).then_some(Section {
            title: Title::Requests,
            count: self.requests.len(),
            rows: Rows::Requests(self.requests),
            top: 0.0,
            heading: 0.0,
            shown: 0,
        });
        let groups = self.groups.iter().map(|group| Section {
            title: Title::Friends(group.kind),
            count: group.entries.len(),
            rows: Rows::Friends(group),
            top: 0.0,
            heading: 0.0,
            shown: 0,
        });
        let mut top = 0.0;
        let mut sections: Vec<Section<'_>> = requests.into_iter().chain(groups).collect();
        for (position, section) in sections.iter_mut().enumerate() {
            section.top = top;
            section.heading = match (self.collapsed, position) {
                (false, _) => HEADING_HEIGHT,
                (true, 0) => 0.0,
                (true, _) => GAP_HEIGHT,
            };
            // Faces alone have no headings, and so nothing to unfold by.
            let open = self.searching || self.collapsed || !folded.contains(&section.title);
            section.shown = if open { section.count } else { 0 };
            top = section.bottom();
        }
        sections
    }

    fn heading(&self, ui: &Ui, section: &Section<'_>, rect: Rect, folded: &mut HashSet<Title>) {
        if self.collapsed {
            if section.heading > 0.0 && ui.is_rect_visible(rect) {
                widgets::hairline(ui, rect.left() + 20.0, rect.right() - 20.0, rect.center().y);
            }
            return;
        }
        let text = format!("{} · {}", section.title.words(), section.count);
        let response = ui.interact(rect, ui.make_persistent_id(section.title), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &text));
        let open = section.shown > 0;
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_expanded(open));
        widgets::scroll_to_focus(&response);
        if response.clicked() && !self.searching && !folded.remove(&section.title) {
            folded.insert(section.title);
        }
        if !ui.is_rect_visible(rect) {
            return;
        }
        let colours = palette(ui);
        widgets::focus_ring(ui, &response, rect.shrink(4.0), 4.0);
        let color = if response.hovered() { colours.dim } else { colours.faint };
        let at = pos2(rect.left() + 16.0, rect.bottom() - 14.0);
        widgets::paint_caps(ui.painter(), at, &text, color);
        if !open || response.hovered() {
            let place = pos2(rect.right() - 24.0, at.y);
            let place = Align2::CENTER_CENTER.anchor_size(place, Vec2::splat(14.0));
            let icon = if open { Icon::Down } else { Icon::Forward };
            icon.paint(ui.painter(), place, color);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call, and each of them is needed for a row")]
    fn row(
        &self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        signed_in: &SignedIn,
        section: &Section<'_>,
        index: usize,
        rect: Rect,
        now: jiff::Timestamp,
    ) -> Option<Response> {
        match section.rows {
            Rows::Requests(requests) => {
                let request = requests.get(index)?;
                Some(request::show(ui, cx, request, rect, self.collapsed, now))
            }
            Rows::Friends(group) => {
                let entry = group.entries.get(index)?;
                let friend = self.friends.get(entry.index)?;
                let place = (index, section.count);
                let row = Row { friend, entry, kind: group.kind, place, collapsed: self.collapsed };
                Some(row.show(ui, cx, signed_in, rect, now))
            }
        }
    }

    /// Arrows, Page Up and Down, Home and End go from row to row, also to those that are not drawn. Returns where to.
    fn follow_keyboard(
        &self,
        ui: &Ui,
        sections: &[Section<'_>],
        all: Rect,
        focused: usize,
        count: usize,
    ) -> usize {
        let Some(id) = ui.memory(|memory| memory.focused()) else { return focused };
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let last = count.saturating_sub(1) as isize;
        let steps = [
            (Key::ArrowUp, -1),
            (Key::ArrowDown, 1),
            (Key::PageUp, -PAGE_ROWS),
            (Key::PageDown, PAGE_ROWS),
            (Key::Home, -last),
            (Key::End, last),
        ];
        let step: isize = ui.input_mut(|input| {
            steps
                .iter()
                .map(|(key, step)| *step * input.count_and_consume_key(Modifiers::NONE, *key) as isize)
                .sum()
        });
        let target = (focused as isize + step).clamp(0, last) as usize;
        if target != focused
            && let Some((id, rect)) = self.place(ui, sections, all, target)
        {
            ui.memory_mut(|memory| memory.request_focus(id));
            ui.scroll_to_rect(rect, None);
            ui.ctx().request_repaint();
        }
        target
    }

    /// Where the row is that is `target`th of all.
    fn place(&self, ui: &Ui, sections: &[Section<'_>], all: Rect, mut target: usize) -> Option<(Id, Rect)> {
        for section in sections {
            if target < section.shown {
                let id = match section.rows {
                    Rows::Requests(requests) => {
                        ui.make_persistent_id(("request", requests.get(target)?.from.account))
                    }
                    Rows::Friends(group) => {
                        let friend = self.friends.get(group.entries.get(target)?.index)?;
                        ui.make_persistent_id(friend.profile.account)
                    }
                };
                let top = section.first_row() + target as f32 * ROW_HEIGHT;
                return Some((id, at(all, top, ROW_HEIGHT)));
            }
            target -= section.shown;
        }
        None
    }
}

/// A strip of the list.
fn at(all: Rect, top: f32, height: f32) -> Rect {
    Rect::from_min_size(all.left_top() + vec2(0.0, top), vec2(all.width(), height))
}
