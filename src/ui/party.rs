//! The page of the party I am in: who is here, who speaks, whom to invite.

use egui::{Align2, Rect, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, pos2, vec2};

use super::{
    Cx, Page,
    dialogs::Dialog,
    display::one_line,
    home, problems, theme,
    theme::palette,
    widgets::{self, Avatar, Badge, Button, Icon},
    wording,
};
use crate::{
    client::{Command, Party, SignedIn, VoiceStatus},
    model::{Decibels, Member, Privacy, Profile},
};

const CARD_HEIGHT: f32 = 86.0;
const CARD_WIDTH: f32 = 220.0;
const GAP: f32 = 14.0;

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, party: &Party) {
    let colours = palette(ui);
    let subtitle = subtitle(cx, party);
    let narrow = ui.available_width() < 520.0;
    let mut dialog = None;
    let title = |ui: &mut Ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.add_space(9.0);
            widgets::line(ui, wording::party_name(&party.session), theme::title(), colours.text);
            widgets::line(ui, subtitle, theme::small(), colours.dim);
        });
    };
    let actions = |ui: &mut Ui| {
        let more = ui.add(Button::ghost("More").icon(Icon::More).icon_only(true));
        widgets::menu(&more.on_hover_text("Name and privacy"), "Name and privacy", 220.0, |ui| {
            if widgets::menu_item(ui, "Rename the party", None).clicked() {
                dialog = Some(Dialog::Rename(party.session.name.clone()));
            }
            ui.separator();
            for privacy in [Privacy::InviteOnly, Privacy::FriendsCanJoin] {
                let chosen = party.session.privacy == privacy;
                let item = widgets::menu_item(ui, wording::privacy(privacy), Some(chosen));
                if item.clicked() && !chosen {
                    cx.send(Command::SetPrivacy(privacy));
                }
            }
        });
        if ui.add(Button::ghost("Invite").icon(Icon::Plus).icon_only(narrow)).clicked() {
            dialog = Some(Dialog::invite());
        }
    };
    if widgets::header(ui, Some("All parties"), title, actions) {
        cx.nav.page = Page::Parties;
    }
    home::body(ui, f32::INFINITY, |ui| {
        problems::show_page(ui, cx, signed_in);
        if grid(ui, cx, signed_in, party) {
            dialog = Some(Dialog::invite());
        }
    });
    if dialog.is_some() {
        cx.nav.dialog = dialog;
    }
}

/// `5 of 16 · Invite only · voice connected, 38 ms`.
fn subtitle(cx: &Cx<'_>, party: &Party) -> String {
    let session = &party.session;
    let mut text = format!(
        "{} of {} · {} · {}",
        session.members.len(),
        session.max_members,
        wording::privacy(session.privacy),
        wording::voice(party.voice)
    );
    if let (VoiceStatus::Connected, Some(rtt)) = (party.voice, cx.handle.meters.rtt_millis()) {
        text += &format!(", {:.0} ms", rtt.max(1.0));
    }
    text
}

/// The members and a place for one more. Returns whether that place was pressed.
fn grid(ui: &mut Ui, cx: &Cx<'_>, signed_in: &SignedIn, party: &Party) -> bool {
    let width = ui.available_width();
    let columns = (((width + GAP) / (CARD_WIDTH + GAP)) as usize).max(1);
    let card = vec2((width - GAP * (columns - 1) as f32) / columns as f32, CARD_HEIGHT);
    let members = &party.session.members;
    let invited = invited(signed_in, party);
    let room = members.len() < party.session.max_members as usize;
    let places = members.len() + invited.len() + usize::from(room);
    let rows = places.div_ceil(columns);
    let height = rows as f32 * (CARD_HEIGHT + GAP) - GAP;
    let (rect, _) = ui.allocate_exact_size(vec2(width, height.max(0.0)), Sense::hover());
    let place = |index: usize| {
        let (column, row) = (index % columns, index / columns);
        let offset = vec2(column as f32 * (card.x + GAP), row as f32 * (CARD_HEIGHT + GAP));
        Rect::from_min_size(rect.min + offset, card)
    };

    for (index, member) in members.iter().enumerate() {
        let rect = place(index);
        if ui.is_rect_visible(rect) {
            let me = member.account == signed_in.me.account;
            member_card(ui, rect, member, party, &Voice::of(cx, party, member, me));
        }
    }
    for (index, profile) in invited.iter().enumerate() {
        invited_card(ui, place(members.len() + index), profile);
    }
    room && invite_card(ui, place(members.len() + invited.len()))
}

/// The friends who were asked and are not here yet.
fn invited<'a>(signed_in: &'a SignedIn, party: &Party) -> Vec<&'a Profile> {
    let profiles = signed_in.friends.items().iter().map(|friend| &friend.profile);
    profiles.filter(|profile| party.invited.contains(&profile.account)).collect()
}

/// How a member sounds, in a word and as a picture.
#[derive(Debug, PartialEq)]
struct Voice {
    words: String,
    speaking: Option<Decibels>,
    muted: bool,
    connecting: bool,
}

impl Voice {
    fn of(cx: &Cx<'_>, party: &Party, member: &Member, me: bool) -> Self {
        let meters = &cx.handle.meters;
        if me {
            let speaking = meters.is_live().then(|| meters.microphone.get());
            return Self::mine(party, speaking);
        }
        Self::theirs(member, meters.speaking(member.account))
    }

    fn mine(party: &Party, speaking: Option<Decibels>) -> Self {
        let connecting = matches!(party.voice, VoiceStatus::Connecting | VoiceStatus::Reconnecting);
        let word = match party.voice {
            VoiceStatus::Connecting | VoiceStatus::Reconnecting => "connecting…",
            VoiceStatus::Failed => "no voice",
            VoiceStatus::Connected if party.talk.deafened => "deafened",
            VoiceStatus::Connected if party.talk.muted => "muted",
            VoiceStatus::Connected if speaking.is_some() => "talking",
            VoiceStatus::Connected => "quiet",
        };
        Self {
            words: format!("You · {word}"),
            speaking: speaking.filter(|_| party.voice == VoiceStatus::Connected && !party.talk.muted),
            muted: party.talk.muted || party.talk.deafened,
            connecting,
        }
    }

    /// What is heard counts more than what the member says of themselves.
    fn theirs(member: &Member, speaking: Option<Decibels>) -> Self {
        let on = |word: &str| match wording::platform(member.platform) {
            Some(platform) => format!("{platform} · {word}"),
            None => word.to_owned(),
        };
        let connecting = speaking.is_none() && member.connected_to.is_none();
        let words = match speaking {
            Some(_) => on("talking"),
            None if connecting => "Connecting…".to_owned(),
            None if member.muted => "Muted".to_owned(),
            None => on("quiet"),
        };
        Self { words, speaking, muted: speaking.is_none() && member.muted, connecting }
    }
}

fn member_card(ui: &mut Ui, rect: Rect, member: &Member, party: &Party, voice: &Voice) {
    let colours = palette(ui);
    let host = party.session.owner == Some(member.account);
    let name = one_line(member.online_id.as_str());
    let response = ui.interact(rect, ui.make_persistent_id(("member", member.account)), Sense::hover());
    response.widget_info(|| {
        let host = if host { ", host" } else { "" };
        WidgetInfo::labeled(Role::ListItem, true, format!("{name}{host}, {}", voice.words))
    });

    widgets::card_background(ui, rect);
    let mut avatar = Avatar::new(member.account, &name, 52.0).speaking(voice.speaking);
    if voice.muted {
        avatar = avatar.badge(Badge::Muted);
    }
    if voice.connecting {
        // A member may never say that they are connected: their arc stands still, and costs no frames.
        avatar = avatar.connecting(0.1);
    }
    avatar.paint(ui, pos2(rect.left() + 42.0, rect.center().y), colours.card);

    let left = rect.left() + 84.0;
    let right = rect.right() - 14.0;
    let pill_width = if host { widgets::pill_width(ui.painter(), "host") + 8.0 } else { 0.0 };
    let painter = ui.painter();
    let at = pos2(left, rect.center().y - 11.0);
    let room = right - left - pill_width;
    let (text, name_cut) =
        widgets::paint_line(painter, at, Align2::LEFT_CENTER, &name, theme::strong(), colours.text, room);
    if host {
        widgets::pill(ui, pos2(text.right() + 8.0, at.y), "host", pill_width - 8.0);
    }
    let at = pos2(left, rect.center().y + 11.0);
    let color = if voice.speaking.is_some() { colours.live } else { colours.dim };
    let (_, words_cut) = widgets::paint_line(
        painter,
        at,
        Align2::LEFT_CENTER,
        &voice.words,
        theme::small(),
        color,
        right - left,
    );
    if name_cut || words_cut {
        response.on_hover_text(format!("{name}\n{}", voice.words));
    }
}

fn invited_card(ui: &mut Ui, rect: Rect, profile: &Profile) {
    let colours = palette(ui);
    let name = one_line(profile.online_id.as_str());
    let response = ui.interact(rect, ui.make_persistent_id(("invited", profile.account)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, format!("{name}, invited")));
    widgets::dashed_outline(ui, rect, colours.line);
    let center = pos2(rect.left() + 42.0, rect.center().y);
    Avatar::new(profile.account, &name, 52.0).faded(true).paint(ui, center, colours.background);
    let (left, room) = (rect.left() + 84.0, rect.width() - 98.0);
    let line = |dy: f32, text: &str, font, color| {
        let at = pos2(left, rect.center().y + dy);
        widgets::paint_line(ui.painter(), at, Align2::LEFT_CENTER, text, font, color, room).1
    };
    let cut = line(-11.0, &name, theme::strong(), colours.dim);
    line(11.0, "Invited", theme::small(), colours.dim);
    if cut {
        response.on_hover_text(name);
    }
}

fn invite_card(ui: &mut Ui, rect: Rect) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountId, OnlineId, Platform};

    fn member(muted: bool, connected: bool) -> Member {
        Member {
            account: AccountId(1),
            online_id: OnlineId::from("Nova"),
            platform: Platform::Ps5,
            join_order: 1,
            muted,
            connected_to: connected.then(Vec::new),
        }
    }

    #[test]
    fn a_member_who_is_heard_is_talking_whatever_they_say() {
        let voice = Voice::theirs(&member(true, false), Some(Decibels(-20.0)));
        assert_eq!(voice.words, "PS5 · talking");
        assert!(!voice.muted && !voice.connecting);
    }

    #[test]
    fn a_silent_member_is_connecting_muted_or_quiet() {
        assert_eq!(Voice::theirs(&member(false, false), None).words, "Connecting…");
        assert_eq!(Voice::theirs(&member(true, true), None).words, "Muted");
        assert_eq!(Voice::theirs(&member(false, true), None).words, "PS5 · quiet");
    }
}
