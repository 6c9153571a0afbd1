//! Whether somebody looks at the window, as far as the window system says. Pure.

use egui::ViewportInfo;

/// Tells changes apart from what was told before.
pub struct Watch {
    told: bool,
}

impl Default for Watch {
    /// As a client takes it to be.
    fn default() -> Self {
        Self { told: true }
    }
}

impl Watch {
    /// What is worth telling: the window gained or lost the eyes on it.
    pub fn observe(&mut self, window: &ViewportInfo) -> Option<bool> {
        let hidden = window.visible() == Some(false);
        // A window system that says nothing has nobody away.
        let looked_at = window.focused != Some(false) && !hidden;
        (std::mem::replace(&mut self.told, looked_at) != looked_at).then_some(looked_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(focused: Option<bool>, minimized: Option<bool>) -> ViewportInfo {
        ViewportInfo { focused, minimized, ..ViewportInfo::default() }
    }

    #[test]
    fn only_a_change_is_told_and_a_hidden_window_has_nobody_before_it() {
        let mut watch = Watch::default();
        let seen = [
            window(None, None),
            window(Some(true), None),
            window(Some(false), None),
            window(Some(false), Some(true)),
            window(Some(true), Some(false)),
            window(Some(true), Some(true)),
        ];
        let told: Vec<_> = seen.iter().map(|window| watch.observe(window)).collect();
        assert_eq!(told, [None, None, Some(false), None, Some(true), Some(false)]);
    }
}
