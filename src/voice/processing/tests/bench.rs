//! What each part of the chain makes of clean speech, as WAVs that `tests/bench/receive.py` scores:
//! `PARTYLINE_BENCH=folder cargo test --lib bench -- --ignored`, with `speech48.wav` in the folder.

use super::*;
use crate::voice::bench::Bench;

#[test]
#[ignore = "writes WAVs to be scored; needs a recording of speech"]
fn parts_of_the_chain() {
    let (bench, said) = Bench::open();
    // Twice: the first time noise and level are still being learnt.
    let said = [said.as_slice(), &said].concat();
    let off = Processing::OFF;
    for (name, settings) in [
        ("high-pass", Processing { high_pass: true, ..off }),
        ("suppression", Processing { noise_suppression: true, ..off }),
        ("gain", Processing { automatic_gain: true, ..off }),
        ("all", Processing::default()),
    ] {
        let made = cleaned(settings, &said, &vec![0.0; said.len()]);
        bench.write(name, &said, &made);
    }
}
