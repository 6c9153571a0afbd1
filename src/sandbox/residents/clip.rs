//! Nova's recorded sentence, decoded once at start.

use std::{io::Cursor, sync::Arc};

use ogg::PacketReader;
use opus::{Channels, Decoder};

use crate::sandbox::bridge::audio::SAMPLE_RATE;

const SENTENCE: &[u8] = include_bytes!("../../../assets/nova.opus");
/// Longest Opus packet, 120 ms, in samples.
const MAX_PACKET: usize = 1920;
/// Sixteen-bit little endian number at this place of the identification header: samples at 48 kHz to skip.
const PRE_SKIP_AT: usize = 10;

/// The recording inside the program is unreadable.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    #[error("not an Ogg file")]
    Container(#[from] ogg::OggReadError),
    #[error("not Opus")]
    Codec(#[from] opus::Error),
    #[error("not an Opus stream of one channel")]
    Header,
}

/// The sentence at the bridge's rate, mono.
pub(super) fn sentence() -> Result<Arc<[f32]>, ClipError> {
    decode(SENTENCE)
}

fn decode(file: &[u8]) -> Result<Arc<[f32]>, ClipError> {
    let mut reader = PacketReader::new(Cursor::new(file));
    let identification = reader.read_packet()?.ok_or(ClipError::Header)?.data;
    let pre_skip = match (identification.get(..8), identification.get(9), identification.get(PRE_SKIP_AT..)) {
        (Some(b"OpusHead"), Some(1), Some([low, high, ..])) => usize::from(u16::from_le_bytes([*low, *high])),
        _ => return Err(ClipError::Header),
    };
    let tags = reader.read_packet()?.ok_or(ClipError::Header)?.data;
    if !tags.starts_with(b"OpusTags") {
        return Err(ClipError::Header);
    }
    let mut decoder = Decoder::new(SAMPLE_RATE, Channels::Mono)?;
    let mut samples = Vec::new();
    while let Some(packet) = reader.read_packet()? {
        let mut decoded = [0.0; MAX_PACKET];
        let length = decoder.decode_float(&packet.data, &mut decoded, false)?;
        samples.extend(decoded.iter().take(length));
    }
    let skip = (pre_skip * SAMPLE_RATE as usize / 48_000).min(samples.len());
    Ok(samples.split_off(skip).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::bridge::audio::level;

    #[test]
    fn the_sentence_is_some_seconds_of_speech() {
        let sentence = sentence().expect("readable");
        let seconds = sentence.len() as f32 / SAMPLE_RATE as f32;
        assert!((3.0..5.0).contains(&seconds), "{seconds} s");
        assert!(level(&sentence) > 0.03, "{}", level(&sentence));
    }

    #[test]
    fn a_broken_recording_is_an_error() {
        assert!(decode(b"").is_err());
        assert!(
            decode(&SENTENCE[..2000]).is_err() || decode(&SENTENCE[..2000]).is_ok_and(|it| it.len() < 60_000)
        );
        let mut broken = SENTENCE.to_vec();
        broken[28..36].fill(b'?');
        assert!(decode(&broken).is_err());
    }
}
