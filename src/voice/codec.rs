//! Opus both ways. The voice thread runs it; encoders and decoders are built where a connection is, not in a tick.

use opus::{Application, Bandwidth, Bitrate, Channels, Decoder, Encoder, Signal};

use super::{SAMPLE_RATE, negotiation::Terms};

/// Room for any Opus packet at our bitrate; RTP never carries more anyway.
pub const MAX_PAYLOAD: usize = 1_275;
/// The longest packet Opus knows, in samples at 48 kHz.
pub const MAX_SAMPLES: usize = SAMPLE_RATE / 1000 * 120;
/// Speech in 16 kHz of band needs no more, and the bridge asks for this much.
const BITRATE: f32 = 40_000.0;
/// The whole band; short frames cost more for the same sound.
const FULL_BITRATE: f32 = 48_000.0;
const SHORT_FULL_BITRATE: f32 = 64_000.0;
/// A packet and its copies (RED) are together at most this many times the packet alone: the encoder makes room for the rest.
/// A line that is full would only lose more of what is sent three times.
/// One copy then costs 0.01 of PESQ, two cost 0.2 of 4.2, at 10 % loss; 1.5 times would cost 0.05 and 0.26.
const MOST_ON_THE_WIRE: f32 = 1.75;
/// Below this speech is worse than the losses that copies mend.
const LEAST_BITRATE: f32 = 24_000.0;
/// Without redundancy of another kind: a little of it is in every packet, so that the first loss is not the one heard.
const EXPECTED_LOSS: f32 = 0.05;
/// More than this is expected of nobody.
pub const MOST_EXPECTED_LOSS: f32 = 0.3;
/// What more is heard of a higher one is nothing; what it costs is a tenth of a core in short frames.
const COMPLEXITY: i32 = 6;

/// What several connections must agree on to be sent the same packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    pub frame_millis: u32,
    pub full_band: bool,
    /// Packets go out again where they get lost (RED); else Opus' own redundancy is all there is.
    pub copied: bool,
}

impl Format {
    pub fn of(terms: &Terms) -> Self {
        let is_short = terms.frame_millis < 40;
        Self {
            frame_millis: terms.frame_millis,
            // Opus' own redundancy lives in SILK's part of a packet. With frames of 40 ms it is worth something only where SILK
            // has the whole band; a bridge whose clock runs at 16 kHz has no use for more.
            full_band: is_short && (terms.partyline || terms.clock_hz == SAMPLE_RATE as u32),
            copied: terms.redundancy.is_some(),
        }
    }

    /// Samples at 48 kHz in a frame.
    pub fn samples(self) -> usize {
        SAMPLE_RATE / 1000 * self.frame_millis as usize
    }

    /// Bits in a second of speech, where each packet is followed by this many copies.
    fn bitrate(self, copies: f32) -> f32 {
        let alone = match self {
            Self { full_band: false, .. } => BITRATE,
            Self { frame_millis: ..20, .. } => SHORT_FULL_BITRATE,
            Self { .. } => FULL_BITRATE,
        };
        alone.min((alone * MOST_ON_THE_WIRE / (1.0 + copies)).max(LEAST_BITRATE))
    }
}

/// What becomes of an encoder's packets, on average over the connections they go out on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Conditions {
    /// The share that is lost, and that Opus' redundancy is to make up for.
    pub loss: f32,
    /// How often each goes out again.
    pub copies: f32,
}

/// Samples at 48 kHz in an Opus packet; `None`: it is none.
pub fn duration(payload: &[u8]) -> Option<u32> {
    if payload.is_empty() || payload.len() > MAX_PAYLOAD {
        return None;
    }
    let samples = opus::packet::get_nb_samples(payload, SAMPLE_RATE as u32).ok()?;
    u32::try_from(samples).ok().filter(|&samples| samples > 0 && samples as usize <= MAX_SAMPLES)
}

/// An encoder of speech, 48 kHz mono in.
///
/// # Errors
/// libopus could not allocate or refuses a setting.
pub fn encoder(format: Format) -> Result<Encoder, opus::Error> {
    let mut encoder = Encoder::new(SAMPLE_RATE as u32, Channels::Mono, Application::Voip)?;
    encoder.set_complexity(COMPLEXITY)?;
    encoder.set_signal(Signal::Voice)?;
    encoder.set_inband_fec(true)?;
    adapt(&mut encoder, format, Conditions::default())?;
    if !format.full_band {
        encoder.set_max_bandwidth(Bandwidth::Wideband)?;
    }
    Ok(encoder)
}

/// Makes the most of the lines as they are.
///
/// # Errors
/// libopus refuses.
pub fn adapt(encoder: &mut Encoder, format: Format, conditions: Conditions) -> Result<(), opus::Error> {
    encoder.set_bitrate(Bitrate::Bits(format.bitrate(conditions.copies) as i32))?;
    let least = if format.copied { 0.0 } else { EXPECTED_LOSS };
    let expected = conditions.loss.clamp(least, MOST_EXPECTED_LOSS);
    encoder.set_packet_loss_perc((expected * 100.0).ceil() as i32)
}

/// A decoder of anything, 48 kHz mono out.
///
/// # Errors
/// libopus could not allocate.
pub fn decoder() -> Result<Decoder, opus::Error> {
    Decoder::new(SAMPLE_RATE as u32, Channels::Mono)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::speech::{snr_decibels, speech_like};

    const FRAME: usize = SAMPLE_RATE / 25;

    fn encoded(sound: &[f32]) -> Vec<Vec<u8>> {
        let mut encoder = encoder(Format::of(&Terms::PLAIN)).unwrap();
        sound.chunks_exact(FRAME).map(|frame| encoder.encode_vec_float(frame, MAX_PAYLOAD).unwrap()).collect()
    }

    #[test]
    fn copies_take_their_room_from_the_encoder_down_to_what_speech_needs() {
        for (frame_millis, full_band) in [(10, true), (20, true), (20, false), (40, false)] {
            let format = Format { frame_millis, full_band, copied: true };
            let alone = format.bitrate(0.0);
            for copies in [0.2, 0.5, 1.0, 1.5, 2.0] {
                let bitrate = format.bitrate(copies);
                let on_the_wire = bitrate * (1.0 + copies) / alone;
                assert!(bitrate >= LEAST_BITRATE && bitrate <= format.bitrate(copies - 0.2), "{format:?}");
                assert!(
                    on_the_wire <= MOST_ON_THE_WIRE + 0.06,
                    "{on_the_wire} times {alone} with {copies} copies"
                );
            }
        }
    }

    #[test]
    fn garbage_is_told_from_opus_without_decoding_it() {
        assert_eq!(duration(&[]), None);
        assert_eq!(duration(&[0; MAX_PAYLOAD + 1]), None);
        assert_eq!(duration(&[0xff]), None, "a frame count without the count");
        let packet = &encoded(&speech_like(FRAME))[0];
        assert_eq!(duration(packet), Some(FRAME as u32));
    }

    /// Every tenth frame is lost and made up from its successor, or from nothing. Signal to noise in those frames.
    fn lost_frames_snr(redundancy: bool) -> f32 {
        let sound = speech_like(SAMPLE_RATE * 8);
        let packets = encoded(&sound);
        let (mut whole, mut broken) = (decoder().unwrap(), decoder().unwrap());
        let (mut signal, mut heard) = (vec![], vec![]);
        for (n, packet) in packets.iter().enumerate() {
            let (mut reference, mut out) = ([0.0; FRAME], [0.0; FRAME]);
            whole.decode_float(packet, &mut reference, false).unwrap();
            if n % 10 != 9 || n + 1 == packets.len() {
                broken.decode_float(packet, &mut out, false).unwrap();
                continue;
            }
            match redundancy {
                true => broken.decode_float(&packets[n + 1], &mut out, true).unwrap(),
                false => broken.decode_float(&[], &mut out, false).unwrap(),
            };
            signal.extend(reference);
            heard.extend(out);
        }
        snr_decibels(&signal, &heard)
    }

    #[test]
    fn redundancy_beats_concealment_at_ten_percent_loss() {
        let (redundancy, concealment) = (lost_frames_snr(true), lost_frames_snr(false));
        println!("SNR of lost frames: {redundancy:.1} dB recovered, {concealment:.1} dB concealed");
        assert!(redundancy > concealment + 4.0, "{redundancy} against {concealment}");
    }
}
