//! Opus in Ogg (RFC 7845): 48 kHz mono in packets of 20 ms, a page about each second. The recording's own thread writes it.

use std::io::Write;

use ogg::{PacketWriteEndInfo, PacketWriter};
use opus::{Application, Bitrate, Channels, Encoder};

use super::file::RecordingError;
use crate::voice::SAMPLE_RATE;

/// About 20 MB an hour.
const BITRATE: i32 = 44_000;
const FRAME: usize = SAMPLE_RATE / 50;
const FRAMES_PER_PAGE: u64 = 50;
/// The longest packet there is.
const MAX_PACKET: usize = 1_275;

pub struct OpusFile<W: Write> {
    writer: PacketWriter<'static, W>,
    serial: u32,
    encoder: Encoder,
    /// Samples the encoder is late by; a player skips them.
    pre_skip: u64,
    /// Not yet a whole frame.
    pending: Vec<f32>,
    /// The last one waits: only then is it known to be the last.
    packet: Option<Vec<u8>>,
    /// Encoded so far.
    frames: u64,
    samples: u64,
}

impl<W: Write> OpusFile<W> {
    /// # Errors
    /// The file cannot be written, or libopus could not allocate.
    pub fn new(file: W) -> Result<Self, RecordingError> {
        let mut encoder = Encoder::new(SAMPLE_RATE as u32, Channels::Mono, Application::Audio)?;
        encoder.set_bitrate(Bitrate::Bits(BITRATE))?;
        let pre_skip = u16::try_from(encoder.get_lookahead()?).unwrap_or_default();
        let mut head = b"OpusHead\x01\x01".to_vec();
        head.extend_from_slice(&pre_skip.to_le_bytes());
        head.extend_from_slice(&(SAMPLE_RATE as u32).to_le_bytes());
        // No gain, and no map of channels.
        head.extend_from_slice(&[0, 0, 0]);
        let vendor = opus::version();
        let mut tags = b"OpusTags".to_vec();
        tags.extend_from_slice(&(vendor.len() as u32).to_le_bytes());
        tags.extend_from_slice(vendor.as_bytes());
        tags.extend_from_slice(&0u32.to_le_bytes());

        let serial = rand::random();
        let mut writer = PacketWriter::new(file);
        for page in [head, tags] {
            writer.write_packet(page, serial, PacketWriteEndInfo::EndPage, 0)?;
        }
        Ok(Self {
            writer,
            serial,
            encoder,
            pre_skip: pre_skip.into(),
            pending: Vec::with_capacity(2 * FRAME),
            packet: None,
            frames: 0,
            samples: 0,
        })
    }

    pub fn write(&mut self, mut samples: &[f32]) -> Result<(), RecordingError> {
        self.samples += samples.len() as u64;
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(FRAME - self.pending.len()));
            self.pending.extend_from_slice(now);
            samples = later;
            if self.pending.len() == FRAME {
                self.encode()?;
            }
        }
        Ok(())
    }

    pub fn flush(&mut self) -> Result<(), RecordingError> {
        Ok(self.writer.inner_mut().flush()?)
    }

    /// The end of the stream tells how much of its last packet counts.
    pub fn finish(&mut self) -> Result<(), RecordingError> {
        while self.frames * FRAME as u64 <= self.samples + self.pre_skip {
            self.pending.resize(FRAME, 0.0);
            self.encode()?;
        }
        let end = self.samples + self.pre_skip;
        if let Some(packet) = self.packet.take() {
            self.writer.write_packet(packet, self.serial, PacketWriteEndInfo::EndStream, end)?;
        }
        self.flush()
    }

    fn encode(&mut self) -> Result<(), RecordingError> {
        let packet = self.encoder.encode_vec_float(&self.pending, MAX_PACKET)?;
        self.pending.clear();
        if let Some(before) = self.packet.replace(packet) {
            let end = match self.frames.is_multiple_of(FRAMES_PER_PAGE) {
                true => PacketWriteEndInfo::EndPage,
                false => PacketWriteEndInfo::NormalPacket,
            };
            self.writer.write_packet(before, self.serial, end, self.frames * FRAME as u64)?;
        }
        self.frames += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::voice::{mixer, speech::speech_like};

    /// The samples a player would play, and where the stream says it ends.
    fn played(file: Vec<u8>) -> (Vec<f32>, u64) {
        let mut reader = ogg::PacketReader::new(Cursor::new(file));
        let head = reader.read_packet_expected().unwrap().data;
        assert_eq!(&head[..10], b"OpusHead\x01\x01");
        let pre_skip = usize::from(u16::from_le_bytes([head[10], head[11]]));
        assert!(reader.read_packet_expected().unwrap().data.starts_with(b"OpusTags"));
        let mut decoder = opus::Decoder::new(SAMPLE_RATE as u32, Channels::Mono).unwrap();
        let (mut sound, mut end) = (vec![], 0);
        while let Ok(Some(packet)) = reader.read_packet() {
            let mut block = [0.0; FRAME];
            let count = decoder.decode_float(&packet.data, &mut block, false).unwrap();
            sound.extend_from_slice(&block[..count]);
            end = packet.absgp_page();
        }
        sound.truncate(end as usize);
        (sound.split_off(pre_skip.min(sound.len())), end)
    }

    #[test]
    fn a_player_hears_what_was_written_sample_for_sample_in_length() {
        let said = speech_like(2 * SAMPLE_RATE + 123);
        let mut file = OpusFile::new(vec![]).unwrap();
        for piece in said.chunks(777) {
            file.write(piece).unwrap();
        }
        file.finish().unwrap();
        let (heard, _) = played(file.writer.into_inner());
        assert_eq!(heard.len(), said.len());
        let snr = crate::voice::speech::snr_decibels(&said, &heard);
        assert!(snr > 8.0, "{snr}");
    }

    #[test]
    fn what_was_flushed_before_the_program_died_can_be_played() {
        let mut file = OpusFile::new(vec![]).unwrap();
        file.write(&vec![0.1; 5 * SAMPLE_RATE]).unwrap();
        file.flush().unwrap();
        let (heard, _) = played(file.writer.into_inner());
        assert!(heard.len() >= 3 * SAMPLE_RATE, "{}", heard.len());
        assert!(mixer::level(&heard[SAMPLE_RATE..]).0 < 0.0);
    }

    #[test]
    fn an_empty_recording_is_a_file_too() {
        let mut file = OpusFile::new(vec![]).unwrap();
        file.finish().unwrap();
        let (heard, _) = played(file.writer.into_inner());
        assert_eq!(heard.len(), 0);
    }
}
