//! Calls with Chromium, whose Opus knows the standard's clock alone: 48 kHz.

use partyline::{
    model::Answer,
    voice::{ConnectionState, NegotiationError, VoiceEvent},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    MEMBER, OURS, Ours, THEIRS,
    browser::{Call, Chromium},
    support,
};

/// The browser's driver waits by itself, outside of the runtime.
fn in_a_call(how: Value, call: impl FnOnce(&Runtime, &Ours, Call)) {
    let runtime = Runtime::new().unwrap();
    let _turn = runtime.block_on(support::beside_few());
    let ours = runtime.block_on(async { Ours::new() });
    let mut chromium = Chromium::start();
    call(&runtime, &ours, chromium.call(THEIRS, how));
    // Its threads end inside the runtime.
    runtime.block_on(async { drop(ours) });
}

/// They offer; `munge`: on the way to us.
fn connect(runtime: &Runtime, ours: &Ours, call: &mut Call, munge: impl Fn(&str) -> String) {
    let offer = munge(&call.offer());
    let answer = runtime.block_on(ours.answer(1, MEMBER, offer));
    call.accept(&answer);
    runtime.block_on(ours.until(1, ConnectionState::Connected));
}

#[test]
fn chromium_offers() {
    in_a_call(json!({"redundancy": false}), |runtime, ours, mut call| {
        connect(runtime, ours, &mut call, str::to_owned);
        runtime.block_on(ours.hears(THEIRS));
        call.until_heard(OURS);
        assert!(ours.received_kbps() < TWICE_KBPS, "{}", ours.received_kbps());
    });
}

/// Chromium's statistics name Opus whether or not it is repeated; its rate tells. It sends about 32 kbit/s.
const TWICE_KBPS: f32 = 45.0;

#[test]
fn chromium_offers_redundancy_and_sends_it() {
    in_a_call(json!({"redundancy": true}), |runtime, ours, mut call| {
        connect(runtime, ours, &mut call, str::to_owned);
        runtime.block_on(ours.hears(THEIRS));
        call.until_heard(OURS);
        let said = || format!("{} kbit/s to be everything twice", ours.received_kbps());
        runtime.block_on(support::until(|| ours.received_kbps() > TWICE_KBPS, said));
    });
}

#[test]
fn chromium_offers_frames_of_40_ms_without_naming_its_stream() {
    let munge = |offer: &str| {
        let kept = offer.split_inclusive('\n').filter(|line| !line.starts_with("a=ssrc"));
        kept.collect::<String>().replacen("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=ptime:40\r\n", 1)
    };
    in_a_call(json!({"redundancy": false}), |runtime, ours, mut call| {
        connect(runtime, ours, &mut call, munge);
        runtime.block_on(ours.hears(THEIRS));
        call.until_heard(OURS);
    });
}

#[test]
fn chromium_only_listens() {
    in_a_call(json!({"direction": "recvonly"}), |runtime, ours, mut call| {
        connect(runtime, ours, &mut call, str::to_owned);
        call.until_heard(OURS);
    });
}

#[test]
fn chromium_has_no_opus_at_the_services_clock_and_is_refused_with_a_reason() {
    in_a_call(json!({}), |runtime, ours, mut call| {
        let answer = call.answer(&runtime.block_on(ours.offer(1)));
        let refused = runtime.block_on(ours.client.voice.accept(1, Answer(answer)));
        assert!(matches!(refused, Err(NegotiationError::NoOpus | NegotiationError::NoAudio)), "{refused:?}");
    });
}

#[test]
fn a_closed_tab_is_noticed() {
    in_a_call(json!({}), |runtime, ours, mut call| {
        connect(runtime, ours, &mut call, str::to_owned);
        runtime.block_on(ours.hears(THEIRS));
        call.close_the_tab();
        let ends = [ConnectionState::Closed, ConnectionState::Interrupted];
        let noticed =
            || ends.iter().any(|&state| ours.client.saw(&VoiceEvent::Connection { connection: 1, state }));
        runtime.block_on(support::until(noticed, || "the end of the tab".into()));
    });
}
