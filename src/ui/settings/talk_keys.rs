//! The talk key, and how long the microphone stays on after it is let go.

use egui::{Event, Key, RawInput, Ui};

use super::{change, setting};
use crate::{
    model::TalkKey,
    ui::{
        Cx, talk_key, theme,
        theme::palette,
        widgets::{self, Button},
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
        let width = (ui.available_width() - 220.0).clamp(80.0, 220.0);
        let (name, range) = ("Keep talking after release", 0..=MOST_HOLD_MILLIS);
        let response = widgets::slider(ui, name, &mut millis, range, HOLD_STEP_MILLIS, width);
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
