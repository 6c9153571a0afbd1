//! Bodies as writers leave them, and as nobody should.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{all, har, one, text};
use crate::model::{Body, Exchange};

/// `{"hello":"hello hello hello hello"}`, by the brotli tool.
const BROTLI: &[u8] = &[
    27, 34, 0, 248, 29, 9, 118, 76, 226, 55, 20, 79, 12, 101, 25, 218, 94, 233, 244, 53, 136, 8, 219, 155,
    14, 68, 17, 94, 148, 145, 6, 56, 144, 66, 55, 181, 58, 176, 1,
];
/// 200 MiB of zeros, by the brotli tool: with its largest window, and with one of a gigabyte.
const ZEROS: &[u8] = include_bytes!("../../../tests/fixtures/zeros.br");
const ZEROS_LARGE_WINDOW: &[u8] = include_bytes!("../../../tests/fixtures/zeros_large_window.br");
const HELLO: &str = r#"{"hello":"hello hello hello hello"}"#;
fn entry(encoding: &str, bytes: &[u8]) -> Value {
    json!({
        "request": {"method": "GET", "url": "https://host.example/x"},
        "response": {
            "status": 200,
            "headers": [{"name": "Content-Encoding", "value": encoding}],
            "content": {"text": BASE64_STANDARD.encode(bytes), "encoding": "base64"},
        },
    })
}

fn answered(encoding: &str, bytes: &[u8]) -> Exchange {
    one(entry(encoding, bytes))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

#[test]
fn compressed_bodies_are_undone_whoever_compressed_them() {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(HELLO.as_bytes()).expect("in memory");
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflate.write_all(HELLO.as_bytes()).expect("in memory");
    for (coding, bytes) in [
        ("gzip", gzip(HELLO.as_bytes())),
        ("deflate", zlib.finish().expect("in memory")),
        ("deflate", deflate.finish().expect("in memory")),
        ("br", BROTLI.to_vec()),
        ("br, gzip", gzip(BROTLI)),
        ("gzip", HELLO.as_bytes().to_vec()),
        ("identity", HELLO.as_bytes().to_vec()),
    ] {
        assert_eq!(text(&answered(coding, &bytes).response), HELLO, "{coding}");
    }
    assert_eq!(text(&answered("gzip", &gzip(HELLO.as_bytes())[..20]).response), "(damaged)");
    assert_eq!(text(&answered("br", &[0xFF; 40]).response), "(damaged)");
    assert_eq!(text(&answered("nonsense", &[0xFF; 40]).response), "(damaged)");
    assert_eq!(text(&answered("zstd", &[0x28, 0xB5, 0x2F, 0xFD, 0xFF]).response), "(damaged)");
}

#[test]
fn a_bomb_is_too_large_and_takes_no_time() {
    let begun = Instant::now();
    let bomb = gzip(&gzip(&vec![0; 64 << 20]));
    assert_eq!(text(&answered("gzip", &gzip(&vec![0; 64 << 20])).response), "(too large)");
    assert!(matches!(answered("gzip, gzip, gzip", &gzip(&bomb)).response, Body::TooLarge | Body::Bytes(_)));
    assert_eq!(text(&answered("br", ZEROS).response), "(too large)");
    assert_eq!(text(&answered("br", ZEROS_LARGE_WINDOW).response), "(damaged)", "this is no br");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_small_file_of_many_bombs_costs_no_more_than_a_large_file() {
    let large = entry("gzip, gzip", &gzip(&gzip(&[&[0xFF][..], &vec![0; 3 << 20]].concat())));
    let broken = entry("br", &ZEROS[..ZEROS.len() / 2]);
    for bomb in [large, broken] {
        let bombs = har(&json!(vec![bomb; 2000]));
        let begun = Instant::now();
        let (exchanges, _) = all(bombs.as_bytes()).expect("readable");
        assert_eq!(exchanges.len(), 2000, "the others are still told");
        let whole = |exchange: &&Exchange| matches!(exchange.response, Body::Bytes(_));
        let given = exchanges.iter().filter(whole).count() * (3 << 20);
        assert!(given <= (64 << 20) + 64 * bombs.len(), "{given} bytes out of {}", bombs.len());
        assert!(matches!(exchanges[1999].response, Body::TooLarge), "nothing is left for this one");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}
