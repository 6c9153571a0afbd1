//! Offers and answers as they were captured, varied.

use super::*;

const WISH: u32 = 20;
const BRIDGE: &str = include_str!("../../../tests/fixtures/bridge_offer.sdp");
const MEMBER: &str = include_str!("../../../tests/fixtures/member_offer.sdp");

fn read(sdp: &str) -> Result<Terms, NegotiationError> {
    Terms::of_offer(&Offer(sdp.to_owned()), WISH)
}

#[test]
fn the_bridges_offer_is_understood() {
    let terms = read(BRIDGE).unwrap();
    assert_eq!(
        terms,
        Terms {
            opus: 111,
            clock_hz: 16_000,
            channels: 2,
            format_parameters: "minptime=10;stereo=0;useinbandfec=1".into(),
            redundancy: None,
            comfort_noise: vec![13],
            frame_millis: 40,
            we_send: true,
            partyline: false,
        }
    );
}

#[test]
fn a_members_offer_is_understood_though_opus_is_one_of_eight_codecs() {
    let terms = read(MEMBER).unwrap();
    assert_eq!((terms.opus, terms.clock_hz, terms.redundancy), (96, 16_000, Some(63)));
    assert_eq!(terms.comfort_noise, [106, 105, 13]);
}

#[test]
fn a_browsers_clock_and_default_frame_time_are_taken_from_the_offer() {
    let terms = read(&BRIDGE.replace("opus/16000/2", "OPUS/48000/2").replace("a=ptime:40\r\n", "")).unwrap();
    assert_eq!((terms.clock_hz, terms.frame_millis), (48_000, 20));
}

#[test]
fn a_frame_time_that_opus_does_not_have_gets_one_near_it() {
    for (asked, given) in [("30", 20), ("0", 10), ("9", 10), ("61", 60), ("4000000000", 60)] {
        let odd = |sdp: &str| sdp.replace("ptime:40", &format!("ptime:{asked}"));
        assert_eq!(read(&odd(BRIDGE)).unwrap().frame_millis, given, "{asked}");
        let answered = Terms::offered().of_answer(&Answer(odd(MEMBER)), WISH).unwrap();
        assert_eq!(answered.frame_millis, given, "{asked}");
    }
    for no_time in ["-40", "", "forty"] {
        let offer = BRIDGE.replace("ptime:40", &format!("ptime:{no_time}"));
        assert_eq!(read(&offer).unwrap().frame_millis, WISH, "{no_time}");
    }
}

#[test]
fn who_only_sends_is_not_sent_to() {
    assert!(!read(&BRIDGE.replace("a=recvonly", "a=sendonly")).unwrap().we_send);
    assert!(read(&BRIDGE.replace("a=recvonly", "a=sendrecv")).unwrap().we_send);
    let session_wide = BRIDGE.replace("a=recvonly\r\n", "").replace("t=0 0\r\n", "t=0 0\r\na=inactive\r\n");
    assert!(!read(&session_wide).unwrap().we_send);
}

#[test]
fn offers_that_cannot_be_answered_say_why() {
    use NegotiationError as E;
    assert!(matches!(read(""), Err(E::NoAudio)));
    assert!(matches!(read("v=0\r\nm=audio"), Err(E::NoAudio)));
    assert!(matches!(read(&BRIDGE.replace("m=audio 50163", "m=audio 0")), Err(E::NoAudio)));
    assert!(matches!(read(&BRIDGE.replace("opus/", "speex/")), Err(E::NoOpus)));
    assert!(matches!(read(&BRIDGE.replace("opus/16000", "opus/xyz")), Err(E::NoOpus)));
    assert!(matches!(read(&BRIDGE.replace("opus/16000", "opus/1")), Err(E::UnusableClock(1))));
    assert!(matches!(read(&"a".repeat(MAX_OFFER_BYTES + 1)), Err(E::TooLarge(_))));
}

#[test]
fn without_a_frame_time_our_wish_counts_as_far_as_they_allow_it() {
    let silent = BRIDGE.replace("a=ptime:40\r\n", "");
    let wish = |sdp: &str, wish| Terms::of_offer(&Offer(sdp.into()), wish).unwrap().frame_millis;
    assert_eq!((wish(&silent, 10), wish(&silent, 20), wish(&silent, 40)), (10, 20, 40));
    assert_eq!(wish(&silent.replace("minptime=10", "minptime=20"), 10), 20);
    assert_eq!(wish(&silent.replace("a=rtcp-mux", "a=maxptime:20\r\na=rtcp-mux"), 40), 20);
    assert_eq!(wish(BRIDGE, 10), 40, "they want 40");
}

#[test]
fn two_partylines_take_the_longer_wish_and_all_others_what_was_captured() {
    let ours = finished(MEMBER, &Terms::offered(), Some(10));
    for (wish, agreed) in [(10, 10), (20, 20), (40, 40)] {
        let terms = Terms::of_offer(&Offer(ours.clone()), wish).unwrap();
        assert_eq!((terms.frame_millis, terms.partyline), (agreed, true));
        let answer = Answer(finished(MEMBER, &terms, Some(wish)));
        let terms = Terms::offered().of_answer(&answer, 10).unwrap();
        assert_eq!((terms.frame_millis, terms.partyline, terms.redundancy), (agreed, true, Some(63)));
    }
    let terms = Terms::offered().of_answer(&Answer(MEMBER.into()), 10).unwrap();
    assert_eq!((terms.frame_millis, terms.partyline), (40, false));
    for odd in ["2 ptime=10", "1 ptime=11", "1", "1 ptime=", "ptime=10"] {
        let offer = ours.replace("1 ptime=10", odd);
        assert!(!Terms::of_offer(&Offer(offer), 10).unwrap().partyline, "{odd}");
    }
}

#[test]
fn an_answer_may_leave_out_what_was_offered_and_not_add_to_it() {
    let answer = |sdp: String| Terms::offered().of_answer(&Answer(sdp), 20);
    let plain = MEMBER.replace("96 63 127 106 105 13 110 113", "96 13");
    let terms = answer(plain.replace("a=sendrecv", "a=recvonly")).unwrap();
    assert_eq!((terms.redundancy, &terms.comfort_noise[..]), (None, &[13][..]));
    assert!(terms.we_send);
    use NegotiationError as E;
    assert!(matches!(answer(plain.replace("96", "97")), Err(E::NoOpus)));
    assert!(matches!(answer(plain.replace("opus/16000", "opus/48000")), Err(E::UnusableClock(48_000))));
    assert!(matches!(answer(plain.replace("m=audio 34939", "m=audio 0")), Err(E::NoAudio)));
    assert!(matches!(answer("a".repeat(1_000_000)), Err(E::TooLarge(1_000_000))));
}

#[test]
fn opus_is_found_behind_a_section_that_has_none_and_any_section_may_be_heard() {
    let other = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=sendonly\r\n";
    let offer = Offer(BRIDGE.replace("m=audio", &format!("{other}m=audio")));
    let terms = Terms::of_offer(&offer, WISH).unwrap();
    assert_eq!((terms.opus, terms.we_send), (111, true));
    assert!(lets_us_hear(&offer) && !lets_us_hear(&Offer(BRIDGE.into())));
}

#[test]
fn what_nobody_has_so_many_of_is_refused_or_left_out() {
    let many = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n".repeat(21);
    assert!(matches!(read(&many), Err(NegotiationError::TooManySections)));
    let candidate = "a=candidate:1 1 udp 2122260223 192.0.2.10 50163 typ host generation 0\r\n";
    let many = BRIDGE.replace(candidate, &candidate.repeat(500));
    let (rest, candidates) = split(&many);
    assert_eq!(candidates.len(), 32);
    assert_eq!(rest, BRIDGE.replace(candidate, ""));
}

#[test]
fn who_begins_the_handshake_is_read_from_the_offer() {
    let offer = |sdp: &str| Offer(sdp.into());
    assert!(!is_active(&offer(BRIDGE)));
    assert!(!is_active(&offer(&BRIDGE.replace("setup:actpass", "setup:passive"))));
    assert!(is_active(&offer(&BRIDGE.replace("setup:actpass", "setup:active"))));
}
