//! Somebody's card over the window: who they are, what they do, and what one can do with them. Main thread.

mod actions;
mod played;
mod tie;

use egui::{Align, Context, Layout, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, vec2};
use jiff::Timestamp;

use self::tie::Tie;
use super::{
    Cx, Page,
    display::{self, one_line},
    friends::InParty,
    home::Entering,
    problems, theme,
    theme::palette,
    widgets::{self, Avatar, Badge, Button, Icon},
    wording,
};
use crate::{
    client::{Card, Command, SignedIn},
    model::{Availability, Profile},
};

const FACE: f32 = 72.0;

/// One card, while it is drawn.
struct Shown<'a> {
    card: &'a Card,
    signed_in: &'a SignedIn,
    tie: Tie,
    name: String,
    now: Timestamp,
}

/// Shows the card that is open, if any.
pub fn show(ctx: &Context, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let Some(card) = &signed_in.people.card else { return };
    let name = one_line(card.profile.online_id.as_str());
    let shown = Shown { card, signed_in, tie: Tie::of(signed_in, card), name, now: Timestamp::now() };
    let mut pressed = false;
    let close = widgets::sheet(ctx, "card", &shown.name, |ui| {
        pressed = shown.header(ui, cx);
        problems::show(ui, cx, problems::Spot::People);
        shown.party(ui, cx);
        shown.buttons(ui, cx);
        shown.about(ui);
        shown.played(ui, cx);
        shown.far_reaching(ui, cx);
    });
    if pressed || close {
        cx.send(Command::CloseCard);
    }
}

impl Shown<'_> {
    /// Returns whether the card was put away.
    fn header(&self, ui: &mut Ui, cx: &Cx<'_>) -> bool {
        let colours = palette(ui);
        let account = self.card.profile.account;
        let mut close = false;
        let size = vec2(ui.available_width(), FACE);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::TOP), |ui| {
            close = widgets::icon_button(ui, Icon::Close, "Close").clicked();
            let favorite = self.signed_in.people.favorites.contains(&account);
            if self.tie == Tie::Friend || favorite {
                let (icon, name) = match favorite {
                    true => (Icon::StarFilled, "No favourite any more"),
                    false => (Icon::Star, "Make a favourite"),
                };
                if widgets::icon_button(ui, icon, name).clicked() {
                    cx.send(Command::SetFavorite { account, favorite: !favorite });
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let (face, _) = ui.allocate_exact_size(Vec2::splat(FACE), Sense::hover());
                let avatar =
                    Avatar::new(account, &self.name, FACE).picture(self.card.profile.avatar.as_ref());
                let online = self.is_online();
                let avatar = match online {
                    Some(true) => avatar.badge(Badge::Online),
                    Some(false) => avatar.badge(Badge::Offline),
                    None => avatar,
                };
                avatar.paint(ui, face.center(), colours.panel);
                ui.add_space(8.0);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing = vec2(6.0, 3.0);
                    let marks = marks(&self.card.profile);
                    ui.add_space(if marks.is_empty() { 14.0 } else { 2.0 });
                    widgets::line(ui, self.name.as_str(), theme::title(), colours.text);
                    self.doing(ui);
                    if !marks.is_empty() {
                        ui.horizontal(|ui| marks.iter().for_each(|mark| word(ui, mark)));
                    }
                });
            });
        });
        ui.add_space(4.0);
        close
    }

    fn shares_real_name(&self) -> bool {
        self.card.summary.as_ref().is_some_and(wording::people::is_real_name_shared)
    }

    fn is_online(&self) -> Option<bool> {
        self.card.presence.as_ref().map(|presence| presence.availability == Availability::Online)
    }

    /// What they are at, with the game's icon.
    fn doing(&self, ui: &mut Ui) {
        let colours = palette(ui);
        let presence = self.card.presence.as_ref();
        // Strangers do not say what they do.
        if presence.is_none() && self.tie != Tie::Friend {
            return;
        }
        let doing = wording::presence(presence, self.now);
        ui.horizontal(|ui| {
            let game = presence.filter(|_| self.is_online() == Some(true)).and_then(|p| p.game.as_ref());
            if let Some(game) = game {
                let (rect, _) = ui.allocate_exact_size(Vec2::splat(20.0), Sense::hover());
                widgets::game_icon(ui, rect, game.icon.as_ref());
            }
            widgets::line(ui, doing, theme::small(), colours.dim);
        });
    }

    /// The party they are in, and the way into it.
    fn party(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let current = cx.party().map(|party| &party.session);
        let account = self.card.profile.account;
        let Some(party) = InParty::of(account, self.signed_in.parties.items(), current) else { return };
        let colours = palette(ui);
        let entering = Entering::now(cx);
        widgets::card(ui, false, |ui| {
            let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
            ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
                if party.ours {
                    if ui.add(Button::ghost("Show the party")).clicked() {
                        cx.nav.page = Page::Party;
                        cx.send(Command::CloseCard);
                    }
                } else if party.full {
                    ui.add_enabled(false, Button::ghost("Full"));
                } else if party.joinable {
                    let join = ui.add_enabled(entering.is_possible(), Button::ghost(entering.label()));
                    let join = match &entering {
                        Entering::Leaving(means) => join.on_hover_text(means),
                        Entering::Freely | Entering::NotNow => join,
                    };
                    if join.clicked() {
                        cx.send(Command::JoinParty(party.session.clone()));
                        cx.send(Command::CloseCard);
                    }
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.vertical(|ui| {
                        ui.spacing_mut().item_spacing.y = 2.0;
                        widgets::line(ui, "In a party", theme::small(), colours.dim);
                        widgets::line(ui, party.name.as_str(), theme::strong(), colours.text);
                    });
                });
            });
        });
    }

    /// What they say of themselves, and whom they know.
    fn about(&self, ui: &mut Ui) {
        let colours = palette(ui);
        let profile = &self.card.profile;
        let about = display::message(profile.about_me.as_str());
        if !about.is_empty() {
            ui.add_space(4.0);
            widgets::paragraph(ui, about, theme::body(), colours.text);
        }
        let friends = self.card.summary.as_ref().map(wording::people::friends_of).unwrap_or_default();
        let languages = wording::people::languages(&profile.languages);
        let name = if self.shares_real_name() { "Real name shared" } else { "" };
        for fact in [friends, languages, name.to_owned()].into_iter().filter(|fact| !fact.is_empty()) {
            widgets::line(ui, fact, theme::small(), colours.dim);
        }
    }
}

fn marks(profile: &Profile) -> Vec<&'static str> {
    let verified = profile.is_verified.then_some("verified");
    let plus = profile.is_plus.then_some("PlayStation Plus");
    verified.into_iter().chain(plus).collect()
}

/// A small outlined word.
fn word(ui: &mut Ui, text: &str) {
    let width = widgets::pill_width(ui.painter(), text);
    let (rect, response) = ui.allocate_exact_size(vec2(width, 22.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    widgets::pill(ui, rect.left_center(), text, width);
}
