//! Writing down what one hears: as long as the user wants it, and never beyond the party.

use std::{path::PathBuf, time::Instant};

use super::{Effect, Effects, Failure, Place, ProblemKind, State};
use crate::{
    client::{Notice, Recording, input::VoiceControl},
    voice::Recorder,
};

/// What is wanted of the recorder; what it does is in [`crate::client::Sound::recording`].
#[derive(Debug, Default)]
pub struct Recordings {
    wanted: bool,
    /// Where they go unless the settings name a folder.
    folder: Option<PathBuf>,
}

impl Recordings {
    pub fn is_wanted(&self) -> bool {
        self.wanted
    }
}

impl State {
    /// Recordings go to `folder` where the settings name none.
    pub fn keep_recordings_in(&mut self, folder: Option<PathBuf>) {
        self.recordings.folder = folder;
    }

    pub(super) fn record(&mut self, on: bool, out: &mut Effects) {
        if on == self.recordings.wanted {
            return;
        }
        if !on {
            return self.end_recording(out);
        }
        if self.joined().is_none() {
            return out.push(Effect::Notify(Notice::NothingToRecord));
        }
        let folder = self.settings.recording_folder.clone().or_else(|| self.recordings.folder.clone());
        let Some(folder) = folder else { return self.recording_failed("no folder for recordings") };
        self.recordings.wanted = true;
        self.problems.clear_kind(&ProblemKind::RecordingFailed);
        let recorder = Recorder { folder, format: self.settings.recording_format };
        out.push(Effect::Voice(VoiceControl::Record(Some(recorder))));
    }

    /// Nothing of what follows a party is recorded.
    pub(super) fn settle_recording(&mut self, out: &mut Effects) {
        if self.recordings.wanted && self.joined().is_none() {
            self.end_recording(out);
        }
    }

    fn end_recording(&mut self, out: &mut Effects) {
        self.recordings.wanted = false;
        out.push(Effect::Voice(VoiceControl::Record(None)));
    }

    pub(super) fn recording_began(&mut self, file: PathBuf, now: Instant) {
        self.sound.recording = Some(Recording { file, since: now });
    }

    pub(super) fn recording_ended(&mut self, file: PathBuf, whole: bool, out: &mut Effects) {
        self.recordings.wanted = false;
        self.sound.recording = None;
        out.push(Effect::Notify(Notice::Recorded(file)));
        if !whole {
            self.recording_failed("parts of the recording were not written");
        }
    }

    pub(super) fn recording_failed(&mut self, diagnostic: &str) {
        self.recordings.wanted = false;
        self.sound.recording = None;
        self.problems.raise(Place::Voice, Failure::new(ProblemKind::RecordingFailed, diagnostic));
    }
}
