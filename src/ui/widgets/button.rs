//! Buttons: one main action, quiet others, one that warns.

use egui::{
    Align2, Color32, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, Widget, WidgetInfo,
    accesskit::Role, vec2,
};

use super::{Icon, focus_ring, scroll_to_focus, text::galley};
use crate::ui::theme::{CONTROL_HEIGHT, RADIUS, palette, strong};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The one main action of a screen.
    Primary,
    Ghost,
    /// Leaving and ending.
    Danger,
}

/// A button of the house. Its text is its accessible name unless [`Self::name`] says otherwise.
#[must_use]
pub struct Button<'a> {
    kind: Kind,
    text: &'a str,
    name: Option<&'a str>,
    icon: Option<Icon>,
    icon_color: Option<Color32>,
    opens_menu: bool,
    /// One of several choices, and whether it is the chosen one.
    chosen: Option<bool>,
    width: Option<f32>,
    icon_only: bool,
}

impl<'a> Button<'a> {
    fn new(kind: Kind, text: &'a str) -> Self {
        Self {
            kind,
            text,
            name: None,
            icon: None,
            icon_color: None,
            opens_menu: false,
            chosen: None,
            width: None,
            icon_only: false,
        }
    }

    pub fn primary(text: &'a str) -> Self {
        Self::new(Kind::Primary, text)
    }

    pub fn ghost(text: &'a str) -> Self {
        Self::new(Kind::Ghost, text)
    }

    pub fn danger(text: &'a str) -> Self {
        Self::new(Kind::Danger, text)
    }

    pub fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    pub fn icon_color(mut self, color: Color32) -> Self {
        self.icon_color = Some(color);
        self
    }

    /// The icon alone where `narrow`; the text stays the accessible name.
    pub fn icon_only(mut self, narrow: bool) -> Self {
        self.icon_only = narrow && self.icon.is_some();
        self
    }

    pub fn opens_menu(mut self) -> Self {
        self.opens_menu = true;
        self
    }

    pub fn chosen(mut self, chosen: bool) -> Self {
        self.chosen = Some(chosen);
        self
    }

    /// At least this wide: a label that changes must not push its neighbours.
    pub fn min_width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }
}

const PADDING: f32 = 16.0;
const ICON_SIZE: f32 = 18.0;
const GAP: f32 = 8.0;

impl Widget for Button<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let colours = palette(ui);
        let text_color = match self.kind {
            Kind::Primary => colours.on_accent,
            Kind::Ghost => colours.text,
            Kind::Danger => colours.bad,
        };
        let icon_width = if self.icon.is_some() { ICON_SIZE + GAP } else { 0.0 };
        let menu_width = if self.opens_menu { 14.0 + GAP } else { 0.0 };
        let room = (ui.available_width() - icon_width - menu_width - 2.0 * PADDING).max(24.0);
        let text = galley(ui.painter(), self.text, strong(), Color32::PLACEHOLDER, room);
        let width = match self.icon_only {
            true => CONTROL_HEIGHT,
            false => (icon_width + text.size().x + menu_width + 2.0 * PADDING).max(self.width.unwrap_or(0.0)),
        };
        let (rect, response) = ui.allocate_exact_size(vec2(width, CONTROL_HEIGHT), Sense::click());

        let enabled = ui.is_enabled();
        let name = self.name.unwrap_or(self.text);
        response.widget_info(|| match self.chosen {
            Some(chosen) => WidgetInfo::selected(Role::RadioButton, enabled, chosen, name),
            None => WidgetInfo::labeled(Role::Button, enabled, name),
        });
        scroll_to_focus(&response);
        if !ui.is_rect_visible(rect) {
            return response;
        }

        let (hovered, pressed) = (response.hovered(), response.is_pointer_button_down_on());
        let (fill, stroke) = match self.kind {
            Kind::Primary if hovered || pressed => (colours.accent_pressed, Color32::TRANSPARENT),
            Kind::Primary => (colours.accent, Color32::TRANSPARENT),
            _ if self.chosen == Some(true) => (colours.accent.gamma_multiply(0.16), colours.accent),
            _ if pressed => (colours.line, colours.faint),
            _ if hovered => (colours.hover, colours.faint),
            _ => (Color32::TRANSPARENT, colours.line),
        };
        ui.painter().rect(rect, f32::from(RADIUS), fill, Stroke::new(1.0, stroke), StrokeKind::Inside);
        focus_ring(ui, &response, rect, f32::from(RADIUS));

        let content = if self.icon_only { ICON_SIZE } else { icon_width + text.size().x + menu_width };
        let mut at = rect.center() - vec2(content / 2.0, 0.0);
        if let Some(icon) = self.icon {
            let place = Align2::LEFT_CENTER.anchor_size(at, Vec2::splat(ICON_SIZE));
            icon.paint(ui.painter(), place, self.icon_color.unwrap_or(text_color));
            at.x += icon_width;
        }
        if !self.icon_only {
            let place = Align2::LEFT_CENTER.anchor_size(at, text.size());
            at.x = place.right() + GAP;
            ui.painter().galley(place.min, text, text_color);
            if self.opens_menu {
                let place = Align2::LEFT_CENTER.anchor_size(at, Vec2::splat(14.0));
                Icon::Down.paint(ui.painter(), place, text_color);
            }
        }
        response
    }
}

/// Two buttons side by side, each half as wide as there is room. Whether each was pressed.
pub fn button_pair(ui: &mut Ui, left: Button<'_>, right: Button<'_>) -> [bool; 2] {
    ui.horizontal(|ui| {
        let half = (ui.available_width() - ui.spacing().item_spacing.x) / 2.0;
        [left, right].map(|button| {
            let size = vec2(half, CONTROL_HEIGHT);
            ui.allocate_ui(size, |ui| ui.add(button.min_width(half))).inner.clicked()
        })
    })
    .inner
}

/// A square button without a border; `name` is read out and shown under the pointer.
pub fn icon_button(ui: &mut Ui, icon: Icon, name: &str) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(32.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    if response.hovered() {
        ui.painter().rect_filled(rect, f32::from(RADIUS), colours.line.gamma_multiply(0.6));
    }
    focus_ring(ui, &response, rect, f32::from(RADIUS));
    let color = if response.hovered() { colours.text } else { colours.dim };
    icon.paint(ui.painter(), Rect::from_center_size(rect.center(), Vec2::splat(18.0)), color);
    response.on_hover_text(name)
}

/// A word that can be pressed, inside running text.
pub fn text_button(ui: &mut Ui, text: &str) -> Response {
    let colours = palette(ui);
    let text_galley =
        galley(ui.painter(), text, crate::ui::theme::small(), Color32::PLACEHOLDER, f32::INFINITY);
    let (rect, response) = ui.allocate_exact_size(text_galley.size() + vec2(0.0, 4.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    let color = if response.hovered() { colours.text } else { colours.accent };
    focus_ring(ui, &response, rect, 4.0);
    ui.painter().galley(rect.min + vec2(0.0, 2.0), text_galley, color);
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}
