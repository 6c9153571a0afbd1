use std::sync::{Mutex, PoisonError};

use super::*;
use crate::{
    model::DeviceChoice,
    voice::{device::Nowhere, engine},
};

/// Of two cards, `a` being the default.
fn devices() -> Order {
    Order::Devices(Arc::new(Devices { microphones: vec![], speakers: list(&["a", "b"], "a") }))
}

struct NoStream;

impl Stream for NoStream {
    fn rest(&mut self, _resting: bool) {}
}

/// A supervisor whose cards open unless they are held by another program.
struct Bench {
    run: Run,
    held: Arc<Mutex<Vec<&'static str>>>,
    events: Arc<Mutex<Vec<VoiceEvent>>>,
    party_output: Receiver<Order>,
}

impl Bench {
    fn new(kind: DeviceKind, chosen: &str) -> Self {
        let (held, events) =
            (Arc::<Mutex<Vec<&'static str>>>::default(), Arc::<Mutex<Vec<VoiceEvent>>>::default());
        let (party_output, told) = Orders::new();
        let supervisor = Supervisor {
            kind,
            source: Source::Device(DeviceChoice::Device(chosen.into())),
            engine: engine::remote().0,
            party_output: Some(party_output),
            watch: Watch::spawn(vec![], Arc::new(|_| {})).unwrap().0,
            latency: Arc::default(),
            events: Arc::new({
                let events = events.clone();
                move |event| events.lock().unwrap_or_else(PoisonError::into_inner).push(event)
            }),
        };
        let busy = held.clone();
        let open_card = move |_: DeviceKind, id: &str, _: Hooks| match busy.lock().unwrap().contains(&id) {
            true => Err(OpenError::Card(cpal::Error::new(cpal::ErrorKind::DeviceBusy))),
            false => Ok(Opened {
                name: id.to_uppercase(),
                end: End::Playback(Box::new(Nowhere::default())),
                stream: Box::new(NoStream),
            }),
        };
        let run = Run::new(supervisor, Orders::new().0, Box::new(open_card));
        let mut bench = Self { run, held, events, party_output: told };
        bench.order(devices());
        bench
    }

    fn order(&mut self, order: Order) {
        self.run.follow(order);
        self.run.settle();
        self.run.tell();
    }

    /// Time passed in which nothing was ordered.
    fn try_again(&mut self) {
        assert!(self.run.wants_more());
        self.run.refused.clear();
        self.run.settle();
        self.run.tell();
    }

    fn hold(&self, cards: &[&'static str]) {
        *self.held.lock().unwrap() = cards.to_vec();
    }

    /// What was reported since the last call.
    fn events(&self) -> Vec<VoiceEvent> {
        std::mem::take(&mut self.events.lock().unwrap())
    }
}

fn opened(kind: DeviceKind, name: &str, refused: Option<DeviceTrouble>) -> VoiceEvent {
    VoiceEvent::DeviceOpened { kind, name: name.into(), refused }
}

#[test]
fn what_is_wrong_with_the_chosen_card_is_told_although_another_stands_in_until_it_opens() {
    let (kind, busy) = (DeviceKind::Speakers, Some(DeviceTrouble::Busy));
    let mut bench = Bench::new(kind, "b");
    bench.hold(&["b"]);
    bench.order(Order::Need(true));
    assert_eq!(bench.events(), [opened(kind, "A", busy)]);

    // It sounds on, however often the chosen one is tried.
    for _ in 0..3 {
        bench.try_again();
        bench.order(devices());
    }
    assert_eq!(bench.events(), []);
    bench.hold(&[]);
    bench.try_again();
    assert_eq!(bench.events(), [opened(kind, "B", None)], "and nothing was closed before");
    assert!(!bench.run.wants_more());
}

#[test]
fn a_card_that_stood_in_and_is_chosen_now_stands_in_no_more() {
    let (kind, busy) = (DeviceKind::Speakers, Some(DeviceTrouble::Busy));
    let reopened = [VoiceEvent::DeviceClosed { kind }, opened(kind, "A", None)];
    for chosen_or_alone in [
        Order::Source(Source::Device(DeviceChoice::Device("a".into()))),
        Order::Devices(Arc::new(Devices { microphones: vec![], speakers: list(&["a"], "a") })),
    ] {
        let mut bench = Bench::new(kind, "b");
        bench.hold(&["b"]);
        bench.order(Order::Need(true));
        assert_eq!(bench.events(), [opened(kind, "A", busy)]);
        bench.order(chosen_or_alone);
        assert_eq!(bench.events(), reopened);
        assert!(!bench.run.wants_more());
    }
}

#[test]
fn where_nothing_opens_the_trouble_of_the_chosen_card_is_told_once() {
    let kind = DeviceKind::Speakers;
    let mut bench = Bench::new(kind, "b");
    bench.hold(&["a", "b"]);
    bench.order(Order::Need(true));
    assert_eq!(bench.events(), [VoiceEvent::DeviceMissing { kind, trouble: DeviceTrouble::Busy }]);
    bench.try_again();
    assert_eq!(bench.events(), []);
    bench.hold(&["b"]);
    bench.try_again();
    assert_eq!(bench.events(), [opened(kind, "A", Some(DeviceTrouble::Busy))]);
}

#[test]
fn another_party_tries_the_chosen_card_again() {
    let kind = DeviceKind::Speakers;
    let mut bench = Bench::new(kind, "b");
    bench.hold(&["b"]);
    bench.order(Order::Need(true));
    bench.order(Order::Need(false));
    bench.hold(&[]);
    bench.events();
    bench.order(Order::Need(true));
    assert_eq!(bench.events(), [opened(kind, "B", None)]);
}

#[test]
fn the_party_output_is_silent_where_the_speakers_sound() {
    let kind = DeviceKind::PartyOutput;
    let mut bench = Bench::new(kind, "b");
    bench.order(Order::Speakers(Some("a".into())));
    bench.order(Order::Need(true));
    assert_eq!(bench.events(), [opened(kind, "B", None)]);
    bench.order(Order::Speakers(Some("b".into())));
    let doubled = VoiceEvent::DeviceMissing { kind, trouble: DeviceTrouble::Doubled };
    assert_eq!(bench.events(), [VoiceEvent::DeviceClosed { kind }, doubled]);
    bench.order(Order::Speakers(Some("a".into())));
    assert_eq!(bench.events(), [opened(kind, "B", None)]);
}

#[test]
fn the_party_output_is_told_where_the_speakers_sound() {
    let mut bench = Bench::new(DeviceKind::Speakers, "b");
    bench.order(Order::Need(true));
    bench.order(devices());
    bench.order(Order::Source(Source::Device(DeviceChoice::Default)));
    bench.order(Order::Need(false));
    let card = |order| if let Order::Speakers(card) = order { card } else { Some("no such order".into()) };
    let told: Vec<_> = bench.party_output.try_iter().map(card).collect();
    assert_eq!(told, [Some("b".to_owned()), Some("a".to_owned()), None]);
}

fn list(ids: &[&str], default: &str) -> Vec<SoundDevice> {
    ids.iter()
        .map(|&id| SoundDevice {
            id: id.into(),
            name: id.to_uppercase(),
            is_default: id == default,
            is_bluetooth: false,
        })
        .collect()
}
