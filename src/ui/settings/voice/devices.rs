//! Microphone, speakers and the party output: which, how loud, how soon, and whether they work.

use egui::{Align, Layout, Ui, vec2};

use super::{State, hint, talking, warning};
use crate::{
    client::{Command, DeviceState},
    model::{Activation, Decibels, DeviceChoice, DeviceKind, SoundDevice, TalkMode},
    ui::{
        Cx,
        display::one_line,
        settings::change,
        theme,
        theme::palette,
        widgets::{self, Button},
        wording::{links, voice_path as words},
    },
};

pub fn microphone(ui: &mut Ui, cx: &Cx<'_>, state: &mut State) {
    let (sound, settings) = (&cx.snapshot.sound, &cx.snapshot.settings);
    widgets::settings_card(ui, "Microphone", |ui| {
        let label = if state.hear_yourself { "Stop" } else { "Hear yourself" };
        let choice = &settings.microphone;
        let picked = device_row(ui, "Microphone", &sound.microphones, choice, |ui| {
            if ui.add(Button::ghost(label).min_width(140.0)).clicked() {
                state.hear_yourself = !state.hear_yourself;
            }
        });
        if let Some(choice) = picked {
            change(cx, |settings| settings.microphone = choice);
        }
        ui.add_space(8.0);
        let activates = settings.talk_mode == TalkMode::VoiceActivation;
        level(ui, cx, activates.then(|| state.activation.unwrap_or(settings.activation)));
        trouble(ui, cx, DeviceKind::Microphone, &sound.microphones, choice);
        if in_use(&sound.microphones, choice).is_some_and(|device| device.is_bluetooth) {
            let text = "This is a Bluetooth headset: its microphone makes the headset sound like a telephone. Choose \
                        another microphone if you have one.";
            warning(ui, text);
        }
        hint(
            ui,
            match (state.hear_yourself, activates) {
                (true, _) => {
                    "You hear yourself as the others do, after everything that is done to your voice below."
                }
                (false, true) => "The two lines on the bar are where speech begins and ends.",
                (false, false) => "Talk as you would in a game: the bar should stay in the green.",
            },
        );
        if activates {
            ui.separator();
            talking::activation(ui, cx, &mut state.activation);
            ui.separator();
        }
        let report = state.sample.read(cx, std::time::Instant::now());
        if let Some(latency) = report.input_latency {
            hint(ui, &format!("From the air to Partyline: {}", links::millis(latency)));
        }
    });
}

pub fn speakers(ui: &mut Ui, cx: &Cx<'_>, state: &mut State) {
    let (sound, settings) = (&cx.snapshot.sound, &cx.snapshot.settings);
    widgets::settings_card(ui, "Speakers", |ui| {
        let choice = &settings.speakers;
        let picked = device_row(ui, "Speakers", &sound.speakers, choice, |ui| {
            if ui.add(Button::ghost("Test sound").min_width(140.0)).clicked() {
                cx.send(Command::PlayTestSound);
            }
        });
        if let Some(choice) = picked {
            change(cx, |settings| settings.speakers = choice);
        }
        trouble(ui, cx, DeviceKind::Speakers, &sound.speakers, choice);
        let report = state.sample.read(cx, std::time::Instant::now());
        if let Some(latency) = report.output_latency {
            hint(ui, &format!("From Partyline to the air: {}", links::millis(latency)));
        }
        let (title, on) = ("Everybody about equally loud", settings.level_voices);
        let means =
            "Quiet voices are made louder and loud ones quieter. Volumes you chose yourself still count.";
        if widgets::toggle_row(ui, title, means, on).clicked() {
            change(cx, |settings| settings.level_voices = !on);
        }
    });
}

pub fn party_output(ui: &mut Ui, cx: &Cx<'_>) {
    let (sound, chosen) = (&cx.snapshot.sound, &cx.snapshot.settings.party_output);
    widgets::settings_card(ui, "Party output", |ui| {
        let text = "Plays what the party says on a second device as well, and nothing else: for a stream, or a \
                    recording of your own.";
        hint(ui, text);
        ui.add_space(2.0);
        let (mut words, choices, index) =
            options(&sound.speakers, chosen.as_ref().unwrap_or(&DeviceChoice::Default));
        words.insert(0, "Nowhere else".to_owned());
        let index = if chosen.is_some() { index + 1 } else { 0 };
        if let Some(picked) = widgets::select(ui, "Party output", ui.available_width(), &words, index) {
            let choice = picked.checked_sub(1).and_then(|picked| choices.into_iter().nth(picked));
            change(cx, |settings| settings.party_output = choice);
        }
        if let Some(choice) = chosen {
            trouble(ui, cx, DeviceKind::PartyOutput, &sound.speakers, choice);
        }
    });
}

/// What is wrong with a device, or what is used instead of it.
fn trouble(ui: &mut Ui, cx: &Cx<'_>, kind: DeviceKind, devices: &[SoundDevice], choice: &DeviceChoice) {
    match cx.snapshot.sound.state(kind) {
        DeviceState::Missing(trouble) => {
            let (what, means) = words::device_trouble(kind, *trouble);
            warning(ui, &format!("{what} {means}"));
        }
        DeviceState::Open { name, refused: Some(refused) } => {
            warning(ui, &words::stand_in(kind, *refused, name));
        }
        state => substitute(ui, devices, choice, state),
    }
}

/// The one that is chosen, or that the system uses.
fn in_use<'a>(devices: &'a [SoundDevice], choice: &DeviceChoice) -> Option<&'a SoundDevice> {
    devices.iter().find(|device| match choice {
        DeviceChoice::Default => device.is_default,
        DeviceChoice::Device(id) => device.id == *id,
    })
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

/// With the thresholds of voice activation where it is in use.
fn level(ui: &mut Ui, cx: &Cx<'_>, activation: Option<Activation>) {
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
        let meter = widgets::meter(ui, "Microphone level", level, ui.available_width());
        if let Some(Activation { open_at, close_at, .. }) = activation {
            let marks = [(Decibels(close_at), colours.dim), (Decibels(open_at), colours.text)];
            widgets::meter_marks(ui, meter.rect, &marks);
        }
    });
}

/// What is used while the chosen device is away.
fn substitute(ui: &mut Ui, devices: &[SoundDevice], choice: &DeviceChoice, state: &DeviceState) {
    let DeviceChoice::Device(id) = choice else { return };
    if devices.iter().any(|device| device.id == *id) {
        return;
    }
    let text = match state {
        DeviceState::Open { name, .. } => {
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
