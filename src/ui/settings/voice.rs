//! Microphone and speakers: which, how loud, and whether they work.

use egui::{Align, Layout, Ui, vec2};

use super::change;
use crate::{
    client::{Command, DeviceState},
    model::{DeviceChoice, DeviceKind, SoundDevice},
    ui::{
        Cx,
        display::one_line,
        theme,
        theme::palette,
        widgets::{self, Button},
    },
};

pub fn show(ui: &mut Ui, cx: &Cx<'_>, hear_yourself: &mut bool) {
    let sound = &cx.snapshot.sound;
    widgets::settings_card(ui, "Microphone", |ui| {
        let label = if *hear_yourself { "Stop" } else { "Hear yourself" };
        let choice = &cx.snapshot.settings.microphone;
        let picked = device_row(ui, "Microphone", &sound.microphones, choice, |ui| {
            if ui.add(Button::ghost(label).min_width(140.0)).clicked() {
                *hear_yourself = !*hear_yourself;
            }
        });
        if let Some(choice) = picked {
            change(cx, |settings| settings.microphone = choice);
        }
        ui.add_space(8.0);
        level(ui, cx);
        match sound.state(DeviceKind::Microphone) {
            DeviceState::Missing(_) => warning(ui, "There is no microphone. The others can't hear you."),
            state => {
                substitute(ui, &sound.microphones, choice, state);
                let text = "Talk as you would in a game: the bar should stay in the green.";
                widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
            }
        }
    });
    widgets::settings_card(ui, "Speakers", |ui| {
        let choice = &cx.snapshot.settings.speakers;
        let picked = device_row(ui, "Speakers", &sound.speakers, choice, |ui| {
            if ui.add(Button::ghost("Test sound").min_width(140.0)).clicked() {
                cx.send(Command::PlayTestSound);
            }
        });
        if let Some(choice) = picked {
            change(cx, |settings| settings.speakers = choice);
        }
        match sound.state(DeviceKind::Speakers) {
            DeviceState::Missing(_) => warning(ui, "There are no speakers. You can't hear the others."),
            state => substitute(ui, &sound.speakers, choice, state),
        }
    });
}

fn device_row(
    ui: &mut Ui,
    name: &str,
    devices: &[SoundDevice],
    choice: &DeviceChoice,
    button: impl FnOnce(&mut Ui),
) -> Option<DeviceChoice> {
    let (words, choices, chosen) = options(devices, choice);
    let mut picked = None;
    let row = |ui: &mut Ui| {
        button(ui);
        picked = widgets::select(ui, name, ui.available_width(), &words, chosen);
    };
    let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), row);
    choices.into_iter().nth(picked?)
}

/// What to show, what each means, and which is chosen. A chosen device that is away stays in the list.
fn options(devices: &[SoundDevice], choice: &DeviceChoice) -> (Vec<String>, Vec<DeviceChoice>, usize) {
    let default = devices.iter().find(|device| device.is_default);
    let mut words = vec![match default {
        Some(device) => format!("System default ({})", one_line(&device.name)),
        None => "System default".to_owned(),
    }];
    let mut choices = vec![DeviceChoice::Default];
    for device in devices {
        words.push(one_line(&device.name));
        choices.push(DeviceChoice::Device(device.id.clone()));
    }
    if !choices.contains(choice) {
        words.push("The one you chose (not connected)".to_owned());
        choices.push(choice.clone());
    }
    let chosen = choices.iter().position(|c| c == choice).unwrap_or(0);
    (words, choices, chosen)
}

fn level(ui: &mut Ui, cx: &Cx<'_>) {
    let colours = palette(ui);
    let level = cx.handle.meters.microphone.get();
    let size = vec2(ui.available_width(), 20.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        // A width of its own: the bar must not breathe with the digits.
        ui.allocate_ui_with_layout(vec2(56.0, 20.0), Layout::right_to_left(Align::Center), |ui| {
            let number =
                if level.0 <= -90.0 { "silent".to_owned() } else { format!("−{:.0} dB", level.0.abs()) };
            widgets::text(ui, number, theme::small(), colours.dim);
        });
        ui.add_space(4.0);
        widgets::meter(ui, "Microphone level", level, ui.available_width());
    });
}

fn warning(ui: &mut Ui, text: &str) {
    let color = palette(ui).warn;
    widgets::paragraph(ui, text, theme::small(), color);
}

/// What is used while the chosen device is away.
fn substitute(ui: &mut Ui, devices: &[SoundDevice], choice: &DeviceChoice, state: &DeviceState) {
    let DeviceChoice::Device(id) = choice else { return };
    if devices.iter().any(|device| device.id == *id) {
        return;
    }
    let text = match state {
        DeviceState::Open { name } => {
            format!("The one you chose is not connected. Using {} for now.", one_line(name))
        }
        DeviceState::Closed | DeviceState::Missing(_) => "The one you chose is not connected.".to_owned(),
    };
    warning(ui, &text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_device_that_is_away_stays_chosen() {
        let devices = [SoundDevice {
            id: "a".into(),
            name: "USB headset".into(),
            is_default: true,
            is_bluetooth: false,
        }];
        let (words, choices, chosen) = options(&devices, &DeviceChoice::Device("gone".into()));
        assert_eq!(words[0], "System default (USB headset)");
        assert_eq!(words[chosen], "The one you chose (not connected)");
        assert_eq!(choices[chosen], DeviceChoice::Device("gone".into()));
        let (.., chosen) = options(&devices, &DeviceChoice::Device("a".into()));
        assert_eq!(chosen, 1);
    }
}
