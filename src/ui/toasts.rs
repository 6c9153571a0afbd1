//! Toasts: what just happened, in the lower right corner, for a moment.

use std::{collections::VecDeque, time::Duration};

use egui::{Align2, Area, Id, Order, Ui, vec2};

use super::{theme, theme::palette, widgets, wording};
use crate::client::Notice;

const SHOWN_SECONDS: f64 = 4.0;
const MOST: usize = 3;

#[derive(Debug)]
struct Toast {
    text: String,
    until: f64,
}

/// The toasts on screen, oldest first.
#[derive(Debug, Default)]
pub struct Toasts(VecDeque<Toast>);

impl Toasts {
    /// Adds what happened at `now`, in the window's seconds. The oldest make room; the same twice is shown once.
    pub fn extend(&mut self, notices: Vec<Notice>, now: f64) {
        for notice in notices {
            let text = wording::notice(&notice);
            self.0.retain(|toast| toast.text != text);
            if self.0.len() == MOST {
                self.0.pop_front();
            }
            self.0.push_back(Toast { text, until: now + SHOWN_SECONDS });
        }
    }

    /// Draws them above the lowest `bar_height` points, and asks for one frame when the next is over.
    pub fn show(&mut self, ui: &Ui, bar_height: f32) {
        let now = ui.input(|input| input.time);
        self.0.retain(|toast| toast.until > now);
        let Some(next) = self.0.front() else { return };
        ui.ctx().request_repaint_after(Duration::from_secs_f64(next.until - now));

        let colours = palette(ui);
        Area::new(Id::unique("toasts"))
            .anchor(Align2::RIGHT_BOTTOM, vec2(-24.0, -16.0 - bar_height))
            .order(Order::Tooltip)
            .interactable(false)
            .accessible_name("Notices")
            .show(ui.ctx(), |ui| {
                let width = (ui.ctx().content_rect().width() - 64.0).min(340.0);
                ui.with_layout(egui::Layout::bottom_up(egui::Align::Max), |ui| {
                    for toast in self.0.iter().rev() {
                        widgets::floating_frame(ui).show(ui, |ui| {
                            ui.set_max_width(width);
                            let text = widgets::line(ui, toast.text.as_str(), theme::body(), colours.text);
                            widgets::announce(ui, &text);
                        });
                    }
                });
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OnlineId;

    fn joined(name: &str) -> Notice {
        Notice::MemberJoined(OnlineId::from(name))
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut toasts = Toasts::default();
        toasts.extend(vec![joined("a"), joined("b"), joined("c"), joined("d")], 0.0);
        let texts: Vec<_> = toasts.0.iter().map(|toast| toast.text.as_str()).collect();
        assert_eq!(texts, ["b joined the party", "c joined the party", "d joined the party"]);
    }

    #[test]
    fn what_happens_again_is_shown_once_and_longer() {
        let mut toasts = Toasts::default();
        toasts.extend(vec![Notice::TalkingWhileMuted], 0.0);
        toasts.extend(vec![Notice::TalkingWhileMuted], 3.0);
        assert_eq!(toasts.0.len(), 1);
        assert_eq!(toasts.0[0].until, 3.0 + SHOWN_SECONDS);
    }
}
