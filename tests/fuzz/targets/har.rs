//! See `checks/har.rs`.
#![no_main]

use std::alloc::System;

use cap::Cap;

#[path = "../checks/har.rs"]
mod har;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, har::MEMORY);

libfuzzer_sys::fuzz_target!(|input: &[u8]| har::check(input));
