//! See `checks/token_answer.rs`.
#![no_main]

#[path = "../checks/token_answer.rs"]
mod token_answer;

libfuzzer_sys::fuzz_target!(|input: &[u8]| token_answer::check(input));
