//! Settings, sound devices and their tests.

use std::time::{Duration, Instant};

use super::{Effect, Effects, Failure, MicrophoneTest, Place, ProblemKind, State, Timer};
use crate::{
    client::{DeviceState, Notice, input::VoiceControl},
    model::{DeviceKind, Settings},
    voice::{Listening, Microphone, Speakers, VoiceEvent},
};

/// A slider being dragged is saved once.
const SAVE_SETTLE: Duration = Duration::from_millis(500);

impl State {
    /// What the voice threads do not know from the start.
    pub(super) fn tell_sound_settings(&self, out: &mut Effects) {
        let settings = &self.settings;
        out.push(Effect::Voice(VoiceControl::Processing(settings.processing)));
        out.push(Effect::Voice(VoiceControl::LevelVoices(settings.level_voices)));
        out.push(Effect::Voice(VoiceControl::FrameTime(settings.frame_millis)));
        out.push(Effect::Voice(VoiceControl::PartyOutput(settings.party_output.clone())));
    }

    pub(super) fn change_settings(&mut self, settings: Settings, now: Instant, out: &mut Effects) {
        // Where secrets live changes with the secrets alone.
        let settings = Settings { secret_storage: self.settings.secret_storage, ..settings.clamped() };
        let before = std::mem::replace(&mut self.settings, settings);
        if before == self.settings {
            return;
        }
        let after = &self.settings;
        if before.microphone != after.microphone {
            let microphone = Microphone::Device(after.microphone.clone());
            out.push(Effect::Voice(VoiceControl::Microphone(microphone)));
        }
        if before.speakers != after.speakers {
            out.push(Effect::Voice(VoiceControl::Speakers(Speakers::Device(after.speakers.clone()))));
        }
        if before.stun_servers != after.stun_servers {
            self.tell_stun_servers(out);
        }
        if before.processing != after.processing {
            out.push(Effect::Voice(VoiceControl::Processing(after.processing)));
        }
        if before.level_voices != after.level_voices {
            out.push(Effect::Voice(VoiceControl::LevelVoices(after.level_voices)));
        }
        if before.frame_millis != after.frame_millis {
            out.push(Effect::Voice(VoiceControl::FrameTime(after.frame_millis)));
        }
        if before.party_output != after.party_output {
            out.push(Effect::Voice(VoiceControl::PartyOutput(after.party_output.clone())));
        }
        if before.talk_key != after.talk_key {
            // The old key's release will never be seen.
            self.talk.key_held = false;
        }
        self.talk.mode = self.settings.talk_mode;
        out.push(self.talk_effect());
        self.timers.set(Timer::SaveSettings, now + SAVE_SETTLE);
    }

    pub(super) fn test_microphone(&mut self, test: MicrophoneTest, out: &mut Effects) {
        if self.sound.microphone_test != test {
            self.sound.microphone_test = test;
            out.push(Effect::Voice(VoiceControl::MicrophoneTest(match test {
                MicrophoneTest::Off => Listening::Off,
                MicrophoneTest::Meter => Listening::Meter,
                MicrophoneTest::HearYourself => Listening::HearYourself,
            })));
        }
    }

    pub(super) fn device_event(&mut self, event: VoiceEvent, now: Instant, out: &mut Effects) {
        match event {
            VoiceEvent::Connection { .. } => {}
            VoiceEvent::DevicesChanged(devices) => {
                self.sound.microphones = devices.microphones;
                self.sound.speakers = devices.speakers;
            }
            VoiceEvent::DeviceOpened { kind, name, refused } => {
                // Missing, or another one stood in for it.
                let was_awaited = *self.sound.state(kind) != DeviceState::Closed;
                self.problems.clear_device(kind);
                let was_lost = self.lost_devices.contains(&kind);
                self.lost_devices.retain(|lost| *lost != kind);
                if was_awaited || was_lost || refused.is_some() {
                    out.push(Effect::Notify(Notice::DeviceInUse { kind, name: name.clone(), refused }));
                }
                self.set_device(kind, DeviceState::Open { name, refused });
            }
            VoiceEvent::DeviceLost { kind } => {
                self.lost_devices.push(kind);
                self.set_device(kind, DeviceState::Closed);
                out.push(Effect::Notify(Notice::DeviceLost(kind)));
            }
            VoiceEvent::DeviceMissing { kind, trouble } => {
                self.set_device(kind, DeviceState::Missing(trouble));
                let failure = Failure::new(ProblemKind::DeviceMissing(kind, trouble), "no device that opens");
                self.problems.raise(Place::Voice, failure);
            }
            VoiceEvent::DeviceClosed { kind } => {
                self.set_device(kind, DeviceState::Closed);
                self.problems.clear_device(kind);
            }
            VoiceEvent::RecordingBegan(file) => self.recording_began(file, now),
            VoiceEvent::RecordingEnded { file, whole } => self.recording_ended(file, whole, out),
            VoiceEvent::RecordingFailed => self.recording_failed("the recorder wrote nothing"),
        }
    }

    fn set_device(&mut self, kind: DeviceKind, state: DeviceState) {
        match kind {
            DeviceKind::Microphone => self.sound.microphone = state,
            DeviceKind::Speakers => self.sound.output = state,
            DeviceKind::PartyOutput => self.sound.party_output = state,
        }
    }
}
