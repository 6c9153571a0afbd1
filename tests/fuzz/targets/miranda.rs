//! See `checks/miranda.rs`.
#![no_main]

#[path = "../checks/miranda.rs"]
mod miranda;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    miranda::check(input);
});
