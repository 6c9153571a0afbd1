//! Messages: the list of conversations and the one that is open. On the right of the window where there is room, and a page
//! of its own where there is not.
//!
//! Which conversation is open is the client's to know; whether it is on screen is known here. One that is not on screen is
//! closed, for what arrives in an open one counts as read.

mod column;
mod compose;
mod list;
mod message;
mod reactions;
mod rows;
mod thread;

use egui::{Align, Id, Key, Layout, Popup, Rect, Ui, pos2, vec2};

use self::{compose::Drafts, thread::Thread};
use super::{
    Cx, Page,
    dialogs::Dialog,
    display, home, problems, theme,
    theme::palette,
    widgets::{self, Back, Button, Icon},
    wording::{self, messages as words},
};
use crate::{
    client::{Chat, ChatWith, Command, OpenChat, Screen, SignedIn, Snapshot, Unread},
    model::{AccountId, Group},
};

pub const PANEL_WIDTH: f32 = 300.0;
/// A window narrower than this has no room for messages beside its page.
const PANEL_FROM: f32 = 1100.0;
const TYPING_HEIGHT: f32 = 20.0;

/// What the window keeps of conversations between frames.
#[derive(Default)]
pub struct State {
    drafts: Drafts,
    thread: Option<Thread>,
    /// A conversation was opened: it comes on screen.
    reveal: bool,
    /// The client was asked to close the one that is open.
    closing: bool,
}

impl State {
    pub fn new(snapshot: &Snapshot) -> Self {
        Self { reveal: open_chat(snapshot).is_some(), ..Self::default() }
    }

    /// Takes over what the client opened and closed.
    pub fn follow(&mut self, old: &Snapshot, new: &Snapshot) {
        match (open_chat(old), open_chat(new)) {
            (Some(old), Some(new)) if old.with == new.with => {}
            // The first message made their group.
            (
                Some(OpenChat { with: people @ ChatWith::People(_), .. }),
                Some(OpenChat { with: group, .. }),
            ) if matches!(group, ChatWith::Group(_)) => {
                self.drafts.move_to(people, group);
                if let Some(thread) = &mut self.thread {
                    thread.with = group.clone();
                }
            }
            (_, Some(_)) => {
                self.reveal = true;
                self.closing = false;
            }
            (_, None) => self.closing = false,
        }
    }

    /// Brings messages on screen, and closes a conversation that is not. Returns whether they stand on the right.
    pub fn settle(&mut self, ui: &Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) -> bool {
        let room = has_room(ui);
        let open = signed_in.chats.open.is_some();
        if cx.nav.asked_for_chat.take() {
            // It may be the one that was about to be closed, and never be seen closed.
            self.closing = false;
            self.reveal = true;
        }
        if std::mem::take(&mut self.reveal) && open {
            cx.nav.messages_hidden = false;
            if !room {
                cx.nav.open_aside(Page::Messages);
            }
        }
        if room && cx.nav.page == Page::Messages {
            // The window has become wide.
            cx.nav.messages_hidden = false;
            cx.nav.leave_aside();
        }
        let panel = room && !cx.nav.messages_hidden;
        let seen = panel || cx.nav.page == Page::Messages;
        if open && !seen && !self.closing {
            self.closing = true;
            cx.send(Command::CloseChat);
        }
        cx.nav.messages_beside = panel;
        panel
    }
}

fn open_chat(snapshot: &Snapshot) -> Option<&OpenChat> {
    match &snapshot.screen {
        Screen::SignedIn(signed_in) => signed_in.chats.open.as_deref(),
        Screen::Starting { .. } | Screen::SignedOut | Screen::SigningIn(_) => None,
    }
}

fn has_room(ui: &Ui) -> bool {
    ui.ctx().content_rect().width() >= PANEL_FROM
}

/// The way to messages, with a mark while some are unread. Fills `rect`.
pub fn button(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, rect: Rect) {
    let mark = unread_in_all(signed_in.chats.list.items());
    let name = mark
        .as_ref()
        .map_or_else(|| "Conversations".to_owned(), |mark| format!("Conversations, {mark} unread"));
    if widgets::marked_button(ui, rect, Icon::Speech, &name, mark.as_deref()).clicked() {
        match (has_room(ui), cx.nav.page) {
            (true, _) => cx.nav.messages_hidden = !cx.nav.messages_hidden,
            (false, Page::Messages) => cx.nav.leave_aside(),
            (false, _) => cx.nav.open_aside(Page::Messages),
        }
    }
}

fn unread_in_all(chats: &[Chat]) -> Option<String> {
    let all = chats.iter().fold(Unread::None, |all, chat| match (all, chat.unread) {
        (all, Unread::None) => all,
        (Unread::None, one) => one,
        (Unread::Count(a), Unread::Count(b)) => Unread::Count(a.saturating_add(b)),
        (Unread::Count(a) | Unread::AtLeast(a), Unread::Count(b) | Unread::AtLeast(b)) => {
            Unread::AtLeast(a.saturating_add(b))
        }
    });
    words::unread(all)
}

/// The list, or the conversation that is open. `page`: it is one of its own, with a way back.
pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, state: &mut State, page: bool) {
    ui.spacing_mut().item_spacing.y = 0.0;
    match signed_in.chats.open.as_deref().filter(|_| !state.closing) {
        Some(open) => conversation(ui, cx, signed_in, open, state, page),
        None => {
            state.thread = None;
            overview(ui, cx, signed_in, page);
        }
    }
}

fn overview(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, page: bool) {
    let colours = palette(ui);
    let title = |ui: &mut Ui| {
        widgets::line(ui, "Messages", theme::title(), colours.text);
    };
    let mut hide = false;
    let back = widgets::header(ui, page.then(|| home::way_back("Back", signed_in)), title, |ui| {
        hide = !page && widgets::icon_button(ui, Icon::Close, "Hide messages").clicked();
        let name = "New conversation";
        if widgets::icon_button(ui, Icon::Plus, name).clicked() {
            cx.nav.dialog = Some(Dialog::new_chat());
        }
    });
    cx.nav.messages_hidden |= hide;
    if back || page && widgets::escaped(ui, cx.nav.typing) {
        cx.nav.leave_aside();
    }
    troubles(ui, cx, signed_in, page);
    list::show(ui, cx, signed_in);
}

/// What is wrong, between the header and what is below it.
fn troubles(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, page: bool) {
    let any = problems::any(ui, cx, problems::Spot::Messages);
    if !page && !any {
        return;
    }
    let margin = egui::Margin { left: 12, right: 12, top: if any { 12 } else { 0 }, bottom: 0 };
    egui::Frame::new().inner_margin(margin).show(ui, |ui| match page {
        true => problems::show_page(ui, cx, signed_in),
        false => problems::show(ui, cx, problems::Spot::Messages),
    });
}

fn conversation(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    signed_in: &SignedIn,
    open: &OpenChat,
    state: &mut State,
    page: bool,
) {
    let about = About::of(cx, signed_in, open);
    let popup = Popup::is_any_open(ui.ctx());
    let mut back = header(ui, cx, &about);
    troubles(ui, cx, signed_in, page);

    let fresh = state.thread.as_ref().is_none_or(|thread| thread.with != open.with);
    if fresh {
        state.thread = Some(Thread::new(open.with.clone()));
    }
    let draft = state.drafts.of(&open.with);
    let rest = ui.available_rect_before_wrap();
    let compose = compose::height(ui, draft, rest.width());
    let lower = rest.with_min_y(rest.bottom() - compose);
    let typing = Rect::from_min_max(pos2(rest.left(), lower.top() - TYPING_HEIGHT), lower.right_top());
    let upper = rest.with_max_y(typing.top());
    if let Some(thread) = &mut state.thread {
        widgets::place(ui, upper, Layout::top_down(Align::Min), |ui| {
            ui.set_clip_rect(ui.clip_rect().intersect(upper));
            thread.show(ui, cx, signed_in, open);
        });
    }
    if !about.writing.is_empty() {
        let place = typing.shrink2(vec2(16.0, 0.0));
        widgets::place(ui, place, Layout::left_to_right(Align::Center), |ui| {
            widgets::line(ui, about.writing.as_str(), theme::caps(), palette(ui).dim);
        });
    }
    let id = Id::unique("message").with(match &open.with {
        ChatWith::Group(group) => Id::unique(group),
        ChatWith::People(people) => Id::unique(people),
    });
    let outcome = compose::show(ui, cx, lower, draft, &about.hint, id, fresh);
    if outcome.sent
        && let Some(thread) = &mut state.thread
    {
        thread.go_to_end();
    }
    let escape = page
        && !popup
        && cx.nav.dialog.is_none()
        && ui.memory(|memory| memory.top_modal_layer().is_none())
        && ui.input(|input| input.key_pressed(Key::Escape));
    back |= escape || outcome.left && !popup;
    if back && !state.closing {
        state.closing = true;
        cx.send(Command::CloseChat);
    }
}

/// The open conversation in words.
struct About {
    title: String,
    subtitle: String,
    hint: String,
    writing: String,
    /// Whose cards can be opened.
    others: Vec<(AccountId, String)>,
}

impl About {
    fn of(cx: &Cx<'_>, signed_in: &SignedIn, open: &OpenChat) -> Self {
        let me = signed_in.me.account;
        let chat = match &open.with {
            ChatWith::Group(id) => signed_in.chats.list.items().iter().find(|chat| chat.group.id == *id),
            ChatWith::People(_) => None,
        };
        let no_members = Vec::new();
        let members = chat.map_or(&no_members, |chat| &chat.group.members);
        let party = cx.party().filter(
            |party| matches!((&party.chat, &open.with), (Some(chat), ChatWith::Group(group)) if chat == group),
        );
        let others: Vec<(AccountId, String)> = match (&open.with, party) {
            (ChatWith::People(people), _) => {
                people.iter().map(|who| (*who, list::name_of(signed_in, *who))).collect()
            }
            (ChatWith::Group(_), Some(party)) => {
                let members = party.session.members.iter().filter(|member| member.account != me);
                members.map(|m| (m.account, display::one_line(m.online_id.as_str()))).collect()
            }
            (ChatWith::Group(_), None) => {
                members.iter().filter(|m| m.account != me).map(|m| (m.account, words::member(m))).collect()
            }
        };
        let names = || wording::names(others.iter().map(|(_, name)| name.as_str()));
        let title = match (party, chat) {
            (Some(_), _) => "Party chat".to_owned(),
            (None, Some(chat)) => words::chat_title(&chat.group, me),
            (None, None) if others.is_empty() => "Conversation".to_owned(),
            (None, None) => names(),
        };
        let subtitle = match (party, chat) {
            (Some(party), _) => wording::party_name(&party.session),
            _ if others.len() < 2 => String::new(),
            (None, Some(Chat { group: Group { name, .. }, .. })) if !name.trim().is_empty() => names(),
            _ => format!("{} people", others.len() + 1),
        };
        let hint = match (party, others.as_slice()) {
            (Some(_), _) => "Message the party".to_owned(),
            (None, [(_, name)]) => format!("Message {name}"),
            _ => "Message".to_owned(),
        };
        let writing: Vec<String> = chat
            .map(|chat| &chat.writing)
            .into_iter()
            .flatten()
            .map(|account| list::name_of(signed_in, *account))
            .collect();
        Self { title, subtitle, hint, writing: words::writing(&writing), others }
    }
}

/// Returns whether "back" was pressed.
fn header(ui: &mut Ui, cx: &Cx<'_>, about: &About) -> bool {
    let colours = palette(ui);
    let title = |ui: &mut Ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            ui.add_space(if about.subtitle.is_empty() { 20.0 } else { 12.0 });
            widgets::line(ui, about.title.as_str(), theme::strong(), colours.text);
            if !about.subtitle.is_empty() {
                widgets::line(ui, about.subtitle.as_str(), theme::small(), colours.dim);
            }
        });
    };
    widgets::header(ui, Some(Back::named("All conversations")), title, |ui| {
        if about.others.is_empty() {
            return;
        }
        let more = ui.add(Button::ghost("Who is here").icon(Icon::More).icon_only(true));
        widgets::menu(&more.on_hover_text("Who is here"), "Who is here", 200.0, |ui| {
            egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
                for (account, name) in &about.others {
                    if widgets::menu_item(ui, name, None).clicked() {
                        cx.send(Command::OpenCard(*account));
                    }
                }
            });
        });
    })
}
