//! Sound: settings reach the voice threads, who is heard how, and recordings.

use super::*;
use crate::{
    client::{DeviceState, MemberReach, input::LinksEffect},
    model::{DeviceChoice, DeviceKind, DeviceTrouble, Hearing, Notes, Processing, RecordingFormat},
    voice::Recorder,
};

const QUIET: Hearing = Hearing { volume_percent: 40, muted: false };

impl Evening {
    fn controls(&self) -> Vec<&VoiceControl> {
        let controls = self.effects.iter().filter_map(|effect| match effect {
            Effect::Voice(control) => Some(control),
            _ => None,
        });
        controls.collect()
    }

    fn told_hearing(&self) -> Option<&[(AccountId, Hearing)]> {
        self.controls().into_iter().find_map(|control| match control {
            VoiceControl::Hearing(hearing) => Some(hearing.as_slice()),
            _ => None,
        })
    }

    fn change(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.state.snapshot().settings;
        change(&mut settings);
        self.give(Input::Command(Command::ChangeSettings(Box::new(settings))));
    }

    fn recorders(&self) -> Vec<Option<Recorder>> {
        let recorders = self.controls().into_iter().filter_map(|control| match control {
            VoiceControl::Record(recorder) => Some(recorder.clone()),
            _ => None,
        });
        recorders.collect()
    }

    fn recording() -> Self {
        let mut evening = Self::talking();
        evening.state.keep_recordings_in(Some("/music".into()));
        evening.give(Input::Command(Command::Record(true)));
        evening
    }
}

fn hear(hearing: Hearing) -> Input {
    Input::Command(Command::SetHearing { account: NOVA, hearing })
}

#[test]
fn the_voice_has_every_setting_from_the_start_and_each_change_once() {
    let settings = Settings { frame_millis: 10, level_voices: false, ..Settings::default() };
    let mut state = State::new(Service::Sandbox, settings);
    let effects = state.handle(Input::Started, Instant::now());
    for control in [
        VoiceControl::Processing(Processing::default()),
        VoiceControl::LevelVoices(false),
        VoiceControl::FrameTime(10),
        VoiceControl::PartyOutput(None),
    ] {
        assert!(effects.contains(&Effect::Voice(control)));
    }

    let mut evening = Evening::begin();
    evening.change(|settings| settings.processing = Processing::OFF);
    assert!(evening.controls().contains(&&VoiceControl::Processing(Processing::OFF)));
    evening.change(|settings| settings.level_voices = false);
    assert!(evening.controls().contains(&&VoiceControl::LevelVoices(false)));
    assert!(!evening.has(|e| matches!(e, Effect::Voice(VoiceControl::Processing(_)))));
    evening.change(|settings| settings.frame_millis = 12);
    assert!(evening.controls().contains(&&VoiceControl::FrameTime(10)));
    evening.change(|settings| settings.party_output = Some(DeviceChoice::Default));
    assert!(evening.controls().contains(&&VoiceControl::PartyOutput(Some(DeviceChoice::Default))));
    evening.change(|settings| settings.activation.open_at = -20.0);
    let talks = |control: &&VoiceControl| matches!(control, VoiceControl::Talk(talk) if talk.activation.open_at == -20.0);
    assert!(evening.controls().iter().any(talks));
}

#[test]
fn how_somebody_is_heard_is_told_remembered_and_seen() {
    let mut evening = Evening::talking();
    let nova = Member { connected_to: Some(vec![ME]), ..member(NOVA) };
    evening.push("s1", Event::MembersJoined(vec![nova]));
    assert_eq!(evening.told_hearing(), Some(&[][..]));
    evening.give(hear(QUIET));
    assert_eq!(evening.told_hearing(), Some(&[(NOVA, QUIET)][..]));
    let voice = evening.state.members_voice()[&NOVA];
    assert_eq!((voice.hearing, voice.reach), (QUIET, MemberReach::Bridge));
    evening.give(hear(QUIET));
    assert_eq!(evening.told_hearing(), None, "nothing changed");

    evening.give(hear(Hearing { volume_percent: 900, muted: true }));
    let most = Hearing { volume_percent: Hearing::MAX_VOLUME, muted: true };
    assert_eq!(evening.told_hearing(), Some(&[(NOVA, most)][..]));
    evening.pass(Duration::from_secs(10));
    let kept = evening.find(|e| match e {
        Effect::SaveNotes { notes, .. } => Some(notes.hearing.clone()),
        _ => None,
    });
    assert_eq!(kept.into_iter().collect::<Vec<_>>(), [(NOVA, most)]);
}

#[test]
fn what_earlier_runs_remembered_counts_for_those_who_are_here() {
    let mut evening = Evening::talking();
    evening.push("s1", Event::MembersJoined(vec![member(NOVA)]));
    let hearing = [(NOVA, QUIET), (AccountId(7), QUIET)].into();
    let notes = Box::new(Notes { hearing, ..Notes::default() });
    evening.give(Input::NotesRead { account: ME, notes });
    assert_eq!(evening.told_hearing(), Some(&[(NOVA, QUIET)][..]));
    evening.push("s1", Event::MembersLeft(vec![NOVA]));
    assert_eq!(evening.told_hearing(), Some(&[][..]));
    evening.push("s1", Event::MembersJoined(vec![Member { join_order: 9, ..member(NOVA) }]));
    assert_eq!(evening.told_hearing(), Some(&[(NOVA, QUIET)][..]));
}

#[test]
fn a_recording_goes_where_the_settings_say_and_ends_with_the_party() {
    let mut evening = Evening::recording();
    let music = Recorder { folder: "/music".into(), format: RecordingFormat::Opus };
    assert_eq!(evening.recorders(), [Some(music)]);
    evening.give(Input::Command(Command::Record(true)));
    assert!(evening.recorders().is_empty(), "it is on its way");
    evening.give(Input::Voice(VoiceEvent::RecordingBegan("/music/a.opus".into())));
    let recording = evening.state.snapshot().sound.recording.expect("it runs");
    assert_eq!((recording.file.to_str(), recording.since), (Some("/music/a.opus"), evening.now));

    evening.give(Input::Command(Command::LeaveParty));
    assert_eq!(evening.recorders(), [None]);
    evening.pass(Duration::from_secs(1));
    assert!(evening.recorders().is_empty(), "once is enough");
    evening.give(Input::Voice(VoiceEvent::RecordingEnded { file: "/music/a.opus".into(), whole: true }));
    assert!(evening.has(|e| *e == Effect::Notify(Notice::Recorded("/music/a.opus".into()))));
    assert_eq!(evening.state.snapshot().sound.recording, None);

    let mut evening = Evening::talking();
    evening.change(|settings| settings.recording_folder = Some("/mine".into()));
    evening.change(|settings| settings.recording_format = RecordingFormat::Wav);
    evening.give(Input::Command(Command::Record(true)));
    let mine = Recorder { folder: "/mine".into(), format: RecordingFormat::Wav };
    assert_eq!(evening.recorders(), [Some(mine)]);
    evening.give(Input::Command(Command::Record(false)));
    assert_eq!(evening.recorders(), [None]);
}

#[test]
fn there_is_nothing_to_record_outside_a_party() {
    let mut evening = Evening::signed_in();
    evening.state.keep_recordings_in(Some("/music".into()));
    evening.give(Input::Command(Command::Record(true)));
    assert!(evening.recorders().is_empty());
    assert!(evening.has(|e| *e == Effect::Notify(Notice::NothingToRecord)));
}

#[test]
fn a_recording_that_fails_is_a_problem_until_the_next() {
    let mut evening = Evening::recording();
    evening.give(Input::Voice(VoiceEvent::RecordingFailed));
    assert_eq!(evening.problems(), [ProblemKind::RecordingFailed]);
    let connection = evening.state.joined().expect("joined").voice.connection();
    evening.connection(connection, ConnectionState::Connected);
    assert_eq!(evening.problems(), [ProblemKind::RecordingFailed], "voice is another matter");
    evening.give(Input::Command(Command::Record(true)));
    assert_eq!((evening.recorders().len(), evening.problems()), (1, vec![]));
    evening.give(Input::Voice(VoiceEvent::RecordingBegan("/music/b.opus".into())));
    evening.give(Input::Voice(VoiceEvent::RecordingEnded { file: "/music/b.opus".into(), whole: false }));
    assert_eq!(evening.problems(), [ProblemKind::RecordingFailed]);

    let mut homeless = Evening::talking();
    homeless.give(Input::Command(Command::Record(true)));
    assert!(homeless.recorders().is_empty());
    assert_eq!(homeless.problems(), [ProblemKind::RecordingFailed]);
}

#[test]
fn why_a_device_is_missing_is_told_as_it_changes() {
    let mut evening = Evening::talking();
    let (kind, none, busy) = (DeviceKind::PartyOutput, DeviceTrouble::None, DeviceTrouble::Busy);
    evening.give(Input::Voice(VoiceEvent::DeviceMissing { kind, trouble: none }));
    evening.give(Input::Voice(VoiceEvent::DeviceMissing { kind, trouble: busy }));
    assert_eq!(evening.problems(), [ProblemKind::DeviceMissing(kind, busy)]);
    evening.give(Input::Voice(VoiceEvent::DeviceOpened { kind, name: "Stream".into(), refused: None }));
    assert!(evening.problems().is_empty());
    assert!(evening.has(|e| matches!(e, Effect::Notify(Notice::DeviceInUse { .. }))));
}

#[test]
fn that_another_device_stands_in_is_told_until_the_chosen_one_opens() {
    let mut evening = Evening::talking();
    let (kind, busy) = (DeviceKind::Microphone, Some(DeviceTrouble::Busy));
    let opened =
        |name: &str, refused| Input::Voice(VoiceEvent::DeviceOpened { kind, name: name.into(), refused });
    let told = |evening: &Evening, wanted: Option<DeviceTrouble>| {
        evening
            .has(|e| matches!(e, Effect::Notify(Notice::DeviceInUse { refused, .. }) if *refused == wanted))
    };
    evening.give(opened("Webcam", busy));
    assert!(told(&evening, busy));
    assert_eq!(evening.state.sound.microphone, DeviceState::Open { name: "Webcam".into(), refused: busy });
    evening.give(opened("Headset", None));
    assert!(told(&evening, None));
    assert_eq!(evening.state.sound.microphone, DeviceState::Open { name: "Headset".into(), refused: None });
}

#[test]
fn a_recording_goes_on_when_the_bridge_was_given_up() {
    for (mut evening, is_recording) in [(Evening::recording(), true), (Evening::talking(), false)] {
        let connection = current_connection(&evening);
        evening.connection(connection, ConnectionState::Closed);
        let connection = evening.connecting();
        let failure = Failure::new(ProblemKind::VoiceNotUnderstood, "no audio");
        evening.give(Input::Seated { connection, result: Err(failure) });
        assert_eq!(evening.has(|e| *e == Effect::HangUp), !is_recording);
        assert_eq!(evening.has(|e| matches!(e, Effect::Links(LinksEffect::Close { .. }))), is_recording);
    }
}
