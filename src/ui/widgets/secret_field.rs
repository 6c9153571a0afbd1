//! A field for what nobody should read over one's shoulder: masked until asked, forgotten by the window as soon as it is taken.

use std::fmt;

use egui::{Align2, Layout, Response, TextEdit, Ui, Vec2, vec2};
use secrecy::zeroize::{Zeroize as _, Zeroizing};

use super::{
    Icon,
    field::{Field, MAX_LONG},
    icon_button, place,
};
use crate::model::Secret;

/// A secret while it is typed or pasted. Wiped when it is taken, and when it goes.
pub struct SecretText {
    text: Zeroizing<String>,
    shown: bool,
}

impl Default for SecretText {
    fn default() -> Self {
        // Room for all it may hold: text that grows into new memory leaves itself behind in the old.
        Self { text: Zeroizing::new(String::with_capacity(MAX_LONG)), shown: false }
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl SecretText {
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// What was typed, without space around it. The field is empty then.
    pub fn take(&mut self) -> Secret {
        let secret = Secret::from(self.text.trim());
        self.clear();
        secret
    }

    pub fn clear(&mut self) {
        self.text.zeroize();
        self.shown = false;
    }
}

/// A masked field with an eye beside it. `name` is read out; `hint` stands in the empty field.
pub fn secret_field(ui: &mut Ui, secret: &mut SecretText, name: &str, hint: &str) -> Response {
    let look = Field { masked: !secret.shown, right: 44, ..Field::new(name, hint) };
    let response = look.show(ui, &mut *secret.text);
    // egui keeps every state of a field for Ctrl+Z, in the open.
    if let Some(mut state) = TextEdit::load_state(ui.ctx(), response.id) {
        state.clear_undoer();
    }
    let (icon, verb) = if secret.shown { (Icon::EyeOff, "Hide") } else { (Icon::Eye, "Show") };
    let eye =
        Align2::RIGHT_CENTER.anchor_size(response.rect.right_center() - vec2(4.0, 0.0), Vec2::splat(32.0));
    place(ui, eye, Layout::default(), |ui| {
        if icon_button(ui, icon, &format!("{verb} {}", name.to_lowercase())).clicked() {
            secret.shown = !secret.shown;
        }
    });
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_taken_once_and_never_printed() {
        let mut typed = SecretText { text: Zeroizing::new(" abc-123 ".to_owned()), shown: true };
        assert_eq!(format!("{typed:?}"), "[secret]");
        assert_eq!(typed.take(), Secret::from("abc-123"));
        assert!(typed.is_empty() && !typed.shown);
    }
}
