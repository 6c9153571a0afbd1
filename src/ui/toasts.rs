//! Toasts: what just happened, in the lower right corner, for a moment. Some can be answered where they are. Main thread.

use std::{collections::VecDeque, time::Duration};

use egui::{Align, Align2, Area, Id, Layout, Order, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, vec2};

use super::{
    Cx, chats,
    home::Entering,
    theme,
    theme::palette,
    widgets::{self, Button},
    wording::{self, parties},
};
use crate::{
    client::{Command, Notice, SignedIn},
    model::{GroupId, Invitation, PartyLink, SessionId},
};

const SHOWN_SECONDS: f64 = 4.0;
/// There is something to read, or to press.
const SHOWN_LONGER_SECONDS: f64 = 8.0;
const INVITATION_SECONDS: f64 = 20.0;
/// What is pointed at does not go away under the hand.
const HELD_SECONDS: f64 = 2.0;
const MOST: usize = 3;
const WIDTH: f32 = 340.0;

#[derive(Debug)]
struct Toast {
    text: String,
    until: f64,
    offer: Offer,
}

/// What can be done about it at once.
#[derive(Debug, PartialEq)]
enum Offer {
    Nothing,
    /// `seen`: it stood in the list, so it is over once it does not.
    Join {
        session: SessionId,
        seen: bool,
    },
    Open(GroupId),
    Copy(PartyLink),
}

impl Offer {
    /// What is lost with it: a message stays in its conversation, a link on the page of the party.
    fn weight(&self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Open(_) => 1,
            Self::Copy(_) => 2,
            Self::Join { .. } => 3,
        }
    }
}

impl Toast {
    fn new(notice: &Notice, now: f64) -> Self {
        let (offer, seconds) = match notice {
            Notice::Invited { session, .. } => {
                (Offer::Join { session: session.clone(), seen: false }, INVITATION_SECONDS)
            }
            Notice::Message { group, .. } => (Offer::Open(group.clone()), SHOWN_LONGER_SECONDS),
            Notice::PartyLinkReady(link) => (Offer::Copy(link.clone()), SHOWN_LONGER_SECONDS),
            _ => (Offer::Nothing, SHOWN_SECONDS),
        };
        Self { text: wording::notice(notice), until: now + seconds, offer }
    }

    /// The newer one says all that the older did.
    fn replaces(&self, older: &Self) -> bool {
        match (&self.offer, &older.offer) {
            (Offer::Join { session, .. }, Offer::Join { session: other, .. }) => session == other,
            (Offer::Open(group), Offer::Open(other)) => group == other,
            (Offer::Copy(_), Offer::Copy(_)) => true,
            _ => self.text == older.text,
        }
    }
}

/// The toasts on screen, oldest first.
#[derive(Debug, Default)]
pub struct Toasts {
    shown: VecDeque<Toast>,
    /// As last drawn.
    size: Vec2,
}

impl Toasts {
    /// Adds what happened at `now`, in the window's seconds. The same twice is shown once, and the oldest make room, those
    /// that matter least first.
    pub fn extend(&mut self, notices: Vec<Notice>, now: f64) {
        for notice in notices {
            let toast = Toast::new(&notice, now);
            self.shown.retain(|older| !toast.replaces(older));
            if self.shown.len() == MOST {
                let least = self.shown.iter().enumerate().min_by_key(|(_, older)| older.offer.weight());
                self.shown.remove(least.map_or(0, |(oldest, _)| oldest));
            }
            self.shown.push_back(toast);
        }
    }

    /// Nothing is left to answer: it was another account's.
    pub fn withdraw_offers(&mut self) {
        self.shown.retain(|toast| toast.offer == Offer::Nothing);
    }

    /// Drops what is over by time, and invitations that were used or are gone.
    fn expire(&mut self, open: &[Invitation], now: f64) {
        self.shown.retain_mut(|toast| {
            let gone = match &mut toast.offer {
                Offer::Join { session, seen } => {
                    let stands = open.iter().any(|invitation| invitation.session == *session);
                    let was_seen = std::mem::replace(seen, *seen || stands);
                    was_seen && !stands
                }
                Offer::Nothing | Offer::Open(_) | Offer::Copy(_) => false,
            };
            !gone && toast.until > now
        });
    }

    /// Draws them above the lowest `bar_height` points, and asks for one frame when the next is over.
    pub fn show(&mut self, ui: &Ui, cx: &Cx<'_>, signed_in: &SignedIn, bar_height: f32) {
        let now = ui.input(|input| input.time);
        self.expire(&signed_in.invitations, now);
        if self.shown.is_empty() {
            return;
        }
        let can_answer = self.shown.iter().any(|toast| toast.offer != Offer::Nothing);
        let width = (ui.ctx().content_rect().width() - 64.0).min(WIDTH);
        // Not over what is being written.
        let beside = if cx.nav.messages_beside { chats::PANEL_WIDTH } else { 0.0 };
        let mut answered = None;
        let area = Area::new(Id::unique("toasts"))
            .anchor(Align2::RIGHT_BOTTOM, vec2(-24.0 - beside, -16.0 - bar_height))
            .order(Order::Tooltip)
            .interactable(can_answer)
            .accessible_name("Notices")
            .show(ui.ctx(), |ui| {
                ui.with_layout(Layout::top_down(Align::Max), |ui| {
                    for (index, toast) in self.shown.iter().enumerate() {
                        let id = Id::unique("toast").with(&toast.text);
                        let done = ui.push_id(id, |ui| draw(ui, cx, signed_in, toast, width)).inner;
                        if done {
                            answered = Some(index);
                        }
                    }
                });
            })
            .response;
        if let Some(index) = answered {
            self.shown.remove(index);
        }
        if can_answer && ui.rect_contains_pointer(area.rect) {
            self.shown.iter_mut().for_each(|toast| toast.until = toast.until.max(now + HELD_SECONDS));
        }
        if (area.rect.size() - self.size).abs().max_elem() > 0.5 {
            // They stand where the pass before left room for them: draw again now, since no later frame may come.
            self.size = area.rect.size();
            ui.ctx().request_discard("the toasts have a new size");
        }
        if let Some(next) = self.shown.iter().map(|toast| toast.until).min_by(f64::total_cmp) {
            ui.ctx().request_repaint_after(Duration::from_secs_f64((next - now).max(0.0)));
        }
    }
}

/// Returns whether it was answered.
fn draw(ui: &mut Ui, cx: &Cx<'_>, signed_in: &SignedIn, toast: &Toast, width: f32) -> bool {
    let frame = widgets::floating_frame(ui).show(ui, |ui| {
        ui.set_max_width(width);
        match &toast.offer {
            Offer::Nothing => {
                say(ui, &toast.text);
                false
            }
            Offer::Open(_) => {
                ui.set_width(width);
                ui.vertical(|ui| say(ui, &toast.text));
                false
            }
            Offer::Copy(link) => {
                ui.set_width(width);
                let size = vec2(width, theme::CONTROL_HEIGHT);
                ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
                    let copy = ui.add(Button::ghost("Copy")).clicked();
                    if copy {
                        ui.ctx().copy_text(link.to_string());
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| say(ui, &toast.text));
                    copy
                })
                .inner
            }
            Offer::Join { session, .. } => {
                ui.set_width(width);
                ui.vertical(|ui| invitation(ui, cx, signed_in, session, &toast.text)).inner
            }
        }
    });
    let Offer::Open(group) = &toast.offer else { return frame.inner };
    let rect = frame.response.rect;
    let response = ui.interact(rect, ui.scope_id().with("open"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Open the conversation"));
    widgets::focus_ring(ui, &response, rect, f32::from(theme::CARD_RADIUS));
    if response.clicked() {
        cx.send(Command::OpenChat(group.clone()));
    }
    let clicked = response.clicked();
    response.on_hover_cursor(egui::CursorIcon::PointingHand);
    clicked
}

fn say(ui: &mut Ui, text: &str) {
    let line = widgets::line(ui, text, theme::body(), palette(ui).text);
    widgets::announce(ui, &line);
}

fn invitation(ui: &mut Ui, cx: &Cx<'_>, signed_in: &SignedIn, session: &SessionId, text: &str) -> bool {
    let known = signed_in.invitations.iter().find(|invitation| invitation.session == *session);
    let (title, who) = known.map_or((text.to_owned(), String::new()), parties::invitation);
    say(ui, &title);
    let entering = Entering::now(cx);
    let below = match &entering {
        Entering::Leaving(means) => means,
        Entering::Freely | Entering::NotNow => &who,
    };
    if !below.is_empty() {
        widgets::paragraph(ui, below.as_str(), theme::small(), palette(ui).dim);
    }
    ui.horizontal(|ui| {
        let join = Button::primary(entering.label());
        if ui.add_enabled(entering.is_possible(), join).clicked() {
            cx.send(Command::JoinParty(session.clone()));
            return true;
        }
        let not_now = ui.add(Button::ghost("Not now")).clicked();
        if not_now {
            cx.send(Command::DismissInvitation(session.clone()));
        }
        not_now
    })
    .inner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageKind, OnlineId};

    fn joined(name: &str) -> Notice {
        Notice::MemberJoined(OnlineId::from(name))
    }

    fn invited(session: &str) -> Notice {
        Notice::Invited { session: session.into(), from: None }
    }

    fn standing(session: &str) -> Invitation {
        Invitation {
            session: session.into(),
            from: None,
            from_account: None,
            party_name: String::new(),
            members: Vec::new(),
        }
    }

    fn texts(toasts: &Toasts) -> Vec<&str> {
        toasts.shown.iter().map(|toast| toast.text.as_str()).collect()
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut toasts = Toasts::default();
        toasts.extend(vec![joined("a"), joined("b"), joined("c"), joined("d")], 0.0);
        assert_eq!(texts(&toasts), ["b joined the party", "c joined the party", "d joined the party"]);
    }

    #[test]
    fn an_invitation_is_not_pushed_out_by_chatter() {
        let mut toasts = Toasts::default();
        toasts.extend(vec![invited("squad"), joined("b"), joined("c"), joined("d")], 0.0);
        assert_eq!(
            texts(&toasts),
            ["You are invited to a party", "c joined the party", "d joined the party"]
        );
    }

    #[test]
    fn messages_make_room_before_links_and_links_before_invitations() {
        let message = |group: &str| Notice::Message {
            group: group.into(),
            from: "Nova".into(),
            kind: MessageKind::Text,
            text: "hello".into(),
        };
        let link = "https://party.playstation.com/ASNFZ4mrTe-BI0VniavN7w".parse().expect("a link");
        let mut toasts = Toasts::default();
        toasts.extend(vec![invited("squad"), Notice::PartyLinkReady(link), message("a"), message("b")], 0.0);
        toasts.extend(vec![message("c"), message("d")], 1.0);
        let weights: Vec<_> = toasts.shown.iter().map(|toast| toast.offer.weight()).collect();
        assert_eq!(weights, [3, 2, 1]);
        toasts.extend(vec![invited("harbor"), invited("dawn")], 2.0);
        assert!(toasts.shown.iter().all(|toast| toast.offer.weight() == 3));
        toasts.extend(vec![joined("b")], 3.0);
        assert_eq!(toasts.shown.len(), MOST);
    }

    #[test]
    fn what_happens_again_is_shown_once_and_longer() {
        let mut toasts = Toasts::default();
        toasts.extend(vec![Notice::TalkingWhileMuted], 0.0);
        toasts.extend(vec![Notice::TalkingWhileMuted], 3.0);
        assert_eq!(toasts.shown.len(), 1);
        assert_eq!(toasts.shown[0].until, 3.0 + SHOWN_SECONDS);
    }

    #[test]
    fn a_conversation_has_one_toast_and_it_says_the_newest() {
        let message = |group: &str, text: &str| Notice::Message {
            group: group.into(),
            from: "Nova".into(),
            kind: MessageKind::Text,
            text: text.into(),
        };
        let mut toasts = Toasts::default();
        toasts.extend(vec![message("a", "one"), message("b", "two"), message("a", "three")], 0.0);
        assert_eq!(texts(&toasts), ["Nova: two", "Nova: three"]);
    }

    #[test]
    fn an_invitation_goes_once_it_is_gone_and_not_before_it_was_there() {
        let mut toasts = Toasts::default();
        toasts.extend(vec![invited("squad")], 0.0);
        toasts.expire(&[], 0.1);
        assert_eq!(toasts.shown.len(), 1, "the list may come after the notice");
        toasts.expire(&[standing("squad")], 0.2);
        toasts.expire(&[standing("other")], 0.3);
        assert!(toasts.shown.is_empty());
    }

    #[test]
    fn offers_are_withdrawn_and_news_stay() {
        let mut toasts = Toasts::default();
        toasts.extend(vec![invited("squad"), joined("b")], 0.0);
        toasts.withdraw_offers();
        assert_eq!(texts(&toasts), ["b joined the party"]);
    }
}
