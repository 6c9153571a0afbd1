//! See `checks/har.rs`.
#![no_main]

use std::alloc::System;

use cap::Cap;

#[path = "../checks/har.rs"]
mod har;

/// Whatever an input makes the reader hold, and what the fuzzer holds itself.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, 192 << 20);

libfuzzer_sys::fuzz_target!(|input: &[u8]| har::check(input));
