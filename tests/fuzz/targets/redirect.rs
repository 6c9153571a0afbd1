//! See `checks/redirect.rs`.
#![no_main]

#[path = "../checks/redirect.rs"]
mod redirect;

libfuzzer_sys::fuzz_target!(|input: &[u8]| redirect::check(input));
