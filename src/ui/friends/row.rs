//! One friend in the list: a face, a name, what they do, the party they are in. Main thread.

use egui::{Align2, Color32, Rect, Response, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::{
    Together,
    group::{Entry, InParty, Kind, is_online},
};
use crate::{
    client::{Command, SignedIn},
    model::Friend,
    ui::{
        Cx,
        display::one_line,
        home::Entering,
        theme,
        theme::palette,
        widgets::{self, Avatar, Badge},
        wording,
    },
};

pub struct Row<'a> {
    pub friend: &'a Friend,
    pub entry: &'a Entry,
    pub kind: Kind,
    /// Where it stands in its group, and how many there are.
    pub place: (usize, usize),
    pub collapsed: bool,
}

/// What a row says.
struct Words {
    name: String,
    doing: String,
    party: Option<InParty>,
}

impl Row<'_> {
    pub fn show(
        &self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        signed_in: &SignedIn,
        rect: Rect,
        now: jiff::Timestamp,
    ) -> Response {
        let account = self.friend.profile.account;
        let words = self.words(cx, signed_in, now);
        // By account, not by place: the focus and an open menu stay with a friend when the list is sorted anew.
        let response = ui.interact(rect, ui.make_persistent_id(account), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, self.spoken(&words)));
        let (index, count) = self.place;
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_position_in_set(index + 1);
            node.set_size_of_set(count);
        });
        widgets::scroll_to_focus(&response);
        let cut = ui.is_rect_visible(rect) && self.paint(ui, rect, &response, &words);
        if response.clicked() {
            cx.send(Command::OpenCard(account));
        }
        widgets::context_menu(&response, &words.name, 220.0, |ui| self.menu(ui, cx, signed_in, &words));
        match cut || self.collapsed {
            true => response.on_hover_text(format!("{}\n{}", words.name, words.doing)),
            false => response,
        }
    }

    fn words(&self, cx: &Cx<'_>, signed_in: &SignedIn, now: jiff::Timestamp) -> Words {
        let current = cx.party().map(|party| &party.session);
        let party = self.entry.party.and_then(|at| InParty::at(at, signed_in.parties.items(), current));
        Words {
            name: one_line(self.friend.profile.online_id.as_str()),
            doing: wording::presence(self.friend.presence.as_ref(), now),
            party,
        }
    }

    fn spoken(&self, words: &Words) -> String {
        let party = words.party.as_ref().map(|party| format!(", in {}", party.name)).unwrap_or_default();
        let game = if self.entry.same_game { ", same game" } else { "" };
        format!("{}, {}{game}{party}", words.name, words.doing)
    }

    /// Returns whether text had to be cut.
    fn paint(&self, ui: &Ui, rect: Rect, response: &Response, words: &Words) -> bool {
        let colours = palette(ui);
        let behind = if response.hovered() { colours.hover } else { colours.panel };
        ui.painter().rect_filled(rect, 0.0, behind);
        widgets::focus_ring(ui, response, rect.shrink(3.0), 4.0);

        let online = is_online(self.friend);
        let offline = !online && self.kind != Kind::InParty;
        let badge = if online { Badge::Online } else { Badge::Offline };
        let center = rect.left_center() + vec2(36.0, 0.0);
        let avatar = Avatar::new(self.friend.profile.account, &words.name, 40.0);
        avatar.badge(badge).faded(offline).paint(ui, center, behind);
        if self.collapsed {
            return false;
        }

        let left = rect.left() + 68.0;
        let mut right = rect.right() - 16.0;
        let pill = match &words.party {
            Some(party) => Some(party.short.as_str()),
            None => self.entry.same_game.then_some("same game"),
        };
        if let Some(pill) = pill {
            let width = widgets::pill_width(ui.painter(), pill).min(112.0);
            widgets::pill(ui, pos2(right - width, rect.center().y), pill, width);
            right -= width + 10.0;
        }
        let fade = |color: Color32| if offline { behind.lerp_to_gamma(color, 0.62) } else { color };
        let line = |dy: f32, text: &str, font, color| {
            let at = pos2(left, rect.center().y + dy);
            widgets::paint_line(ui.painter(), at, Align2::LEFT_CENTER, text, font, fade(color), right - left)
                .1
        };
        let name_cut = line(-10.0, &words.name, theme::body(), colours.text);
        let doing_cut = line(10.0, &words.doing, theme::small(), colours.dim);
        name_cut || doing_cut
    }

    fn menu(&self, ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, words: &Words) {
        let account = self.friend.profile.account;
        if widgets::menu_item(ui, "Show the card", None).clicked() {
            cx.send(Command::OpenCard(account));
        }
        if widgets::menu_item(ui, "Write a message", None).clicked() {
            cx.send(Command::OpenChatWith(vec![account]));
        }
        let entering = Entering::now(cx);
        if let Some(party) = words.party.as_ref().filter(|party| party.joinable && !party.full)
            && entering.is_possible()
            && widgets::menu_item(ui, &format!("{} {}", entering.label(), party.name), None).clicked()
        {
            cx.send(Command::JoinParty(party.session.clone()));
        }
        let together = Together::with(signed_in, account);
        ui.add_enabled_ui(together.is_possible(), |ui| {
            if widgets::menu_item(ui, together.label(), None).clicked() {
                together.carry_out(cx, account);
            }
        });
        let favorite = signed_in.people.favorites.contains(&account);
        let label = if favorite { "No favourite any more" } else { "Make a favourite" };
        if widgets::menu_item(ui, label, None).clicked() {
            cx.send(Command::SetFavorite { account, favorite: !favorite });
        }
    }
}
