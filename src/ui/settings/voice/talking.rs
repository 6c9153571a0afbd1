//! When the microphone is sent, and what is done to it before.

use egui::{Align, Layout, Ui, vec2};

use super::hint;
use crate::{
    model::{Activation, Processing, TalkMode},
    ui::{
        Cx,
        settings::{change, choices, setting},
        theme,
        theme::palette,
        widgets, wording,
    },
};

const MOST_HOLD_MILLIS: u16 = 2000;
const HOLD_STEP_MILLIS: f64 = 50.0;
const LEVEL_STEP: f64 = 1.0;
/// What the meter shows.
const LEVELS: std::ops::RangeInclusive<f32> = -60.0..=0.0;

pub fn mode(ui: &mut Ui, cx: &Cx<'_>) {
    let settings = &cx.snapshot.settings;
    widgets::settings_card(ui, "Talk mode", |ui| {
        let all = [TalkMode::PushToTalk, TalkMode::VoiceActivation, TalkMode::OpenMicrophone];
        if let Some(mode) = choices(ui, &all, settings.talk_mode, wording::talk_mode) {
            change(cx, |settings| settings.talk_mode = mode);
        }
        ui.add_space(2.0);
        hint(
            ui,
            match settings.talk_mode {
                TalkMode::PushToTalk => "The others hear you while you hold the talk key.",
                TalkMode::VoiceActivation => "The others hear you while you speak.",
                TalkMode::OpenMicrophone => "The others hear you all the time, unless you mute yourself.",
            },
        );
    });
}

/// The thresholds of voice activation, which stand on the level meter above as well.
pub fn activation(ui: &mut Ui, cx: &Cx<'_>, draft: &mut Option<Activation>) {
    let saved = cx.snapshot.settings.activation;
    let mut now = draft.unwrap_or(saved);
    let mut dragged = false;
    let mut changed = false;
    let mut rail =
        |ui: &mut Ui, row: Row<'_>, slide: &mut dyn FnMut(&mut Ui, &str, f32) -> egui::Response| {
            setting(ui, row.name, row.means, |ui| {
                ui.allocate_ui_with_layout(vec2(64.0, 20.0), Layout::left_to_right(Align::Center), |ui| {
                    widgets::text(ui, row.value, theme::small(), palette(ui).dim);
                });
                let width = (ui.available_width() - 250.0).clamp(80.0, 220.0);
                let response = slide(ui, row.name, width);
                dragged |= response.dragged();
                changed |= response.changed();
            });
        };
    let (name, means) = ("Speech begins at", "Louder than this, and the others hear you");
    rail(ui, Row { name, means, value: decibels(now.open_at) }, &mut |ui, name, width| {
        widgets::slider(ui, name, &mut now.open_at, LEVELS, LEVEL_STEP, width)
    });
    let (name, means) = ("And ends below", "Lower than the first, so that quiet endings are heard");
    rail(ui, Row { name, means, value: decibels(now.close_at) }, &mut |ui, name, width| {
        widgets::slider(ui, name, &mut now.close_at, LEVELS, LEVEL_STEP, width)
    });
    let (name, means) = ("After a pause of", "So that a breath does not cut you off");
    let value = format!("{} ms", now.hold_millis);
    rail(ui, Row { name, means, value }, &mut |ui, name, width| {
        let range = 0..=MOST_HOLD_MILLIS;
        widgets::slider(ui, name, &mut now.hold_millis, range, HOLD_STEP_MILLIS, width)
    });
    if changed {
        *draft = Some(ordered(now, saved));
    }
    // In force while it is dragged: one hears, and sees on the meter, what it does.
    if let Some(chosen) = *draft {
        change(cx, |settings| settings.activation = chosen);
    }
    if !dragged {
        *draft = None;
    }
}

struct Row<'a> {
    name: &'a str,
    means: &'a str,
    value: String,
}

/// The threshold that was moved takes the other one along.
fn ordered(mut now: Activation, before: Activation) -> Activation {
    if now.close_at > now.open_at {
        if now.close_at == before.close_at {
            now.close_at = now.open_at;
        } else {
            now.open_at = now.close_at;
        }
    }
    now
}

fn decibels(level: f32) -> String {
    format!("−{:.0} dB", level.abs())
}

pub fn processing(ui: &mut Ui, cx: &Cx<'_>) {
    widgets::settings_card(ui, "Your voice", |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let toggles: [(&str, &str, Part); 4] = [
            ("Remove echo", "Takes away what your speakers play. Not needed with headphones.", |all| {
                &mut all.echo_cancellation
            }),
            ("Remove noise", "Takes away fans, keys and hiss.", |all| &mut all.noise_suppression),
            ("Even out how loud you are", "Makes quiet speech louder and loud speech quieter.", |all| {
                &mut all.automatic_gain
            }),
            ("Remove rumble", "Takes away what is lower than a voice: steps, desks, wind.", |all| {
                &mut all.high_pass
            }),
        ];
        let mut now = cx.snapshot.settings.processing;
        for (title, means, part) in toggles {
            let on = *part(&mut now);
            if widgets::toggle_row(ui, title, means, on).clicked() {
                change(cx, |settings| *part(&mut settings.processing) = !on);
            }
        }
    });
}

/// One of the things that are done.
type Part = fn(&mut Processing) -> &mut bool;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_takes_the_other_one_along() {
        let before = Activation { open_at: -38.0, close_at: -44.0, hold_millis: 300 };
        let lower = ordered(Activation { open_at: -50.0, ..before }, before);
        assert_eq!((lower.open_at, lower.close_at), (-50.0, -50.0));
        let higher = ordered(Activation { close_at: -20.0, ..before }, before);
        assert_eq!((higher.open_at, higher.close_at), (-20.0, -20.0));
        assert_eq!(ordered(before, before), before);
    }
}
