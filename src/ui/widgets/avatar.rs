//! A person: their picture, or two letters on a colour of their own, with what they are doing as a ring or a badge; and
//! a game.

use std::f32::consts::TAU;

use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, Ui, Vec2};

use super::{Icon, icon::arc, paint_line};
use crate::{
    model::{AccountId, Decibels, ImageUrl},
    ui::{display, pictures, theme},
};

const COLOURS: [Color32; 7] = [
    Color32::from_rgb(0x3b, 0x6f, 0xd4),
    Color32::from_rgb(0x8b, 0x5b, 0xd6),
    Color32::from_rgb(0xc2, 0x56, 0x3f),
    Color32::from_rgb(0x2f, 0x8f, 0x6b),
    Color32::from_rgb(0xb0, 0x7a, 0x1c),
    Color32::from_rgb(0x4a, 0x7d, 0x8c),
    Color32::from_rgb(0xa2, 0x4b, 0x7a),
];

/// What the lower right corner says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Badge {
    Online,
    Offline,
    Muted,
    /// They want to be friends.
    Asks,
}

#[must_use]
pub struct Avatar<'a> {
    account: AccountId,
    name: &'a str,
    size: f32,
    picture: Option<&'a ImageUrl>,
    badge: Option<Badge>,
    speaking: Option<Decibels>,
    connecting: Option<f32>,
    faded: bool,
}

impl<'a> Avatar<'a> {
    /// The picture is the one that the list of friends has, if any.
    pub fn new(account: AccountId, name: &'a str, size: f32) -> Self {
        Self {
            account,
            name,
            size,
            picture: None,
            badge: None,
            speaking: None,
            connecting: None,
            faded: false,
        }
    }

    /// Of somebody who may be no friend.
    pub fn picture(mut self, picture: Option<&'a ImageUrl>) -> Self {
        self.picture = picture;
        self
    }

    pub fn badge(mut self, badge: Badge) -> Self {
        self.badge = Some(badge);
        self
    }

    /// A ring that follows the level.
    pub fn speaking(mut self, level: Option<Decibels>) -> Self {
        self.speaking = level;
        self
    }

    /// A slow arc, `turn` (0–1) of the way round.
    pub fn connecting(mut self, turn: f32) -> Self {
        self.connecting = Some(turn);
        self
    }

    pub fn faded(mut self, faded: bool) -> Self {
        self.faded = faded;
        self
    }

    /// Paints it around `center`; `behind` is the colour it sits on.
    pub fn paint(self, ui: &Ui, center: Pos2, behind: Color32) {
        let colours = theme::palette(ui);
        let painter = ui.painter();
        let radius = self.size / 2.0;
        let blend = |color: Color32| if self.faded { behind.lerp_to_gamma(color, 0.5) } else { color };

        let picture = match self.picture {
            Some(image) => pictures::at(ui.ctx(), image),
            None => pictures::of(ui.ctx(), self.account),
        };
        match picture {
            Some(picture) => {
                let rect = Rect::from_center_size(center, Vec2::splat(self.size));
                let tint = if self.faded { Color32::from_white_alpha(128) } else { Color32::WHITE };
                picture.paint(painter, rect, radius, tint);
            }
            None => self.paint_letters(painter, center, blend),
        }

        if let Some(level) = self.speaking {
            let strength = 0.45 + 0.55 * super::meter_fraction(level);
            let color = behind.lerp_to_gamma(colours.live, strength);
            painter.circle_stroke(center, radius + 4.5, Stroke::new(3.0, color));
        } else if let Some(turn) = self.connecting {
            let from = turn * TAU;
            let points = arc(center, radius + 4.0, from, from + 0.3 * TAU);
            painter.add(Shape::line(points, Stroke::new(2.0, colours.dim)));
        }
        if let Some(badge) = self.badge {
            let at = center + Vec2::splat(radius * 0.74);
            paint_badge(painter, badge, at, behind, colours);
        }
    }

    fn paint_letters(&self, painter: &Painter, center: Pos2, blend: impl Fn(Color32) -> Color32) {
        painter.circle_filled(center, self.size / 2.0, blend(colour_of(self.account)));
        let letters = display::initials(self.name);
        let font = theme::semibold((self.size * 0.36).round());
        paint_line(painter, center, Align2::CENTER_CENTER, &letters, font, blend(Color32::WHITE), self.size);
    }
}

/// A game's icon, or the sign of a game until it is there.
pub fn game_icon(ui: &Ui, rect: Rect, image: Option<&ImageUrl>) {
    const RADIUS: f32 = 6.0;
    match image.and_then(|image| pictures::at(ui.ctx(), image)) {
        Some(picture) => picture.paint(ui.painter(), rect, RADIUS, Color32::WHITE),
        None => {
            let colours = theme::palette(ui);
            ui.painter().rect_filled(rect, RADIUS, colours.line);
            let sign = Rect::from_center_size(rect.center(), rect.size() * 0.6);
            Icon::Game.paint(ui.painter(), sign, colours.dim);
        }
    }
}

fn paint_badge(painter: &Painter, badge: Badge, at: Pos2, behind: Color32, colours: &theme::Palette) {
    match badge {
        Badge::Online => {
            painter.circle(at, 5.0, colours.live, Stroke::new(2.0, behind));
        }
        // Hollow: the state is told by shape, not by colour alone.
        Badge::Offline => {
            painter.circle_filled(at, 6.0, behind);
            painter.circle_stroke(at, 3.5, Stroke::new(2.0, colours.faint));
        }
        Badge::Asks => {
            painter.circle(at, 8.0, colours.accent, Stroke::new(2.0, behind));
            let rect = Align2::CENTER_CENTER.anchor_size(at, Vec2::splat(12.0));
            Icon::Plus.paint(painter, rect, colours.on_accent);
        }
        Badge::Muted => {
            painter.circle(at, 10.0, colours.background, Stroke::new(1.0, colours.line));
            let rect = Align2::CENTER_CENTER.anchor_size(at, Vec2::splat(12.0));
            Icon::MicrophoneOff.paint(painter, rect, colours.bad);
        }
    }
}

fn colour_of(account: AccountId) -> Color32 {
    // Neighbouring ids must not look alike: spread them first.
    let spread = account.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    COLOURS[spread as usize % COLOURS.len()]
}
