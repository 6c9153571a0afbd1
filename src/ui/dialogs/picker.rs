//! Choosing several people: a search, and a list of which only what is seen costs anything.

use std::{collections::BTreeSet, sync::Arc};

use egui::{Align2, ScrollArea, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, vec2};

use crate::{
    client::SignedIn,
    model::{AccountId, Friend},
    ui::{
        display::one_line,
        friends, names, theme,
        theme::palette,
        widgets::{self, Avatar, Badge},
    },
};

pub const ROW_HEIGHT: f32 = 44.0;

/// Who is chosen so far, and what is searched for.
#[derive(Debug, Default)]
pub struct Picker {
    search: String,
    chosen: BTreeSet<AccountId>,
    /// Chosen to begin with; those who are no friends stand above the friends.
    given: Vec<AccountId>,
    /// What the search says that it is for.
    purpose: Purpose,
    listed: Option<Listed>,
}

/// What people are chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    #[default]
    Invite,
    Write,
    /// One, who is met at once.
    Meet,
}

/// The rows, until the friends or the search change.
#[derive(Debug)]
struct Listed {
    friends: Option<Arc<Vec<Friend>>>,
    search: String,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy)]
enum Row {
    /// No friend.
    Guest(AccountId),
    /// By place in the list.
    Friend(usize),
}

impl Picker {
    pub fn new(chosen: impl IntoIterator<Item = AccountId>) -> Self {
        let given: Vec<AccountId> = chosen.into_iter().collect();
        Self { chosen: given.iter().copied().collect(), given, ..Self::default() }
    }

    pub fn new_for(purpose: Purpose) -> Self {
        Self { purpose, ..Self::default() }
    }

    /// Chosen, and still free to be: `mark` names those who are not.
    pub fn chosen(&self, mark: impl Fn(AccountId) -> Option<&'static str>) -> Vec<AccountId> {
        self.chosen.iter().copied().filter(|account| mark(*account).is_none()).collect()
    }

    /// Whether there is anybody to choose from.
    pub fn has_people(&self, signed_in: &SignedIn) -> bool {
        !signed_in.friends.items().is_empty() || !self.given.is_empty()
    }

    /// At most `height` high below the search. The search has the focus first if `focus`.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        signed_in: &SignedIn,
        height: f32,
        focus: bool,
        mark: impl Fn(AccountId) -> Option<&'static str>,
    ) {
        let hint = match self.purpose {
            Purpose::Invite => "Search friends to invite",
            Purpose::Write => "Search friends to write to",
            Purpose::Meet => "Search your friends",
        };
        let field = widgets::search_field(ui, &mut self.search, hint);
        if focus {
            widgets::focus_first(ui, &field);
        }
        let friends = signed_in.friends.items();
        // As high as the whole list: searching must not move the dialog.
        let all = (friends.len() + self.given.len()).max(1) as f32 * ROW_HEIGHT;
        self.list(signed_in);
        let rows = self.listed.as_ref().map_or(&[][..], |listed| &listed.rows);
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = ScrollArea::vertical().max_height(height.min(all)).min_scrolled_height(height.min(all));
        area.auto_shrink(false).show_rows(ui, ROW_HEIGHT, rows.len().max(1), |ui, seen| {
            if rows.is_empty() {
                let text = match friends.is_empty() {
                    true => "Your friends appear here once you have some.",
                    false => "No friend has a name like that.",
                };
                widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
            }
            for row in rows.get(seen).unwrap_or_default() {
                let (account, name, online) = match *row {
                    Row::Guest(account) => (account, names::known(signed_in, account), true),
                    Row::Friend(index) => match friends.get(index) {
                        Some(friend) => {
                            let profile = &friend.profile;
                            (profile.account, Some(&profile.online_id), friends::is_online(friend))
                        }
                        None => continue,
                    },
                };
                let name = name.map_or("Somebody".to_owned(), |name| one_line(name.as_str()));
                let ticks = self.purpose != Purpose::Meet;
                let person = Person { account, name, online, ticks, mark: mark(account) };
                ui.push_id(account, |ui| person.show(ui, &mut self.chosen));
            }
        });
    }

    fn list(&mut self, signed_in: &SignedIn) {
        let friends = &signed_in.friends.value;
        let fresh = self.listed.as_ref().is_some_and(|listed| {
            let same = match (&listed.friends, friends) {
                (Some(before), Some(now)) => Arc::ptr_eq(before, now),
                (None, None) => true,
                _ => false,
            };
            same && listed.search == self.search
        });
        if fresh {
            return;
        }
        let all = signed_in.friends.items();
        let is_friend = |account| all.iter().any(|friend| friend.profile.account == account);
        let mut rows = Vec::new();
        if self.search.trim().is_empty() {
            rows.extend(self.given.iter().filter(|account| !is_friend(**account)).map(|a| Row::Guest(*a)));
        }
        let found =
            |index: &usize| all.get(*index).is_some_and(|friend| friends::matches(friend, &self.search));
        rows.extend(friends::sorted(all).into_iter().filter(found).map(Row::Friend));
        self.listed = Some(Listed { friends: friends.clone(), search: self.search.clone(), rows });
    }
}

/// One row: a face, a name, a tick or a word why there is none.
struct Person {
    account: AccountId,
    name: String,
    online: bool,
    /// Several can be chosen.
    ticks: bool,
    mark: Option<&'static str>,
}

impl Person {
    fn show(&self, ui: &mut Ui, chosen: &mut BTreeSet<AccountId>) {
        let ticked = chosen.contains(&self.account);
        let sense = if self.mark.is_some() { Sense::hover() } else { Sense::click() };
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), sense);
        response.widget_info(|| match self.mark {
            Some(mark) => WidgetInfo::labeled(Role::ListItem, true, format!("{}, {mark}", self.name)),
            None if !self.ticks => WidgetInfo::labeled(Role::Button, true, &self.name),
            None => WidgetInfo::selected(Role::CheckBox, true, ticked, &self.name),
        });
        if response.clicked() && !chosen.remove(&self.account) {
            chosen.insert(self.account);
        }
        widgets::scroll_to_focus(&response);
        if ui.is_rect_visible(rect) && self.paint(ui, rect, &response, ticked) {
            response.on_hover_text(&self.name);
        }
    }

    /// Returns whether the name had to be cut.
    fn paint(&self, ui: &Ui, rect: egui::Rect, response: &egui::Response, ticked: bool) -> bool {
        let colours = palette(ui);
        let hovered = response.hovered() && self.mark.is_none();
        let behind = if hovered { colours.hover } else { colours.panel };
        ui.painter().rect_filled(rect, 6.0, behind);
        widgets::focus_ring(ui, response, rect.shrink(3.0), 4.0);
        let badge = if self.online { Badge::Online } else { Badge::Offline };
        let center = rect.left_center() + vec2(24.0, 0.0);
        let avatar = Avatar::new(self.account, &self.name, 32.0).faded(!self.online);
        avatar.badge(badge).paint(ui, center, behind);

        let painter = ui.painter();
        let right = rect.right_center() - vec2(14.0, 0.0);
        let mut room = rect.width() - 96.0;
        match self.mark {
            Some(mark) => {
                let (align, font) = (Align2::RIGHT_CENTER, theme::small());
                let (said, _) = widgets::paint_line(painter, right, align, mark, font, colours.dim, 120.0);
                room = said.left() - rect.left() - 64.0;
            }
            None if !self.ticks => {}
            None => {
                let tick = Align2::RIGHT_CENTER.anchor_size(right, Vec2::splat(20.0));
                widgets::tick(ui, tick, ticked);
            }
        }
        let at = rect.left_center() + vec2(52.0, 0.0);
        let dim = !self.online || self.mark.is_some();
        let color = if dim { colours.dim } else { colours.text };
        widgets::paint_line(painter, at, Align2::LEFT_CENTER, &self.name, theme::body(), color, room).1
    }
}
