//! The fuzzers' seeds, and every input they ever stumbled over, as ordinary tests: the same checks, no fuzzer. See
//! `fuzz/README.md`.

use std::{
    alloc::System,
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use cap::Cap;

#[path = "fuzz/checks/har.rs"]
mod har;
#[path = "fuzz/checks/miranda.rs"]
mod miranda;
#[path = "fuzz/checks/redirect.rs"]
mod redirect;
#[path = "fuzz/checks/token_answer.rs"]
mod token_answer;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, har::MEMORY);

#[test]
fn redirects_of_any_kind_are_taken_or_refused() {
    check_all("redirect", redirect::check);
}

#[test]
fn token_answers_of_any_kind_are_taken_or_refused() {
    check_all("token_answer", token_answer::check);
}

#[test]
fn captures_of_any_kind_are_read_or_refused() {
    check_all("har", har::check);
}

#[test]
fn voice_signals_of_any_kind_are_taken_or_refused() {
    let signals = AtomicUsize::new(0);
    check_all("miranda", |seed| _ = signals.fetch_add(miranda::check(seed).into(), Ordering::Relaxed));
    assert!(signals.into_inner() > 10, "hardly any seed is a signal");
}

fn check_all(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(target);
    let mut seeds: Vec<_> =
        fs::read_dir(folder).expect("seeds").map(|seed| seed.expect("a seed").path()).collect();
    seeds.sort();
    assert!(seeds.len() > 20, "hardly any seeds: {}", seeds.len());
    for seed in seeds {
        // Shown where the check fails.
        println!("{}", seed.display());
        let started = Instant::now();
        check(&fs::read(&seed).expect("readable"));
        assert!(started.elapsed().as_secs() < 5, "{} takes too long", seed.display());
    }
}
