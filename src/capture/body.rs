//! Bodies as captures hold them, back to what they were: base64 undone, compression undone, within bounds.

use std::io::{self, Read};

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

/// Undoes `Content-Encoding` where the capture's writer has not. Text is never taken for compressed data: what the service
/// sends is text, and no compressed form of it is valid UTF-8.
pub(super) fn decompressed(body: Body, headers: &[Header]) -> Body {
    let Body::Bytes(mut bytes) = body else { return body };
    let encoding = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-encoding"));
    let codings = encoding.map(|header| header.value.as_str()).unwrap_or_default();
    for coding in codings.rsplit(',').take(MAX_CODINGS) {
        if std::str::from_utf8(&bytes).is_ok() {
            break;
        }
        bytes = match decoded(coding.trim(), &bytes) {
            Ok(decoded) if decoded.len() > BODY_LIMIT => return Body::TooLarge,
            Ok(decoded) => decoded,
            Err(_) => return Body::Damaged,
        };
    }
    Body::Bytes(bytes)
}

/// Without zstd: where its output ends, the decoder in pure Rust learns only after it holds all of it, and nine kilobytes made it
/// hold hundreds of megabytes. Writers of captures undo it themselves.
fn decoded(coding: &str, bytes: &[u8]) -> io::Result<Vec<u8>> {
    match coding.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => bounded(flate2::read::MultiGzDecoder::new(bytes)),
        // Meant is zlib; some send the bare stream.
        "deflate" => bounded(flate2::read::ZlibDecoder::new(bytes))
            .or_else(|_| bounded(flate2::read::DeflateDecoder::new(bytes))),
        "br" => bounded(brotli_decompressor::Decompressor::new(bytes, 4096)),
        "identity" | "" => Ok(bytes.to_vec()),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// One byte more than a body may have tells that it has too many.
fn bounded(decoder: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    decoder.take(BODY_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
