//! What a resident hears of everybody it has a line to, and says to all of them. One thread for each resident in a party,
//! on an absolute schedule; it sleeps while there is no line.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use opus::Encoder;
use tokio::sync::mpsc as async_mpsc;

use super::{
    links::LineId,
    manner::{Delivery, Manner, Utterance},
};
use crate::sandbox::bridge::{
    Arrival, JitterBuffer, Voice,
    audio::{FRAME_TIME, Frame, SILENCE, is_audible, level, rtp_level},
    encoder,
};

/// Packets that wait between a connection and its resident, in either direction.
pub(super) const BACKLOG: usize = 32;
/// Whoever fell this far behind starts a new schedule instead of catching up.
const GIVE_UP: Duration = Duration::from_millis(500);
/// Largest Opus packet made.
const MAX_PACKET: usize = 1000;

#[derive(Debug, thiserror::Error)]
pub(super) enum SoundError {
    #[error("no codec")]
    Codec(#[from] opus::Error),
    #[error("no thread")]
    Thread(#[from] std::io::Error),
}

/// A connection's two queues.
pub(super) struct Line {
    pub arrivals: Receiver<Arrival>,
    pub utterances: async_mpsc::Sender<Arc<Utterance>>,
}

/// Commands to the thread, which ends with this.
pub(super) struct Sound(Sender<Control>);

enum Control {
    Plug(LineId, Box<Ear>),
    Unplug(LineId),
}

/// One line and what comes from it.
struct Ear {
    line: Line,
    jitter: JitterBuffer,
}

/// The resident itself.
struct Mouth {
    voice: Box<dyn Voice>,
    delivery: Delivery,
    encoder: Encoder,
}

impl Sound {
    /// Starts the thread.
    pub fn start(voice: Box<dyn Voice>, manner: Manner) -> Result<Self, SoundError> {
        let (sender, controls) = mpsc::channel();
        let mouth = Mouth { voice, delivery: Delivery::new(manner), encoder: encoder()? };
        std::thread::Builder::new().name("sandbox-talker".to_owned()).spawn(move || run(&controls, mouth))?;
        Ok(Self(sender))
    }

    pub fn plug(&self, id: LineId, line: Line) -> Result<(), SoundError> {
        self.send(Control::Plug(id, Box::new(Ear { line, jitter: JitterBuffer::new()? })));
        Ok(())
    }

    pub fn unplug(&self, id: LineId) {
        self.send(Control::Unplug(id));
    }

    fn send(&self, control: Control) {
        if self.0.send(control).is_err() {
            tracing::error!("a resident's thread is gone");
        }
    }
}

fn run(controls: &Receiver<Control>, mut mouth: Mouth) {
    let mut ears: BTreeMap<LineId, Ear> = BTreeMap::new();
    let mut next = Instant::now();
    loop {
        let control = if ears.is_empty() {
            controls.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            controls.recv_timeout(next.saturating_duration_since(Instant::now()))
        };
        match control {
            Ok(Control::Plug(id, ear)) => {
                if ears.is_empty() {
                    next = Instant::now() + FRAME_TIME;
                }
                ears.insert(id, *ear);
            }
            Ok(Control::Unplug(id)) => {
                ears.remove(&id);
            }
            Err(RecvTimeoutError::Timeout) => {
                let now = Instant::now();
                step(&mut mouth, &mut ears, now);
                next += FRAME_TIME;
                if now.saturating_duration_since(next) > GIVE_UP {
                    next = now + FRAME_TIME;
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// One frame: the sum of what everybody says goes in, one packet for all of them comes out.
fn step(mouth: &mut Mouth, ears: &mut BTreeMap<LineId, Ear>, now: Instant) {
    let (mut heard, mut frame): (Frame, Frame) = (SILENCE, SILENCE);
    for ear in ears.values_mut() {
        while let Ok(arrival) = ear.line.arrivals.try_recv() {
            ear.jitter.push(arrival);
        }
        if ear.jitter.pull(now, &mut frame) {
            for (heard, sample) in heard.iter_mut().zip(&frame) {
                *heard += sample;
            }
        }
    }
    if let Some(utterance) = mouth.say() {
        let utterance = Arc::new(utterance);
        for ear in ears.values() {
            // A connection that does not take its packets loses them: late sound is worth nothing.
            let _ = ear.line.utterances.try_send(utterance.clone());
        }
    }
    mouth.voice.hear(&heard);
}

impl Mouth {
    fn say(&mut self) -> Option<Utterance> {
        let mut frame = SILENCE;
        let speaks = self.voice.speak(&mut frame) && is_audible(&frame);
        let loudness = rtp_level(level(&frame));
        let encoder = &mut self.encoder;
        self.delivery.next(speaks, loudness, || match encoder.encode_vec_float(&frame, MAX_PACKET) {
            Ok(payload) => Some(payload.into()),
            Err(error) => {
                tracing::warn!(%error, "a frame was not encoded");
                None
            }
        })
    }
}
