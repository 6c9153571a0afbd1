//! Bodies as captures hold them, back to what they were: base64 undone, compression undone, within bounds.

use std::io::Read;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::model::{Body, Header};

/// The client itself reads no answer beyond this.
pub(super) const BODY_LIMIT: usize = 4 << 20;
/// A body of that size, as base64.
pub(super) const TEXT_LIMIT: usize = BODY_LIMIT / 3 * 4 + 4;
/// Nobody compresses more often than twice.
const MAX_CODINGS: usize = 2;
/// For each byte of the file that many may come out of its bodies; JSON gives a tenth of it.
const EXPANSION: u64 = 64;
/// A few bodies may give more: the file's first bytes earn this.
const ADVANCE: u64 = 64 << 20;
/// The largest window that `br` has. The decoder fills it before it gives anything.
const BROTLI_WINDOW: u64 = 16 << 20;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn from_base64(text: &str) -> Body {
    BASE64.decode(text).map_or(Body::Damaged, limited)
}

pub(super) fn limited(bytes: Vec<u8>) -> Body {
    if bytes.len() > BODY_LIMIT { Body::TooLarge } else { Body::Bytes(bytes) }
}

/// Undoes compression, for one file: a small one must not cost more than a large one.
#[derive(Default)]
pub(super) struct Decompressor {
    given: u64,
}

impl Decompressor {
    /// Undoes `Content-Encoding` where the capture's writer has not. Text is never taken for compressed data: what the service
    /// sends is text, and no compressed form of it is valid UTF-8. `read`: how far the file is read, in bytes.
    pub fn undo(&mut self, body: Body, headers: &[Header], read: u64) -> Body {
        let Body::Bytes(mut bytes) = body else { return body };
        let encoding = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-encoding"));
        let codings = encoding.map(|header| header.value.as_str()).unwrap_or_default();
        for coding in codings.rsplit(',').take(MAX_CODINGS) {
            if std::str::from_utf8(&bytes).is_ok() {
                break;
            }
            bytes = match self.decoded(coding.trim(), bytes, read) {
                Ok(decoded) => decoded,
                Err(why) => return why,
            };
        }
        Body::Bytes(bytes)
    }

    /// Without zstd: its decoder in pure Rust checks neither the window of a frame nor the output of a block, so that nine
    /// kilobytes hold hundreds of megabytes. Whoever writes captures undoes it.
    fn decoded(&mut self, coding: &str, bytes: Vec<u8>, read: u64) -> Result<Vec<u8>, Body> {
        match coding.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => self.bounded(flate2::read::MultiGzDecoder::new(&*bytes), read),
            // Meant is zlib; some send the bare stream.
            "deflate" => match self.bounded(flate2::read::ZlibDecoder::new(&*bytes), read) {
                Err(Body::Damaged) => self.bounded(flate2::read::DeflateDecoder::new(&*bytes), read),
                done => done,
            },
            // "Large window brotli" is no `br`, and its window may have a gigabyte.
            "br" if bytes.first().is_some_and(|byte| byte & 0x7F == 0x11) => Err(Body::Damaged),
            "br" => {
                let done = self.bounded(brotli_decompressor::Decompressor::new(&*bytes, 4096), read);
                if done.is_err() {
                    self.given += BROTLI_WINDOW;
                }
                done
            }
            "identity" | "" => Ok(bytes),
            _ => Err(Body::Damaged),
        }
    }

    fn bounded(&mut self, decoder: impl Read, read: u64) -> Result<Vec<u8>, Body> {
        let left = EXPANSION.saturating_mul(read).saturating_add(ADVANCE).saturating_sub(self.given);
        let limit = left.min(BODY_LIMIT as u64);
        if limit == 0 {
            return Err(Body::TooLarge);
        }
        let mut bytes = Vec::new();
        // One byte more than there may be tells that there are too many.
        let end = decoder.take(limit + 1).read_to_end(&mut bytes);
        self.given += bytes.len() as u64;
        match end {
            _ if bytes.len() as u64 > limit => Err(Body::TooLarge),
            Ok(_) => Ok(bytes),
            Err(_) => Err(Body::Damaged),
        }
    }
}
