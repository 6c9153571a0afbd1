//! A hundred joins and leaves, alone in a process so that its memory is theirs.

mod stage;

use partyline::{client::Command, model::Privacy};
use stage::{Service, party};

const ROUNDS: usize = 100;
const ROUNDS_EACH: usize = 20;

#[test]
fn joins_and_leaves_leave_no_memory_behind() {
    let service = Service::empty();
    let mut host = service.client("host");
    let session = host.create_party(Privacy::FriendsCanJoin);
    let mut after_warm_up = 0;
    for round in 0..ROUNDS / ROUNDS_EACH {
        // One account's budget of calls bears some twenty joins in a quarter of an hour.
        let mut guest = service.client(&format!("guest-{round}"));
        for _ in 0..ROUNDS_EACH {
            guest.join(&session);
            host.wait_members(2);
            guest.send(Command::LeaveParty);
            guest.wait("left", |s| party(s).is_none());
            host.wait_members(1);
        }
        if after_warm_up == 0 {
            after_warm_up = resident_kib();
        }
    }
    let grown = resident_kib().saturating_sub(after_warm_up);
    println!("resident: {after_warm_up} KiB after {ROUNDS_EACH} rounds, {grown} KiB more after {ROUNDS}");
    assert!(grown < 12 * 1024, "{grown} KiB more after {ROUNDS} rounds");
}

/// Of this process, which holds the sandbox and both clients.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
}
