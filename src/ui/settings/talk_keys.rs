//! When the microphone is sent: talk mode, the key, how long it stays on after the key is let go.

use egui::{Event, Key, RawInput, Slider, Ui, WidgetInfo};

use super::{change, choices, setting};
use crate::{
    model::{TalkKey, TalkMode},
    ui::{
        Cx, talk_key, theme,
        theme::palette,
        widgets::{self, Button},
        wording,
    },
};

const MOST_HOLD_MILLIS: u16 = 1000;
const HOLD_STEP_MILLIS: f64 = 50.0;

/// Choosing a key by pressing it.
#[derive(Debug, Default)]
pub enum Choice {
    #[default]
    Idle,
    Waiting,
    /// The key pressed is needed elsewhere; still waiting.
    Refused(Key),
}

impl Choice {
    pub fn is_waiting(&self) -> bool {
        !matches!(self, Self::Idle)
    }

    /// Takes keys and typed text out of `input`, so that they do nothing else. Escape gives up.
    pub fn take(&mut self, input: &mut RawInput) -> Option<TalkKey> {
        let pressed = input.events.iter().filter_map(talk_key::pressed_key).find(|(_, pressed, _)| *pressed);
        input.events.retain(|event| !matches!(event, Event::Key { .. } | Event::Text(_)));
        let (key, ..) = pressed?;
        let chosen = talk_key::from_key(key);
        *self = match (key, &chosen) {
            (Key::Escape, _) | (_, Some(_)) => Self::Idle,
            (_, None) => Self::Refused(key),
        };
        chosen
    }
}

pub fn show(ui: &mut Ui, cx: &Cx<'_>, choice: &mut Choice, draft: &mut Option<u16>) {
    let settings = &cx.snapshot.settings;
    widgets::settings_card(ui, "Talk mode", |ui| {
        let all = [TalkMode::PushToTalk, TalkMode::VoiceActivation, TalkMode::OpenMicrophone];
        if let Some(mode) = choices(ui, &all, settings.talk_mode, wording::talk_mode) {
            change(cx, |settings| settings.talk_mode = mode);
        }
        ui.add_space(2.0);
        let text = match settings.talk_mode {
            TalkMode::PushToTalk => "The others hear you while you hold the talk key.",
            TalkMode::VoiceActivation => "The others hear you while you speak.",
            TalkMode::OpenMicrophone => "The others hear you all the time, unless you mute yourself.",
        };
        widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
    });
    widgets::settings_card(ui, "Talk key", |ui| {
        key(ui, cx, choice);
        ui.separator();
        hold(ui, cx, draft);
    });
}

fn key(ui: &mut Ui, cx: &Cx<'_>, choice: &mut Choice) {
    let label = talk_key::label(&cx.snapshot.settings.talk_key);
    let explanation = match choice {
        Choice::Idle => "Works while this window has the focus".to_owned(),
        Choice::Waiting => "Press the key you want. Escape keeps the old one.".to_owned(),
        Choice::Refused(key) => format!("{} is needed to work the window. Press another.", key.name()),
    };
    setting(ui, "Hold to talk", &explanation, |ui| {
        let words = if choice.is_waiting() { "Press a key…" } else { "Change" };
        let button = ui.add(Button::ghost(words).name("Change the talk key").min_width(120.0));
        if button.clicked() {
            *choice = Choice::Waiting;
        } else if choice.is_waiting() && button.clicked_elsewhere() {
            *choice = Choice::Idle;
        }
        widgets::key_cap(ui, &label);
    });
}

fn hold(ui: &mut Ui, cx: &Cx<'_>, draft: &mut Option<u16>) {
    let saved = cx.snapshot.settings.release_hold_millis;
    let mut millis = draft.unwrap_or(saved);
    setting(ui, "Keep talking after release", "So that the last word is not cut off", |ui| {
        ui.allocate_ui(egui::vec2(64.0, 20.0), |ui| {
            widgets::text(ui, format!("{millis} ms"), theme::small(), palette(ui).dim);
        });
        ui.spacing_mut().slider_width = (ui.available_width() - 220.0).clamp(80.0, 220.0);
        let slider =
            Slider::new(&mut millis, 0..=MOST_HOLD_MILLIS).step_by(HOLD_STEP_MILLIS).show_value(false);
        let response = ui.add(slider);
        response.widget_info(|| WidgetInfo::slider(true, f64::from(millis), "Keep talking after release"));
        if response.changed() {
            *draft = Some(millis);
        }
        // A dragged slider is saved once, when it is let go.
        if !response.dragged()
            && let Some(millis) = draft.take()
        {
            change(cx, |settings| settings.release_hold_millis = millis);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: Key) -> RawInput {
        let event = Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: Default::default(),
        };
        RawInput { events: vec![event, Event::Text("x".into())], ..Default::default() }
    }

    #[test]
    fn a_key_the_window_needs_is_refused_and_another_can_be_pressed() {
        let mut choice = Choice::Waiting;
        assert_eq!(choice.take(&mut press(Key::Tab)), None);
        assert!(matches!(choice, Choice::Refused(Key::Tab)));
        assert_eq!(choice.take(&mut press(Key::F8)), Some(TalkKey("F8".into())));
        assert!(!choice.is_waiting());
    }

    #[test]
    fn escape_keeps_the_old_key_and_nothing_reaches_the_window() {
        let mut choice = Choice::Waiting;
        let mut input = press(Key::Escape);
        assert_eq!(choice.take(&mut input), None);
        assert!(!choice.is_waiting() && input.events.is_empty());
    }
}
