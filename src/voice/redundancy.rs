//! Redundancy on the way out: each packet carries the ones before it once more (RED, RFC 2198), as many as the loss asks for.
//! Pure, time is an argument; the voice thread runs it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;

/// More than this share lost on the average: two in a row are usual, and each packet is sent three times. Below it, one copy
/// and Opus' own redundancy within that cost fewer bits and less delay for the same sound.
const HEAVY: f32 = 0.14;
/// What a report of one second says is by chance; this much of it goes into the average.
const TRUST: f32 = 0.25;
/// A line that lost something will do so again; redundancy stays this long after the last loss.
const MEMORY: Duration = Duration::from_secs(15);
/// The longest packet, so that no network on the way takes it apart.
const MAX_BYTES: usize = 1_100;
const HEADER: usize = 4;
/// Ticks back that the header can say (14 bits), and bytes of a block (10 bits).
const MAX_OFFSET: u32 = 1 << 14;
const MAX_BLOCK: usize = 1 << 10;

/// What was sent lately on one connection, and how much of it goes out again.
#[derive(Debug)]
pub struct Redundancy {
    /// RTP payload types of RED itself and of what is in it.
    red: u8,
    opus: u8,
    sent: VecDeque<(u32, Bytes)>,
    copies: usize,
    /// The share that is lost.
    loss: f32,
    lost_at: Option<Instant>,
    much_lost_at: Option<Instant>,
}

impl Redundancy {
    pub fn new(red: u8, opus: u8) -> Self {
        let sent = VecDeque::with_capacity(3);
        Self { red, opus, sent, copies: 1, loss: 0.0, lost_at: None, much_lost_at: None }
    }

    /// How often each packet goes out again: not more than twice.
    pub fn copies(&self) -> usize {
        self.copies
    }

    /// What Opus is to make up for besides: losses that a single copy leaves. Twice copied, its bits are better spent on the
    /// voice.
    pub fn expected_loss(&self) -> f32 {
        if self.copies == 1 { self.loss } else { 0.0 }
    }

    /// The other side said that this share of ours did not arrive.
    pub fn set_loss(&mut self, share: f32, now: Instant) {
        // A line that nobody spoke of yet is taken for one that loses: a report comes after the words it is about.
        if share > 0.0 || self.lost_at.is_none() {
            self.lost_at = Some(now);
        }
        self.loss += (share - self.loss) * TRUST;
        if self.loss > HEAVY {
            self.much_lost_at = Some(now);
        }
        let lately = |at: Option<Instant>| at.is_some_and(|at| now <= at + MEMORY);
        self.copies = usize::from(lately(self.lost_at)) + usize::from(lately(self.much_lost_at));
    }

    /// Nothing of what was said may travel in a later packet.
    pub fn forget(&mut self) {
        self.sent.clear();
    }

    /// The payload type and payload that carry this frame, and those before it once more.
    pub fn wrap(&mut self, timestamp: u32, frame: &Bytes) -> (u8, Bytes) {
        let first = self.sent.len().saturating_sub(self.copies);
        let mut bytes = frame.len() + 1;
        // The newest of the old ones matters most: whatever does not fit is older.
        let fits = |(then, copy): &&(u32, Bytes)| {
            bytes += copy.len() + HEADER;
            bytes <= MAX_BYTES && copy.len() < MAX_BLOCK && timestamp.wrapping_sub(*then) < MAX_OFFSET
        };
        let copies = self.sent.range(first..).rev().take_while(fits).count();
        let wrapped = match copies {
            0 => (self.opus, frame.clone()),
            _ => (self.red, self.payload(copies, timestamp, frame).into()),
        };
        self.sent.push_back((timestamp, frame.clone()));
        if self.sent.len() > 2 {
            self.sent.pop_front();
        }
        wrapped
    }

    fn payload(&self, copies: usize, timestamp: u32, frame: &[u8]) -> Vec<u8> {
        let copies = self.sent.range(self.sent.len() - copies..);
        let length: usize = copies.clone().map(|(_, copy)| HEADER + copy.len()).sum();
        let mut payload = Vec::with_capacity(length + 1 + frame.len());
        for (then, copy) in copies.clone() {
            let offset = timestamp.wrapping_sub(*then);
            let place = offset << 10 | copy.len() as u32;
            payload.push(0x80 | self.opus);
            payload.extend_from_slice(&place.to_be_bytes()[1..]);
        }
        payload.push(self.opus);
        copies.for_each(|(_, copy)| payload.extend_from_slice(copy));
        payload.extend_from_slice(frame);
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: u8 = 63;
    const OPUS: u8 = 96;

    fn wrap(redundancy: &mut Redundancy, timestamp: u32, frame: &[u8]) -> (u8, Vec<u8>) {
        let (payload_type, payload) = redundancy.wrap(timestamp, &Bytes::copy_from_slice(frame));
        (payload_type, payload.into())
    }

    /// Of a line that was reported on, long ago.
    fn after(losses: &[(u64, f32)]) -> Redundancy {
        let (mut redundancy, known) = (Redundancy::new(RED, OPUS), Instant::now());
        let start = known + 2 * MEMORY;
        redundancy.set_loss(0.0, known);
        for &(second, share) in losses {
            redundancy.set_loss(share, start + Duration::from_secs(second));
        }
        redundancy
    }

    /// So many seconds from this one on, a report each.
    fn seconds(first: u64, count: u64, share: f32) -> Vec<(u64, f32)> {
        (first..first + count).map(|second| (second, share)).collect()
    }

    #[test]
    fn a_clean_line_carries_everything_once() {
        let mut redundancy = after(&[(1, 0.0), (2, 0.0)]);
        assert_eq!(wrap(&mut redundancy, 0, b"one"), (OPUS, b"one".to_vec()));
        assert_eq!(wrap(&mut redundancy, 320, b"two"), (OPUS, b"two".to_vec()));
    }

    #[test]
    fn loss_adds_the_frame_before_and_heavy_loss_the_one_before_that() {
        let mut light = after(&[(1, 0.02)]);
        wrap(&mut light, 0, b"one");
        wrap(&mut light, 320, b"two");
        let header = [0x80 | OPUS, (320 >> 6) as u8, (320 << 2) as u8, 3, OPUS];
        let three = [&header[..], b"twothree"].concat();
        assert_eq!(wrap(&mut light, 640, b"three"), (RED, three));

        let mut heavy = after(&seconds(0, 10, 0.2));
        wrap(&mut heavy, 0, b"one");
        wrap(&mut heavy, 320, b"two");
        let (payload_type, payload) = wrap(&mut heavy, 640, b"three");
        assert_eq!(payload_type, RED);
        assert_eq!(&payload[..4], [0x80 | OPUS, (640 >> 6) as u8, (640 << 2) as u8, 3]);
        assert_eq!(&payload[9..], b"onetwothree");
    }

    #[test]
    fn redundancy_ends_some_time_after_the_last_loss() {
        assert_eq!(after(&[(0, 0.6), (14, 0.0)]).copies, 2);
        assert_eq!(after(&[(0, 0.6), (16, 0.0)]).copies, 0);
        assert_eq!(after(&[(0, 0.6), (10, 0.01), (16, 0.01)]).copies, 1, "a burst does not count for ever");
    }

    #[test]
    fn a_bad_second_is_not_heavy_loss_and_a_bad_minute_is() {
        let moderate = [seconds(0, 20, 0.06), vec![(20, 0.16)], seconds(21, 5, 0.06)].concat();
        assert_eq!(after(&moderate).copies, 1);
        assert!((0.05..0.12).contains(&after(&moderate).expected_loss()));
        let heavy = after(&seconds(0, 60, 0.2));
        assert_eq!((heavy.copies, heavy.expected_loss()), (2, 0.0));
    }

    #[test]
    fn a_line_has_a_copy_of_everything_until_it_was_clean_for_some_time() {
        let (mut redundancy, start) = (Redundancy::new(RED, OPUS), Instant::now());
        let mut copies_after = |seconds| {
            redundancy.set_loss(0.0, start + Duration::from_secs(seconds));
            redundancy.copies()
        };
        assert_eq!(
            (copies_after(60), copies_after(74), copies_after(76)),
            (1, 1, 0),
            "from the first report on"
        );
        assert_eq!(Redundancy::new(RED, OPUS).copies(), 1, "before it, too");
    }

    #[test]
    fn a_packet_is_never_too_long_and_never_reaches_too_far_back() {
        let mut redundancy = after(&[(0, 0.5)]);
        let frame = vec![7; 700];
        wrap(&mut redundancy, 0, &frame);
        assert_eq!(wrap(&mut redundancy, 320, &frame).0, OPUS);
        assert_eq!(wrap(&mut redundancy, 640, b"short").0, RED, "one of them fits");
        let mut paused = after(&[(0, 0.5)]);
        wrap(&mut paused, 0, b"one");
        assert_eq!(wrap(&mut paused, MAX_OFFSET, b"two").0, OPUS);
    }
}
