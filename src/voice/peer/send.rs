//! From the voice thread to the network, numbered. A task on tokio.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use rtc::rtp::{
    self,
    extension::{HeaderExtension, audio_level_extension::AudioLevelExtension},
};
use tokio::sync::mpsc;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

use super::Surroundings;
use crate::{
    model::Decibels,
    voice::{outgoing::Frame, stats::Counters},
};

/// What is to be sent, and who counts it.
pub struct Sending {
    frames: mpsc::Receiver<Frame>,
    counters: Arc<Counters>,
}

impl Sending {
    /// Leaves a queue behind that nobody fills.
    pub fn take(surroundings: &mut Surroundings) -> Self {
        let frames = std::mem::replace(&mut surroundings.frames, mpsc::channel(1).1);
        Self { frames, counters: surroundings.counters.clone() }
    }

    /// Until the connection or the voice thread ends.
    pub async fn run(mut self, track: Arc<TrackLocalStaticRTP>, ssrc: u32) {
        let (mut sequence_number, first_timestamp): (u16, u32) = (rand::random(), rand::random());
        while let Some(frame) = self.frames.recv().await {
            let header = rtp::Header {
                version: 2,
                marker: frame.begins_talk,
                payload_type: frame.payload_type,
                sequence_number,
                timestamp: first_timestamp.wrapping_add(frame.timestamp),
                ssrc,
                ..Default::default()
            };
            sequence_number = sequence_number.wrapping_add(1);
            let level = HeaderExtension::AudioLevel(audio_level(frame.speech));
            let bytes = frame.payload.len() as u64;
            let packet = rtp::Packet { header, payload: frame.payload };
            match track.write_rtp_with_extensions(packet, &[level]).await {
                Ok(()) => {
                    self.counters.sent.fetch_add(1, Relaxed);
                    self.counters.sent_bytes.fetch_add(bytes, Relaxed);
                }
                Err(error) => tracing::debug!(%error, "a packet was not sent"),
            }
        }
    }
}

/// RFC 6464: minus decibels relative to overload.
fn audio_level(speech: Option<Decibels>) -> AudioLevelExtension {
    match speech {
        Some(level) => AudioLevelExtension { level: (-level.0).clamp(0.0, 127.0) as u8, voice: true },
        None => AudioLevelExtension { level: 127, voice: false },
    }
}
