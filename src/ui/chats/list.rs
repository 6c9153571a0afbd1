//! The list of conversations.

use egui::{
    Align2, Color32, Rect, Response, ScrollArea, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, pos2, vec2,
};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    client::{Chat, Command, Party, SignedIn},
    model::{AccountId, GroupId, GroupMember},
    ui::{
        Cx,
        dialogs::Dialog,
        display::one_line,
        names, theme,
        theme::palette,
        widgets::{self, Avatar, Button, Icon},
        wording::{self, messages as words},
    },
};

const ROW_HEIGHT: f32 = 60.0;
const SIDE: f32 = 16.0;
const AVATAR: f32 = 40.0;
/// A row this far out of sight is there for the keyboard to reach.
const NEAR: f32 = 4.0 * ROW_HEIGHT;

/// Every conversation, that of the party before all.
pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let chats = &signed_in.chats.list;
    let party = cx.party().and_then(|party| Some((party, party.chat.clone()?)));
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    ScrollArea::vertical().id_salt("chats").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing = Vec2::ZERO;
        ui.add_space(4.0);
        if let Some((party, group)) = &party {
            let chat = chats.items().iter().find(|chat| chat.group.id == *group);
            let row = Row::of_party(party, chat, signed_in, now, &zone);
            ui.push_id("party", |ui| row.show(ui, cx, group));
        }
        for chat in chats.items() {
            if party.as_ref().is_some_and(|(_, group)| *group == chat.group.id) {
                continue;
            }
            // A long list costs what is seen of it.
            let size = vec2(ui.available_width(), ROW_HEIGHT);
            let place = Rect::from_min_size(ui.cursor().min, size);
            if !ui.is_rect_visible(place.expand2(vec2(0.0, NEAR))) {
                ui.allocate_space(size);
                continue;
            }
            let row = Row::of_chat(chat, signed_in, now, &zone);
            // By what it is, not by its place: the focus stays with its conversation when the list is sorted anew.
            ui.push_id(&chat.group.id, |ui| row.show(ui, cx, &chat.group.id));
        }
        match &chats.value {
            Some(list) if list.is_empty() && party.is_none() => {
                empty(ui, cx, !signed_in.friends.items().is_empty())
            }
            Some(_) => {}
            None if chats.fetching => (0..6).for_each(|_| widgets::skeleton_row(ui, false)),
            None => note(ui, "Your conversations appear here once the service answers."),
        }
        ui.add_space(8.0);
    });
}

fn empty(ui: &mut Ui, cx: &mut Cx<'_>, has_friends: bool) {
    note(ui, "No conversations yet. What you and your friends write to each other appears here.");
    ui.add_space(12.0);
    ui.horizontal(|ui| {
        ui.add_space(SIDE);
        if has_friends && ui.add(Button::ghost("Write to a friend")).clicked() {
            cx.nav.dialog = Some(Dialog::new_chat());
        }
    });
}

fn note(ui: &mut Ui, text: &str) {
    egui::Frame::new().inner_margin(egui::Margin::symmetric(SIDE as i8, 12)).show(ui, |ui| {
        widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
    });
}

/// Whoever it is, in a word.
pub fn name_of(signed_in: &SignedIn, account: AccountId) -> String {
    names::known(signed_in, account).map_or_else(|| "Somebody".to_owned(), |name| one_line(name.as_str()))
}

/// One conversation in words.
struct Row {
    faces: Vec<(AccountId, String)>,
    title: String,
    /// Somebody is at it now.
    writing: bool,
    line: String,
    time: String,
    unread: Option<String>,
    favorite: bool,
}

impl Row {
    fn of_chat(chat: &Chat, signed_in: &SignedIn, now: Timestamp, zone: &TimeZone) -> Self {
        let group = &chat.group;
        let me = signed_in.me.account;
        let names: Vec<String> = chat.writing.iter().map(|account| name_of(signed_in, *account)).collect();
        let writing = words::writing(&names);
        let when = group.latest.as_ref().map(|latest| latest.sent).or(group.changed);
        Self {
            faces: faces(&group.members, me),
            title: words::chat_title(group, me),
            writing: !writing.is_empty(),
            line: if writing.is_empty() { words::last_line(chat, me) } else { writing },
            time: when.map_or_else(String::new, |when| words::when(when, now, zone)),
            unread: words::unread(chat.unread),
            favorite: group.is_favorite,
        }
    }

    /// The conversation of the party one is in, which the service may not list.
    fn of_party(
        party: &Party,
        chat: Option<&Chat>,
        signed_in: &SignedIn,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Self {
        let name = wording::party_name(&party.session);
        let members = party.session.members.iter().filter(|member| member.account != signed_in.me.account);
        let faces = members.take(2).map(|m| (m.account, one_line(m.online_id.as_str()))).collect();
        match chat {
            Some(chat) => {
                let row = Self::of_chat(chat, signed_in, now, zone);
                Self { faces, title: "Party chat".to_owned(), ..row }
            }
            None => Self {
                faces,
                title: "Party chat".to_owned(),
                writing: false,
                line: name,
                time: String::new(),
                unread: None,
                favorite: false,
            },
        }
    }

    fn show(&self, ui: &mut Ui, cx: &Cx<'_>, group: &GroupId) {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
        response.widget_info(|| {
            let unread = self.unread.as_ref().map(|count| format!(", {count} unread")).unwrap_or_default();
            let favorite = if self.favorite { ", favourite" } else { "" };
            let said = format!("{}, {}{unread}{favorite}", self.title, self.line);
            WidgetInfo::labeled(Role::Button, true, said)
        });
        widgets::scroll_to_focus(&response);
        let cut = ui.is_rect_visible(rect) && self.paint(ui, rect, &response);
        if response.clicked() {
            cx.send(Command::OpenChat(group.clone()));
        }
        if cut {
            response.on_hover_text(format!("{}\n{}", self.title, self.line));
        }
    }

    /// Returns whether text had to be cut.
    fn paint(&self, ui: &Ui, rect: Rect, response: &Response) -> bool {
        let colours = palette(ui);
        let behind = if response.hovered() { colours.hover } else { colours.panel };
        ui.painter().rect_filled(rect, 0.0, behind);
        widgets::focus_ring(ui, response, rect.shrink(3.0), 4.0);
        paint_faces(ui, &self.faces, pos2(rect.left() + SIDE, rect.center().y), behind);

        let left = rect.left() + SIDE + AVATAR + 12.0;
        let right = rect.right() - SIDE;
        let (upper, lower) = (rect.center().y - 10.0, rect.center().y + 11.0);
        let painter = ui.painter();
        let font = theme::caps();
        let at = pos2(right, upper);
        let (time, _) =
            widgets::paint_line(painter, at, Align2::RIGHT_CENTER, &self.time, font, colours.dim, 110.0);
        let mut title_right = time.left() - 8.0;
        if self.favorite {
            let at = pos2(title_right - 7.0, upper);
            Icon::Star.paint(painter, Rect::from_center_size(at, Vec2::splat(14.0)), colours.warn);
            title_right -= 20.0;
        }
        let mut line_right = right;
        if let Some(unread) = &self.unread {
            line_right =
                widgets::count_badge(ui, pos2(right, lower), Align2::RIGHT_CENTER, unread).left() - 8.0;
        }
        let new = self.unread.is_some();
        let (font, line_color) = match (self.writing, new) {
            (true, _) => (theme::small(), colours.accent),
            (false, true) => (theme::small(), colours.text),
            (false, false) => (theme::small(), colours.dim),
        };
        let title_font = if new { theme::strong() } else { theme::body() };
        let line = |y: f32, text: &str, font, color: Color32, right: f32| {
            let at = pos2(left, y);
            widgets::paint_line(painter, at, Align2::LEFT_CENTER, text, font, color, right - left).1
        };
        let title_cut = line(upper, &self.title, title_font, colours.text, title_right);
        let line_cut = line(lower, &self.line, font, line_color, line_right);
        title_cut || line_cut
    }
}

/// The others, two at most.
fn faces(members: &[GroupMember], me: AccountId) -> Vec<(AccountId, String)> {
    let others = members.iter().filter(|member| member.account != me);
    others.take(2).map(|other| (other.account, words::member(other))).collect()
}

/// One face, or two that overlap, from `left_center` on.
fn paint_faces(ui: &Ui, faces: &[(AccountId, String)], left_center: egui::Pos2, behind: Color32) {
    let center = left_center + vec2(AVATAR / 2.0, 0.0);
    match faces {
        [] => Avatar::new(AccountId(0), "", AVATAR).paint(ui, center, behind),
        [(account, name)] => Avatar::new(*account, name, AVATAR).paint(ui, center, behind),
        [(first, first_name), (second, second_name), ..] => {
            let size = AVATAR * 0.68;
            let away = Vec2::splat((AVATAR - size) / 2.0);
            Avatar::new(*first, first_name, size).paint(ui, center - away, behind);
            ui.painter().circle_filled(center + away, size / 2.0 + 2.0, behind);
            Avatar::new(*second, second_name, size).paint(ui, center + away, behind);
        }
    }
}
