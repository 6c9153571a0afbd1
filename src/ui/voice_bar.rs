//! The bar at the bottom for as long as there is a party: am I heard, and the controls of my voice.

use std::time::Duration;

use egui::{
    Align, Align2, Color32, Layout, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    accesskit::Role, pos2, vec2,
};

use super::{
    Cx, DEAFEN, MUTE, problems, talk_key, theme,
    theme::{BAR_HEIGHT, palette},
    widgets::{self, Button, Icon},
    wording::{self, voice_path},
};
use crate::{
    client::{Command, Party, Recording, Remedy, VoiceStatus},
    model::TalkMode,
};

const LIVE_WIDTH: f32 = 104.0;

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, party: &Party) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let margin = widgets::margin(ui);
    if problems::any(ui, cx, problems::Spot::Bar) {
        egui::Frame::new()
            .inner_margin(egui::Margin { left: margin as i8, right: margin as i8, top: 12, bottom: 0 })
            .show(ui, |ui| {
                // Much trouble scrolls: the page keeps the larger part of the window.
                let most = ui.ctx().content_rect().height() * 0.35;
                ScrollArea::vertical()
                    .max_height(most)
                    .show(ui, |ui| problems::show(ui, cx, problems::Spot::Bar));
            });
    }
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), BAR_HEIGHT), Sense::hover());
    let inner = rect.shrink2(vec2(margin, 0.0));
    let recording = cx.snapshot.sound.recording.as_ref();
    // The level keeps its room beside the mark of a recording.
    let narrow = inner.width() < if recording.is_some() { 1000.0 } else { 780.0 };
    let tiny = inner.width() < 540.0;

    let gap = if narrow { 8.0 } else { 14.0 };
    let controls = widgets::place(ui, inner, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = gap;
        controls(ui, cx, party, narrow, tiny);
        ui.min_rect().left()
    });
    let rest = Rect::from_min_max(inner.min, pos2(controls - gap, inner.bottom()));
    widgets::place(ui, rest, Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = gap;
        live(ui, cx, party);
        if let Some(recording) = recording {
            self::recording(ui, cx, recording, inner.width() < 780.0);
        }
        if ui.available_width() > 60.0 {
            state(ui, cx, party);
        }
    });
}

/// The one thing that shouts. It keeps its size in every state.
fn live(ui: &mut Ui, cx: &Cx<'_>, party: &Party) {
    let colours = palette(ui);
    let live = party.voice == VoiceStatus::Connected && cx.handle.meters.is_live();
    let (rect, response) = ui.allocate_exact_size(vec2(LIVE_WIDTH, 46.0), Sense::hover());
    let words = if live { "LIVE" } else { "Off air" };
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, words));
    widgets::announce(ui, &response);
    let (fill, stroke, color) = match live {
        true => (colours.live, Color32::TRANSPARENT, colours.on_live),
        false => (Color32::TRANSPARENT, colours.line, colours.dim),
    };
    ui.painter().rect(rect, 10.0, fill, Stroke::new(1.0, stroke), StrokeKind::Inside);
    let font = if live { theme::semibold(16.0) } else { theme::body() };
    let shift = if live { 9.0 } else { 0.0 };
    let at = rect.center() + vec2(shift, 0.0);
    let (text, _) =
        widgets::paint_line(ui.painter(), at, Align2::CENTER_CENTER, words, font, color, LIVE_WIDTH);
    if live {
        ui.painter().circle_filled(text.left_center() - vec2(13.0, 0.0), 5.0, color);
    }
    response.on_hover_text(if live { "The others hear you" } else { "The others don't hear you" });
}

/// What is heard is written down; pressed, it ends.
fn recording(ui: &mut Ui, cx: &Cx<'_>, recording: &Recording, narrow: bool) {
    let since = recording.since.elapsed();
    let clock = voice_path::clock(since);
    let said = format!("Recording {clock}");
    let words = if narrow { &clock } else { &said };
    let button = Button::ghost(words).name(&said).icon(Icon::Record).icon_color(palette(ui).bad);
    if ui.add(button).on_hover_text("What you hear is recorded. Press to stop.").clicked() {
        cx.send(Command::Record(false));
    }
    let next = Duration::from_secs(since.as_secs() + 1).saturating_sub(since);
    ui.ctx().request_repaint_after(next);
}

/// The level, and what to do to be heard.
fn state(ui: &mut Ui, cx: &Cx<'_>, party: &Party) {
    let colours = palette(ui);
    let width = ui.available_width();
    ui.allocate_ui_with_layout(vec2(width, 46.0), Layout::top_down(Align::Min), |ui| {
        ui.set_max_width(width);
        let hint = |ui: &mut Ui, text: &str| {
            widgets::line(ui, text, theme::small(), colours.dim);
        };
        match party.voice {
            VoiceStatus::Connecting | VoiceStatus::Reconnecting => {
                ui.horizontal_centered(|ui| {
                    widgets::waiting_arc(ui, 20.0);
                    let reconnecting = party.voice == VoiceStatus::Reconnecting;
                    hint(ui, if reconnecting { "Voice dropped. Reconnecting…" } else { "Connecting voice…" });
                });
                return;
            }
            VoiceStatus::Failed => {
                ui.horizontal_centered(|ui| {
                    // The problem above the bar has the button, unless it was dismissed.
                    let offered = cx.snapshot.problems.iter().any(|p| p.remedy() == Remedy::RetryVoice);
                    if !offered && ui.add(Button::ghost("Try again")).clicked() {
                        cx.send(Command::RetryVoice);
                    }
                    hint(ui, "Voice is off");
                });
                return;
            }
            VoiceStatus::Connected => {}
        }
        ui.add_space(6.0);
        let level = cx.handle.meters.microphone.get();
        widgets::meter(ui, "Microphone level", level, width.min(180.0));
        ui.add_space(6.0);
        match (party.talk.mode, party.talk.muted, party.talk.deafened) {
            (_, true, _) => hint(ui, "You are muted"),
            (_, false, true) => hint(ui, "You hear nobody, and nobody hears you"),
            (TalkMode::VoiceActivation, ..) => hint(ui, "Speak, and the others hear you"),
            (TalkMode::OpenMicrophone, ..) => hint(ui, "Your microphone is open"),
            (TalkMode::PushToTalk, ..) => {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 6.0;
                    let wide = ui.available_width() > 170.0;
                    if wide {
                        widgets::text(ui, "Hold", theme::small(), colours.dim);
                    }
                    widgets::key_cap(ui, &talk_key::label(&cx.snapshot.settings.talk_key));
                    if wide {
                        hint(ui, "to talk");
                    }
                });
            }
        }
    });
}

fn controls(ui: &mut Ui, cx: &Cx<'_>, party: &Party, narrow: bool, tiny: bool) {
    let colours = palette(ui);
    let talk = party.talk;
    let leave = ui.add(Button::danger("Leave").icon(Icon::Leave).icon_only(tiny));
    if leave.on_hover_text("Leave the party").clicked() {
        cx.send(Command::LeaveParty);
    }

    let mode = ui.add(
        Button::ghost(if narrow { short_mode(talk.mode) } else { wording::talk_mode(talk.mode) })
            .name(&format!("Talk mode: {}", wording::talk_mode(talk.mode)))
            .opens_menu(),
    );
    widgets::menu(&mode, "Talk mode", 200.0, |ui| {
        for mode in [TalkMode::PushToTalk, TalkMode::VoiceActivation, TalkMode::OpenMicrophone] {
            if widgets::menu_item(ui, wording::talk_mode(mode), Some(mode == talk.mode)).clicked() {
                let settings = crate::model::Settings { talk_mode: mode, ..cx.snapshot.settings.clone() };
                cx.send(Command::ChangeSettings(Box::new(settings)));
            }
        }
    });

    // Wide enough for either word: the label changes, its neighbours stay.
    let (words, icon) =
        if talk.deafened { ("Undeafen", Icon::HeadphonesOff) } else { ("Deafen", Icon::Headphones) };
    let tint = if talk.deafened { colours.bad } else { colours.text };
    let button = Button::ghost(words).icon(icon).icon_color(tint).icon_only(narrow).min_width(136.0);
    let shortcut = format!("{words} ({})", ui.ctx().format_shortcut(&DEAFEN));
    if ui.add(button).on_hover_text(shortcut).clicked() {
        cx.send(Command::SetDeafened(!talk.deafened));
    }

    let (words, icon) = if talk.muted { ("Unmute", Icon::MicrophoneOff) } else { ("Mute", Icon::Microphone) };
    let tint = if talk.muted { colours.bad } else { colours.text };
    let button = Button::ghost(words).icon(icon).icon_color(tint).icon_only(narrow).min_width(118.0);
    let shortcut = format!("{words} ({})", ui.ctx().format_shortcut(&MUTE));
    if ui.add(button).on_hover_text(shortcut).clicked() {
        cx.send(Command::SetMuted(!talk.muted));
    }
}

fn short_mode(mode: TalkMode) -> &'static str {
    match mode {
        TalkMode::PushToTalk => "Push",
        TalkMode::VoiceActivation => "Voice",
        TalkMode::OpenMicrophone => "Open",
    }
}
