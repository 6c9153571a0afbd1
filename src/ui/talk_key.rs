//! The talk key: its name in settings, its name on screen, and when it goes down and up. Pure; the main thread feeds it.

use egui::{Event, Key, Modifiers, RawInput};

use crate::model::TalkKey;

/// Every key that may be the talk key: egui's, the W3C `code`, what is printed on it. Keys that work the window (Tab,
/// Enter, Escape, Space, arrows, Backspace) are not here.
#[rustfmt::skip]
const KEYS: &[(Key, &str, &str)] = &[
    (Key::ControlRight, "ControlRight", "Right Ctrl"), (Key::ControlLeft, "ControlLeft", "Left Ctrl"),
    (Key::ShiftRight, "ShiftRight", "Right Shift"), (Key::ShiftLeft, "ShiftLeft", "Left Shift"),
    (Key::AltRight, "AltRight", "Right Alt"), (Key::AltLeft, "AltLeft", "Left Alt"),
    (Key::SuperRight, "MetaRight", "Right Super"), (Key::SuperLeft, "MetaLeft", "Left Super"),
    (Key::CapsLock, "CapsLock", "Caps Lock"), (Key::NumLock, "NumLock", "Num Lock"),
    (Key::ScrollLock, "ScrollLock", "Scroll Lock"), (Key::Pause, "Pause", "Pause"),
    (Key::PrintScreen, "PrintScreen", "Print Screen"), (Key::Menu, "ContextMenu", "Menu"),
    (Key::Insert, "Insert", "Insert"), (Key::Delete, "Delete", "Delete"), (Key::Home, "Home", "Home"),
    (Key::End, "End", "End"), (Key::PageUp, "PageUp", "Page Up"), (Key::PageDown, "PageDown", "Page Down"),
    (Key::F1, "F1", "F1"), (Key::F2, "F2", "F2"), (Key::F3, "F3", "F3"), (Key::F4, "F4", "F4"),
    (Key::F5, "F5", "F5"), (Key::F6, "F6", "F6"), (Key::F7, "F7", "F7"), (Key::F8, "F8", "F8"),
    (Key::F9, "F9", "F9"), (Key::F10, "F10", "F10"), (Key::F11, "F11", "F11"), (Key::F12, "F12", "F12"),
    (Key::F13, "F13", "F13"), (Key::F14, "F14", "F14"), (Key::F15, "F15", "F15"), (Key::F16, "F16", "F16"),
    (Key::F17, "F17", "F17"), (Key::F18, "F18", "F18"), (Key::F19, "F19", "F19"), (Key::F20, "F20", "F20"),
    (Key::F21, "F21", "F21"), (Key::F22, "F22", "F22"), (Key::F23, "F23", "F23"), (Key::F24, "F24", "F24"),
    (Key::A, "KeyA", "A"), (Key::B, "KeyB", "B"), (Key::C, "KeyC", "C"), (Key::D, "KeyD", "D"),
    (Key::E, "KeyE", "E"), (Key::F, "KeyF", "F"), (Key::G, "KeyG", "G"), (Key::H, "KeyH", "H"),
    (Key::I, "KeyI", "I"), (Key::J, "KeyJ", "J"), (Key::K, "KeyK", "K"), (Key::L, "KeyL", "L"),
    (Key::M, "KeyM", "M"), (Key::N, "KeyN", "N"), (Key::O, "KeyO", "O"), (Key::P, "KeyP", "P"),
    (Key::Q, "KeyQ", "Q"), (Key::R, "KeyR", "R"), (Key::S, "KeyS", "S"), (Key::T, "KeyT", "T"),
    (Key::U, "KeyU", "U"), (Key::V, "KeyV", "V"), (Key::W, "KeyW", "W"), (Key::X, "KeyX", "X"),
    (Key::Y, "KeyY", "Y"), (Key::Z, "KeyZ", "Z"),
    (Key::Num0, "Digit0", "0"), (Key::Num1, "Digit1", "1"), (Key::Num2, "Digit2", "2"),
    (Key::Num3, "Digit3", "3"), (Key::Num4, "Digit4", "4"), (Key::Num5, "Digit5", "5"),
    (Key::Num6, "Digit6", "6"), (Key::Num7, "Digit7", "7"), (Key::Num8, "Digit8", "8"),
    (Key::Num9, "Digit9", "9"),
    (Key::Backtick, "Backquote", "`"), (Key::Minus, "Minus", "-"), (Key::Equals, "Equal", "="),
    (Key::OpenBracket, "BracketLeft", "["), (Key::CloseBracket, "BracketRight", "]"),
    (Key::Backslash, "Backslash", "\\"), (Key::Semicolon, "Semicolon", ";"), (Key::Quote, "Quote", "'"),
    (Key::Comma, "Comma", ","), (Key::Period, "Period", "."), (Key::Slash, "Slash", "/"),
    (Key::IntlBackslash, "IntlBackslash", "<"),
    (Key::MediaPlayPause, "MediaPlayPause", "Play/Pause"), (Key::MediaStop, "MediaStop", "Media Stop"),
    (Key::MediaTrackNext, "MediaTrackNext", "Next Track"),
    (Key::MediaTrackPrevious, "MediaTrackPrevious", "Previous Track"),
    (Key::BrowserBack, "BrowserBack", "Browser Back"),
    (Key::BrowserForward, "BrowserForward", "Browser Forward"),
];

/// The key as settings keep it; `None` for a key the window itself needs.
pub fn from_key(key: Key) -> Option<TalkKey> {
    KEYS.iter().find(|(k, ..)| *k == key).map(|(_, code, _)| TalkKey((*code).to_owned()))
}

/// The key egui reports for what settings hold; `None` where a file names a key that this window does not know.
pub fn to_key(key: &TalkKey) -> Option<Key> {
    KEYS.iter().find(|(_, code, _)| *code == key.0).map(|(k, ..)| *k)
}

/// What is printed on the key.
pub fn label(key: &TalkKey) -> String {
    match KEYS.iter().find(|(_, code, _)| *code == key.0) {
        Some((.., label)) => (*label).to_owned(),
        None => super::display::one_line(&key.0),
    }
}

/// Whether pressing the key in a text field would write or move there.
fn edits_text(key: Key) -> bool {
    from_key(key).is_some_and(|TalkKey(code)| {
        ["Key", "Digit", "Bracket"].iter().any(|typed| code.starts_with(typed))
            || matches!(
                code.as_str(),
                "Backquote"
                    | "Minus"
                    | "Equal"
                    | "Backslash"
                    | "Semicolon"
                    | "Quote"
                    | "Comma"
                    | "Period"
                    | "Slash"
                    | "IntlBackslash"
                    | "Insert"
                    | "Delete"
                    | "Home"
                    | "End"
                    | "PageUp"
                    | "PageDown"
            )
    })
}

/// The position of the key where it is known, else its meaning: `code` names positions.
pub fn pressed_key(event: &Event) -> Option<(Key, bool, Modifiers)> {
    match event {
        Event::Key { key, physical_key, pressed, modifiers, .. } => {
            Some((physical_key.unwrap_or(*key), *pressed, *modifiers))
        }
        _ => None,
    }
}

/// Turns raw input into presses and releases: one of each, whatever the keyboard repeats.
#[derive(Debug, Default)]
pub struct Watch {
    held: Option<Key>,
    /// Keys seen down and not up: a key that is already down only repeats.
    down: Vec<Key>,
}

impl Watch {
    /// `Some(held)` when the key went down or up with this input. `typing`: a text field has the focus, and takes the
    /// keys that write. The window losing the focus lets go, since the release would never be seen.
    pub fn observe(&mut self, key: Option<Key>, input: &RawInput, typing: bool) -> Option<bool> {
        // Another key in settings: the old one is no longer held.
        let before = self.held.is_some();
        let mut held = before && self.held == key;
        for event in &input.events {
            if let Event::WindowFocused(false) = event {
                held = false;
            }
            let was_down = self.follow(event);
            let Some((event_key, pressed, modifiers)) = pressed_key(event) else { continue };
            if Some(event_key) != key {
                continue;
            }
            let taken = edits_text(event_key) && (typing || modifiers.command || modifiers.alt);
            held = pressed && (held || !(taken || was_down));
        }
        held &= input.focused;
        self.held = key.filter(|_| held);
        (held != before).then_some(held)
    }

    /// Lets go while the keys serve something else; `Some(false)` if it was held.
    pub fn release(&mut self, input: &RawInput) -> Option<bool> {
        for event in &input.events {
            self.follow(event);
        }
        self.held.take().map(|_| false)
    }

    /// Whether the key of this event was down before it.
    fn follow(&mut self, event: &Event) -> bool {
        if let Event::WindowFocused(false) = event {
            self.down.clear();
        }
        let Some((key, pressed, _)) = pressed_key(event) else { return false };
        let before = self.down.len();
        self.down.retain(|down| *down != key);
        let was_down = self.down.len() < before;
        if pressed {
            self.down.push(key);
        }
        was_down
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(events: impl IntoIterator<Item = (Key, bool)>) -> RawInput {
        let events = events.into_iter().map(|(key, pressed)| Event::Key {
            key,
            physical_key: Some(key),
            pressed,
            repeat: false,
            modifiers: Modifiers::NONE,
        });
        RawInput { events: events.collect(), focused: true, ..Default::default() }
    }

    #[test]
    fn every_key_survives_the_way_to_settings_and_back() {
        for (key, code, _) in KEYS {
            let saved = from_key(*key).expect("in the table");
            assert_eq!(saved.0, *code);
            assert_eq!(to_key(&saved), Some(*key), "{code}");
        }
        assert_eq!(to_key(&TalkKey::default()), Some(Key::ControlRight));
        assert_eq!(label(&TalkKey::default()), "Right Ctrl");
    }

    #[test]
    fn keys_that_work_the_window_are_refused() {
        for key in [Key::Escape, Key::Tab, Key::Enter, Key::Space, Key::Backspace, Key::ArrowDown] {
            assert_eq!(from_key(key), None, "{key:?}");
        }
    }

    #[test]
    fn a_repeating_key_is_pressed_once() {
        let mut watch = Watch::default();
        let key = Some(Key::ControlRight);
        assert_eq!(watch.observe(key, &input([(Key::ControlRight, true)]), false), Some(true));
        assert_eq!(watch.observe(key, &input([(Key::ControlRight, true)]), false), None);
        assert_eq!(watch.observe(key, &input([(Key::ControlLeft, false)]), false), None);
        assert_eq!(watch.observe(key, &input([(Key::ControlRight, false)]), false), Some(false));
        assert_eq!(watch.observe(key, &input([(Key::ControlRight, false)]), false), None);
    }

    #[test]
    fn losing_the_focus_lets_go() {
        let mut watch = Watch::default();
        let key = Some(Key::F8);
        assert_eq!(watch.observe(key, &input([(Key::F8, true)]), false), Some(true));
        let away = RawInput { focused: false, ..input([]) };
        assert_eq!(watch.observe(key, &away, false), Some(false));
    }

    #[test]
    fn choosing_another_key_lets_go_of_the_old_one() {
        let mut watch = Watch::default();
        assert_eq!(watch.observe(Some(Key::F8), &input([(Key::F8, true)]), false), Some(true));
        assert_eq!(watch.observe(Some(Key::F9), &input([]), false), Some(false));
        assert_eq!(watch.release(&input([])), None);
    }

    #[test]
    fn a_key_that_is_still_down_from_being_chosen_does_not_go_on_air() {
        let mut watch = Watch::default();
        assert_eq!(watch.release(&input([(Key::F8, true)])), None, "chosen with this press");
        assert_eq!(watch.observe(Some(Key::F8), &input([(Key::F8, true)]), false), None, "it only repeats");
        assert_eq!(watch.observe(Some(Key::F8), &input([(Key::F8, false)]), false), None);
        assert_eq!(watch.observe(Some(Key::F8), &input([(Key::F8, true)]), false), Some(true));
    }

    #[test]
    fn a_key_that_writes_belongs_to_the_text_field() {
        let mut watch = Watch::default();
        assert_eq!(watch.observe(Some(Key::T), &input([(Key::T, true)]), true), None);
        assert_eq!(watch.observe(Some(Key::T), &input([(Key::T, false)]), true), None);
        assert_eq!(watch.observe(Some(Key::F8), &input([(Key::F8, true)]), true), Some(true));
    }

    #[test]
    fn a_held_key_is_released_even_when_a_field_took_the_focus_meanwhile() {
        let mut watch = Watch::default();
        assert_eq!(watch.observe(Some(Key::T), &input([(Key::T, true)]), false), Some(true));
        assert_eq!(watch.observe(Some(Key::T), &input([(Key::T, false)]), true), Some(false));
    }
}
