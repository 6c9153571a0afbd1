//! Our voice on its way to one connection: addressed, timed by its clock, with as much redundancy as its losses ask for.
//! The voice thread runs it.

use std::time::Instant;

use bytes::Bytes;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::{
    SAMPLE_RATE,
    codec::{Conditions, Format, MOST_EXPECTED_LOSS},
    encoding::{Encoded, Encoding},
    negotiation::Terms,
    redundancy::Redundancy,
};
use crate::model::Decibels;

/// One RTP payload on its way out.
#[derive(Debug)]
pub struct Frame {
    pub payload: Bytes,
    pub payload_type: u8,
    /// Ticks of the negotiated clock since the connection began.
    pub timestamp: u32,
    /// The first after a pause.
    pub begins_talk: bool,
    /// `None`: nothing of the microphone is in it.
    pub speech: Option<Decibels>,
}

/// What was agreed on for one connection, and the encoder it would need if nobody had such a one already.
pub struct Outgoing {
    encoding: Encoding,
    line: Line,
}

impl Outgoing {
    /// `frames`: to the peer's sending task. Allocates; to be called where the connection is made, not on the voice thread.
    ///
    /// # Errors
    /// libopus could not allocate or refuses a setting.
    pub fn new(terms: &Terms, frames: mpsc::Sender<Frame>, now: Instant) -> Result<Self, opus::Error> {
        let line = Line {
            frames,
            payload_type: terms.opus,
            clock_hz: terms.clock_hz,
            redundancy: terms.redundancy.map(|red| Redundancy::new(red, terms.opus)),
            loss: 0.0,
        };
        Ok(Self { encoding: Encoding::new(Format::of(terms), now)?, line })
    }
}

/// One connection.
struct Line {
    frames: mpsc::Sender<Frame>,
    payload_type: u8,
    clock_hz: u32,
    redundancy: Option<Redundancy>,
    loss: f32,
}

impl Line {
    fn send(&mut self, encoded: &Encoded) {
        let Encoded { ref payload, position, begins_talk, speech } = *encoded;
        // Nothing from before a pause is said again after it, and what has no copies is not counted among them.
        if let Some(redundancy) = &mut self.redundancy
            && (begins_talk || speech.is_none())
        {
            redundancy.forget();
        }
        let place = match self.frames.try_reserve() {
            Ok(place) => place,
            // The network is stuck, and sound that waits is worth nothing.
            Err(TrySendError::Full(())) => return tracing::debug!("a frame was dropped before the network"),
            // The connection just ended.
            Err(TrySendError::Closed(())) => return,
        };
        let timestamp = (position * u64::from(self.clock_hz) / SAMPLE_RATE as u64) as u32;
        let (payload_type, payload) = match &mut self.redundancy {
            Some(redundancy) if speech.is_some() => redundancy.wrap(timestamp, payload),
            _ => (self.payload_type, payload.clone()),
        };
        place.send(Frame { payload, payload_type, timestamp, begins_talk, speech });
    }

    fn conditions(&self) -> Conditions {
        let copies = self.redundancy.as_ref().map_or(0, Redundancy::copies);
        let loss = self.redundancy.as_ref().map_or(self.loss, Redundancy::expected_loss);
        Conditions { loss: loss.min(MOST_EXPECTED_LOSS), copies: copies as f32 }
    }
}

/// Everybody we send to. Who takes the same frames shares an encoder.
#[derive(Default)]
pub struct Audience {
    groups: Vec<Group>,
}

struct Group {
    encoding: Encoding,
    lines: Vec<Seat>,
}

struct Seat {
    connection: u64,
    connected: bool,
    /// The path seems gone. What is said goes out on it all the same: it may be heard.
    interrupted: bool,
    line: Line,
}

impl Group {
    fn is_connected(&self) -> bool {
        self.lines.iter().any(|seat| seat.connected)
    }

    /// The average decides: it is what our own line has to carry, and one listener among many, truthful or not, moves it
    /// little.
    fn adapt(&mut self) {
        let (mut sum, mut lines) = (Conditions::default(), 0.0);
        for seat in self.lines.iter().filter(|seat| seat.connected) {
            let Conditions { loss, copies } = seat.line.conditions();
            sum = Conditions { loss: sum.loss + loss, copies: sum.copies + copies };
            lines += 1.0;
        }
        if lines > 0.0 {
            self.encoding.adapt(Conditions { loss: sum.loss / lines, copies: sum.copies / lines });
        }
    }
}

/// Sends to everybody of one group who is connected.
fn to(lines: &mut [Seat]) -> impl FnMut(Encoded) {
    |encoded| {
        for seat in lines.iter_mut().filter(|seat| seat.connected) {
            seat.line.send(&encoded);
        }
    }
}

impl Audience {
    /// Nothing is sent to it before it is connected.
    pub fn attach(&mut self, connection: u64, outgoing: Outgoing) {
        let Outgoing { encoding, line } = outgoing;
        let seat = Seat { connection, connected: false, interrupted: false, line };
        match self.groups.iter_mut().find(|group| group.encoding.format() == encoding.format()) {
            Some(group) => group.lines.push(seat),
            None => self.groups.push(Group { encoding, lines: vec![seat] }),
        }
    }

    pub fn detach(&mut self, connection: u64) {
        for group in &mut self.groups {
            group.lines.retain(|seat| seat.connection != connection);
            group.adapt();
        }
        self.groups.retain(|group| !group.lines.is_empty());
    }

    /// `talking`: a word is being said. Whoever comes to it joins in the middle.
    pub fn set_connected(&mut self, connection: u64, connected: bool, talking: bool, now: Instant) {
        for group in &mut self.groups {
            let was_idle = !group.is_connected();
            if let Some(seat) = group.lines.iter_mut().find(|seat| seat.connection == connection) {
                (seat.connected, seat.interrupted) = (connected, false);
                if let Some(redundancy) = &mut seat.line.redundancy {
                    redundancy.forget();
                }
                if talking && connected && was_idle {
                    group.encoding.begin(&[], &[], now, |_| {});
                }
            }
            group.adapt();
        }
    }

    /// Until it is connected again.
    pub fn set_interrupted(&mut self, connection: u64) {
        let seats = self.groups.iter_mut().flat_map(|group| &mut group.lines);
        seats.filter(|seat| seat.connection == connection).for_each(|seat| seat.interrupted = true);
    }

    pub fn set_loss(&mut self, connection: u64, share: f32, now: Instant) {
        for group in &mut self.groups {
            if let Some(seat) = group.lines.iter_mut().find(|seat| seat.connection == connection) {
                seat.line.loss = share;
                if let Some(redundancy) = &mut seat.line.redundancy {
                    redundancy.set_loss(share, now);
                }
            }
            group.adapt();
        }
    }

    pub fn is_connected(&self) -> bool {
        self.groups.iter().any(Group::is_connected)
    }

    /// Somebody hears what is said, for all that is known.
    pub fn is_reached(&self) -> bool {
        let mut seats = self.groups.iter().flat_map(|group| &group.lines);
        seats.any(|seat| seat.connected && !seat.interrupted)
    }

    /// Speech begins with these samples, the last of which was recorded now.
    pub fn begin(&mut self, pre_roll: &[f32], block: &[f32], now: Instant) {
        for Group { encoding, lines } in self.listening() {
            encoding.begin(pre_roll, block, now, to(lines));
        }
    }

    pub fn speak(&mut self, block: &[f32], now: Instant) {
        for Group { encoding, lines } in self.listening() {
            encoding.speak(block, now, to(lines));
        }
    }

    /// Ends speech with this block, if there is one.
    pub fn end(&mut self, block: &[f32], now: Instant) {
        for Group { encoding, lines } in self.listening() {
            encoding.end(block, now, to(lines));
        }
    }

    /// Between speech, to be called when it is [due](Self::due).
    pub fn keep_alive(&mut self, now: Instant) {
        for Group { encoding, lines } in self.listening() {
            encoding.keep_alive(now, to(lines));
        }
    }

    pub fn due(&self) -> Option<Instant> {
        self.groups.iter().filter(|group| group.is_connected()).map(|group| group.encoding.due()).min()
    }

    fn listening(&mut self) -> impl Iterator<Item = &mut Group> {
        self.groups.iter_mut().filter(|group| group.is_connected())
    }
}

#[cfg(test)]
mod tests;
