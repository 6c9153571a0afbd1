use super::*;
use crate::{
    model::{Activation, TalkMode},
    voice::{BLOCK, negotiation::Terms, outgoing::Frame},
};

const LISTENING: Talk = Talk {
    mode: TalkMode::VoiceActivation,
    activation: Activation { open_at: -38.0, close_at: -44.0, hold_millis: 300 },
    key_held: false,
    muted: false,
    deafened: false,
    release_hold: Duration::from_millis(200),
};

/// A room at this amplitude.
struct Room(f32);

impl Capture for Room {
    fn read(&mut self, into: &mut Vec<f32>, _now: Instant) {
        into.extend([self.0; BLOCK]);
    }

    fn calls(&self) -> bool {
        true
    }
}

/// A card that is always in step.
struct Card;

impl Playback for Card {
    fn wanted(&mut self, _now: Instant) -> usize {
        BLOCK
    }

    fn write(&mut self, _samples: &[f32]) {}

    fn may_rest(&self) -> bool {
        true
    }

    fn calls(&self) -> bool {
        true
    }
}

/// An engine in a party where nobody says anything, and what its speakers and its network are told.
struct Bench {
    engine: Engine,
    speakers: Receiver<Order>,
    _frames: tokio::sync::mpsc::Receiver<Frame>,
    now: Instant,
}

impl Bench {
    fn new(talk: Talk, room: f32) -> Self {
        let (orders, speakers) = Orders::new();
        let (sender, frames) = tokio::sync::mpsc::channel(10_000);
        let mut engine = Engine {
            commands: channel().1,
            nudge: Arc::default(),
            stop: Arc::default(),
            uplink: Uplink::new(Orders::new().0, talk),
            downlink: Downlink::new(orders, Orders::new().0, false),
            screen: Screen::new(Arc::default(), Arc::new(|| {})),
            last_sound: Instant::now(),
        };
        let now = Instant::now();
        engine.apply(Command::Attach(Box::new(Attachment {
            connection: 1,
            with: OtherEnd::Bridge,
            outgoing: Some(Outgoing::new(&Terms::PLAIN, sender, now).unwrap()),
            counters: Arc::default(),
        })));
        engine.apply(Command::Connected(1));
        engine.apply(Command::Capture(Some(Box::new(Room(room)))));
        engine.apply(Command::Playback(Some(Box::new(Card))));
        Self { engine, speakers, _frames: frames, now }
    }

    fn pass(&mut self, seconds: u32) {
        for _ in 0..seconds * 100 {
            self.now += TICK;
            self.engine.tick(self.now);
        }
    }

    /// Whether the speakers were last told to rest.
    fn is_at_rest(&self) -> bool {
        let rests = |order| if let Order::Rest(resting) = order { Some(resting) } else { None };
        self.speakers.try_iter().filter_map(rests).last().unwrap_or(false)
    }
}

#[test]
fn in_a_silent_party_the_speakers_rest_however_the_microphone_listens() {
    for mode in [TalkMode::PushToTalk, TalkMode::VoiceActivation, TalkMode::OpenMicrophone] {
        let mut bench = Bench::new(Talk { mode, ..LISTENING }, 0.001);
        bench.pass(9);
        assert!(!bench.is_at_rest(), "{mode:?}: not yet");
        bench.pass(3);
        assert!(bench.is_at_rest(), "{mode:?}");
        // The microphone alone sets the pace, where it must be heard at once.
        let awake = mode != TalkMode::PushToTalk;
        let expected = if awake { CALLED_TICK } else { QUIET_TICK };
        assert_eq!(bench.engine.pause(bench.now), Some(expected), "{mode:?}");
    }
}

#[test]
fn while_a_word_is_said_the_speakers_stay_awake() {
    let mut bench = Bench::new(LISTENING, 0.3);
    bench.pass(15);
    assert!(bench.engine.uplink.reading().live && !bench.is_at_rest());
}

#[test]
fn what_is_heard_wakes_the_speakers() {
    let mut bench = Bench::new(LISTENING, 0.001);
    bench.pass(12);
    assert!(bench.is_at_rest());
    bench.engine.apply(Command::Chime);
    bench.pass(1);
    assert!(!bench.is_at_rest() && !bench.engine.downlink.is_resting());
}

#[test]
fn a_device_that_was_just_opened_does_not_rest_whatever_its_predecessor_was_told() {
    let mut bench = Bench::new(LISTENING, 0.001);
    bench.pass(12);
    assert!(bench.is_at_rest());
    bench.engine.apply(Command::Playback(Some(Box::new(Card))));
    assert!(matches!(bench.speakers.try_iter().last(), Some(Order::Rest(false))));
}
