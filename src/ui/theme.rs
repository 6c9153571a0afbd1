//! The look as tokens: colours of both themes, sizes, fonts; and their installation into egui. Main thread.

use std::sync::Arc;

use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke,
    TextStyle, Theme, Ui, Vec2,
    style::{ScrollAnimation, ScrollStyle},
};

use crate::model;

/// The colours of one theme. `faint` is for headings and hints, never for facts.
#[derive(Debug)]
pub struct Palette {
    pub background: Color32,
    pub panel: Color32,
    pub card: Color32,
    /// A row or a quiet button under the pointer.
    pub hover: Color32,
    pub line: Color32,
    pub text: Color32,
    pub dim: Color32,
    pub faint: Color32,
    pub accent: Color32,
    pub accent_pressed: Color32,
    pub on_accent: Color32,
    pub live: Color32,
    pub on_live: Color32,
    pub warn: Color32,
    pub bad: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

static DARK: Palette = Palette {
    background: rgb(0x0f1216),
    panel: rgb(0x161b22),
    card: rgb(0x1c232c),
    hover: rgb(0x1c232c),
    line: rgb(0x2a333f),
    text: rgb(0xe8edf3),
    dim: rgb(0x93a1b2),
    faint: rgb(0x66748a),
    accent: rgb(0x4c8dff),
    accent_pressed: rgb(0x2f6fe4),
    on_accent: rgb(0xffffff),
    live: rgb(0x3ddc84),
    on_live: rgb(0x06210f),
    warn: rgb(0xf5b942),
    bad: rgb(0xff6b6b),
};

static LIGHT: Palette = Palette {
    background: rgb(0xf5f7fa),
    panel: rgb(0xffffff),
    card: rgb(0xffffff),
    hover: rgb(0xeef2f6),
    line: rgb(0xd9e0e8),
    text: rgb(0x17202b),
    dim: rgb(0x526173),
    faint: rgb(0x7d8b9c),
    accent: rgb(0x1f6feb),
    accent_pressed: rgb(0x1a5fd0),
    on_accent: rgb(0xffffff),
    live: rgb(0x0f8a4b),
    on_live: rgb(0xffffff),
    warn: rgb(0x9a6700),
    bad: rgb(0xc9302c),
};

/// The colours in force in this part of the window.
pub fn palette(ui: &Ui) -> &'static Palette {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

pub const RADIUS: u8 = 8;
pub const CARD_RADIUS: u8 = 12;
pub const CONTROL_HEIGHT: f32 = 40.0;
pub const ROW_HEIGHT: f32 = 54.0;
pub const HEADER_HEIGHT: f32 = 64.0;
pub const BAR_HEIGHT: f32 = 84.0;
pub const SIDE_WIDTH: f32 = 320.0;
pub const SIDE_WIDTH_COLLAPSED: f32 = 72.0;
/// A window narrower than this shows friends as avatars alone.
const COLLAPSE_BELOW: f32 = 900.0;
/// Motion explains, it does not entertain: nothing moves longer than this, in seconds.
const ANIMATION_SECONDS: f32 = 0.1;

/// Whether friends are avatars alone.
pub fn is_collapsed(ui: &Ui) -> bool {
    ui.ctx().content_rect().width() < COLLAPSE_BELOW
}

pub fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(SEMIBOLD.into()))
}

pub fn regular(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

pub fn body() -> FontId {
    regular(15.0)
}

pub fn strong() -> FontId {
    semibold(15.0)
}

pub fn small() -> FontId {
    regular(13.0)
}

pub fn caps() -> FontId {
    regular(12.0)
}

pub fn title() -> FontId {
    semibold(20.0)
}

pub fn hero() -> FontId {
    semibold(30.0)
}

const SEMIBOLD: &str = "semibold";
const INTER_REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
const INTER_SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");

/// Fonts and styles of both themes. Once per window.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    ctx.set_style_of(Theme::Dark, style(Theme::Dark, &DARK));
    ctx.set_style_of(Theme::Light, style(Theme::Light, &LIGHT));
    // The size is a setting; a second, unsaved way to change it would only confuse.
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
}

/// Puts the user's choice of theme and size in force.
pub fn apply(ctx: &Context, settings: &model::Settings) {
    ctx.set_theme(match settings.theme {
        model::Theme::Dark => egui::ThemePreference::Dark,
        model::Theme::Light => egui::ThemePreference::Light,
        model::Theme::System => egui::ThemePreference::System,
    });
    ctx.set_zoom_factor(settings.scale);
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    for (name, data) in [("regular", INTER_REGULAR), (SEMIBOLD, INTER_SEMIBOLD)] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(data)));
    }
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts.families.insert(family, vec!["regular".to_owned()]);
    }
    fonts.families.insert(FontFamily::Name(SEMIBOLD.into()), vec![SEMIBOLD.to_owned(), "regular".to_owned()]);
    fonts
}

fn style(theme: Theme, colours: &Palette) -> egui::Style {
    let mut style = theme.default_style();
    style.animation_time = ANIMATION_SECONDS;
    style.scroll_animation = ScrollAnimation::none();
    style.text_styles = [
        (TextStyle::Body, body()),
        (TextStyle::Button, strong()),
        (TextStyle::Heading, title()),
        (TextStyle::Small, small()),
        (TextStyle::Monospace, small()),
    ]
    .into();

    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;

    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::splat(8.0);
    spacing.button_padding = Vec2::new(12.0, 8.0);
    spacing.menu_margin = Margin::same(6);
    spacing.interact_size = Vec2::new(CONTROL_HEIGHT, 24.0);
    spacing.tooltip_width = 360.0;
    spacing.scroll =
        ScrollStyle { floating_allocated_width: 0.0, foreground_color: false, ..ScrollStyle::floating() };

    let visuals = &mut style.visuals;
    let hairline = Stroke::new(1.0, colours.line);
    visuals.panel_fill = colours.background;
    visuals.window_fill = colours.panel;
    visuals.window_stroke = hairline;
    visuals.window_shadow = Shadow::NONE;
    visuals.popup_shadow = Shadow::NONE;
    visuals.window_corner_radius = CornerRadius::same(CARD_RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS);
    visuals.extreme_bg_color = colours.background;
    visuals.faint_bg_color = colours.card;
    visuals.text_edit_bg_color = Some(colours.background);
    visuals.weak_text_color = Some(colours.faint);
    visuals.hyperlink_color = colours.accent;
    visuals.warn_fg_color = colours.warn;
    visuals.error_fg_color = colours.bad;
    visuals.selection.bg_fill = colours.accent.gamma_multiply(0.35);
    visuals.selection.stroke = Stroke::new(1.5, colours.accent);
    visuals.slider_trailing_fill = true;
    visuals.text_cursor.stroke = Stroke::new(2.0, colours.accent);
    // A blinking cursor would redraw the window twice a second for as long as a field has the focus.
    visuals.text_cursor.blink = false;

    let widgets = &mut visuals.widgets;
    for state in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        state.corner_radius = CornerRadius::same(RADIUS);
        state.bg_stroke = hairline;
        state.fg_stroke = Stroke::new(1.5, colours.text);
        state.bg_fill = colours.line;
        state.weak_bg_fill = colours.background;
        state.expansion = 0.0;
    }
    widgets.noninteractive.bg_fill = colours.panel;
    widgets.hovered.bg_stroke.color = colours.faint;
    widgets.active.bg_stroke.color = colours.accent;
    widgets.active.fg_stroke.color = colours.accent;
    style
}
