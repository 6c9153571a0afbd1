//! A card for one party.

use egui::{Align, Align2, Layout, Sense, Ui, vec2};

use crate::{
    model::{AccountId, OnlineId, PartySession},
    ui::{
        theme,
        theme::palette,
        widgets::{self, Avatar},
    },
};

/// Who stands for the party.
pub type Face<'a> = (AccountId, &'a str);

/// A face, two lines, what to press. Buttons move below where it is narrow.
pub struct Entry<'a> {
    pub face: Face<'a>,
    pub title: &'a str,
    pub subtitle: &'a str,
    /// It asks for something.
    pub accented: bool,
}

const HEIGHT: f32 = 52.0;
/// Below this there is no room for buttons beside the text.
const NARROW: f32 = 440.0;

impl Entry<'_> {
    pub fn show(self, ui: &mut Ui, buttons: impl FnOnce(&mut Ui)) {
        widgets::card(ui, self.accented, |ui| {
            let width = ui.available_width();
            if width < NARROW {
                let layout = Layout::left_to_right(Align::Center);
                ui.allocate_ui_with_layout(vec2(width, HEIGHT), layout, |ui| self.text(ui));
                ui.add_space(4.0);
                let layout = Layout::right_to_left(Align::Center);
                ui.allocate_ui_with_layout(vec2(width, theme::CONTROL_HEIGHT), layout, buttons);
            } else {
                let layout = Layout::right_to_left(Align::Center);
                ui.allocate_ui_with_layout(vec2(width, HEIGHT), layout, |ui| {
                    buttons(ui);
                    ui.add_space(8.0);
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| self.text(ui));
                });
            }
        });
    }

    fn text(&self, ui: &mut Ui) {
        let colours = palette(ui);
        let (face, _) = ui.allocate_exact_size(vec2(HEIGHT + 6.0, HEIGHT), Sense::hover());
        let center = Align2::LEFT_CENTER.anchor_size(face.left_center(), vec2(HEIGHT, HEIGHT)).center();
        let (account, who) = self.face;
        Avatar::new(account, who, HEIGHT).paint(ui, center, colours.card);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 3.0;
            ui.add_space(if self.subtitle.is_empty() { 15.0 } else { 6.0 });
            widgets::line(ui, self.title, theme::strong(), colours.text);
            if !self.subtitle.is_empty() {
                widgets::line(ui, self.subtitle, theme::small(), colours.dim);
            }
        });
    }
}

/// The host's, or that of whoever came first.
pub fn face(session: &PartySession) -> Face<'_> {
    let owner = session.members.iter().find(|member| Some(member.account) == session.owner);
    owner.or(session.members.first()).map_or(NOBODY, |member| (member.account, member.online_id.as_str()))
}

pub const NOBODY: Face<'static> = (AccountId(0), "");

/// The face of somebody whose name may not be known.
pub fn face_of(account: Option<AccountId>, name: Option<&OnlineId>) -> Face<'_> {
    (account.unwrap_or(AccountId(0)), name.map_or("", OnlineId::as_str))
}
