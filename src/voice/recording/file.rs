//! One recorded file, of either format, under a name that tells when it began. The recording's own thread writes it.

use std::{
    fs::File,
    io::{BufWriter, ErrorKind},
    path::{Path, PathBuf},
};

use hound::{SampleFormat, WavSpec, WavWriter};
use jiff::Zoned;

use super::opus_file::OpusFile;
use crate::{model::RecordingFormat, voice::SAMPLE_RATE};

/// Recordings that begin in the same minute.
const MOST_IN_A_MINUTE: u32 = 99;
/// A WAV file cannot hold more: its lengths are 32 bits. Twelve hours.
const MOST_WAV_SAMPLES: u32 = (u32::MAX - 1024) / 2;

/// Why a recording did not begin, or ends early.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    #[error("the file cannot be written")]
    Io(#[from] std::io::Error),
    #[error("the WAV file cannot be written")]
    Wav(#[from] hound::Error),
    #[error("the sound cannot be encoded")]
    Opus(#[from] opus::Error),
    #[error("the file went away")]
    Gone,
    #[error("a WAV file holds no more")]
    Full,
}

pub struct RecordingFile {
    path: PathBuf,
    format: Format,
}

enum Format {
    /// `None` once it is finished.
    Wav(Option<WavWriter<BufWriter<File>>>),
    Opus(Box<OpusFile<BufWriter<File>>>),
}

impl RecordingFile {
    /// Never writes over another. Where the folder alone is missing, it is made: not every user has one for music yet.
    ///
    /// # Errors
    /// What the folder is in is not there, as when a disk was pulled, or cannot be written to.
    pub fn create(folder: &Path, format: RecordingFormat, began: &Zoned) -> Result<Self, RecordingError> {
        if !folder.is_dir() {
            std::fs::create_dir(folder)?;
        }
        let (path, file) = create_new(folder, format, began)?;
        let file = BufWriter::new(file);
        let format = match format {
            RecordingFormat::Opus => Format::Opus(Box::new(OpusFile::new(file)?)),
            RecordingFormat::Wav => {
                let spec = WavSpec {
                    channels: 1,
                    sample_rate: SAMPLE_RATE as u32,
                    bits_per_sample: 16,
                    sample_format: SampleFormat::Int,
                };
                Format::Wav(Some(WavWriter::new(file, spec)?))
            }
        };
        let mut file = Self { path, format };
        file.flush()?;
        Ok(file)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn write(&mut self, samples: &[f32]) -> Result<(), RecordingError> {
        match &mut self.format {
            Format::Opus(opus) => opus.write(samples),
            Format::Wav(None) => Ok(()),
            Format::Wav(Some(wav)) => {
                if samples.len() > (MOST_WAV_SAMPLES - wav.len()) as usize {
                    return Err(RecordingError::Full);
                }
                for sample in samples {
                    wav.write_sample((sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16)?;
                }
                Ok(())
            }
        }
    }

    /// What was written so far is a valid file, whatever becomes of the program.
    pub fn flush(&mut self) -> Result<(), RecordingError> {
        match &mut self.format {
            Format::Opus(opus) => opus.flush()?,
            Format::Wav(wav) => wav.as_mut().map_or(Ok(()), WavWriter::flush)?,
        }
        // An open file may be written to although nobody will ever find it.
        if self.path.exists() { Ok(()) } else { Err(RecordingError::Gone) }
    }

    pub fn finish(&mut self) -> Result<(), RecordingError> {
        match &mut self.format {
            Format::Opus(opus) => opus.finish()?,
            Format::Wav(wav) => wav.take().map_or(Ok(()), WavWriter::finalize)?,
        }
        if self.path.exists() { Ok(()) } else { Err(RecordingError::Gone) }
    }
}

fn create_new(
    folder: &Path,
    format: RecordingFormat,
    began: &Zoned,
) -> Result<(PathBuf, File), RecordingError> {
    let extension = match format {
        RecordingFormat::Opus => "ogg",
        RecordingFormat::Wav => "wav",
    };
    let stem = format!("Partyline {}", began.strftime("%Y-%m-%d %H.%M"));
    for number in 1..=MOST_IN_A_MINUTE {
        let name = match number {
            1 => format!("{stem}.{extension}"),
            _ => format!("{stem} ({number}).{extension}"),
        };
        let path = folder.join(name);
        match File::options().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(std::io::Error::from(ErrorKind::AlreadyExists).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn began() -> Zoned {
        "2026-11-22T23:15:07[UTC]".parse().unwrap()
    }

    #[test]
    fn a_file_is_named_after_its_beginning_and_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["Partyline 2026-11-22 23.15.wav", "Partyline 2026-11-22 23.15 (2).wav"] {
            let mut file = RecordingFile::create(folder.path(), RecordingFormat::Wav, &began()).unwrap();
            assert_eq!(file.path().file_name().unwrap(), name);
            file.write(&[0.25; 480]).unwrap();
            file.finish().unwrap();
        }
        let first = folder.path().join("Partyline 2026-11-22 23.15.wav");
        assert_eq!(hound::WavReader::open(first).unwrap().len(), 480);
    }

    #[test]
    fn a_missing_folder_is_made_and_a_missing_disk_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        let music = home.path().join("Music");
        let mut file = RecordingFile::create(&music, RecordingFormat::Opus, &began()).unwrap();
        file.finish().unwrap();
        assert_eq!(file.path().parent(), Some(&*music));
        let disk = home.path().join("disk");
        assert!(RecordingFile::create(&disk.join("Music"), RecordingFormat::Opus, &began()).is_err());
        assert!(!disk.exists());
    }

    #[test]
    fn what_was_flushed_is_a_valid_file_at_any_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = RecordingFile::create(folder.path(), RecordingFormat::Wav, &began()).unwrap();
        for second in 1..=3 {
            file.write(&[0.25; SAMPLE_RATE]).unwrap();
            file.flush().unwrap();
            assert_eq!(hound::WavReader::open(file.path()).unwrap().len(), second * SAMPLE_RATE as u32);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_and_no_panic() {
        let full = || BufWriter::new(File::options().write(true).open("/dev/full").unwrap());
        let written = OpusFile::new(full()).and_then(|mut file| file.flush());
        assert!(matches!(written, Err(RecordingError::Io(_))));
        let spec = WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE as u32,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let written = WavWriter::new(full(), spec).and_then(|mut file| file.flush());
        assert!(written.is_err());
    }
}
