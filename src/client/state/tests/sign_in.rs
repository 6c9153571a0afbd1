//! Coming in, staying in, and what is kept of it.

use super::*;

#[test]
fn a_sign_in_that_was_given_up_does_not_sign_in_later() {
    let mut evening = Evening::begin();
    evening.give(Input::Command(Command::SignIn));
    evening.give(Input::Command(Command::CancelSignIn));
    assert!(evening.has(|e| *e == Effect::CancelSignIn));
    let me = Profile::named(ME, "marlow_87");
    evening.give(Input::SignedIn { attempt: 1, result: Ok(Arrived { me, again: false }) });
    assert_eq!(evening.state.snapshot().screen, Screen::SignedOut);
}

#[test]
fn a_browser_that_never_comes_back_ends_the_sign_in_with_a_sentence() {
    let mut evening = Evening::begin();
    evening.give(Input::Command(Command::SignIn));
    evening.pass(Duration::from_secs(11 * 60));
    assert_eq!(evening.state.snapshot().screen, Screen::SignedOut);
    assert_eq!(evening.problems(), [ProblemKind::SignInTimedOut]);
}

#[test]
fn a_stay_that_ends_keeps_the_party_and_goes_on_with_the_next_sign_in() {
    let mut evening = Evening::talking();
    let failure = Some(Failure::new(ProblemKind::SignInEnded, "refresh refused"));
    evening.give(Input::PushClosed { reach: Reach::Service, failure });
    assert!(!evening.has(|e| matches!(e, Effect::DropAccount | Effect::HangUp)), "what is connected goes on");
    assert_eq!(evening.screen().stay, Stay::Ended);
    assert!(matches!(evening.screen().party, PartyState::Joined(_)));
    evening.pass(Duration::from_secs(120));
    assert!(!evening.has(|e| matches!(e, Effect::OpenPush { .. })), "nothing to open it with");

    evening.give(Input::Command(Command::SignIn));
    assert!(evening.screen().sign_in.is_some(), "in place");
    let attempt = evening.signing_in();
    let me = Profile::named(ME, "marlow_87");
    evening.give(Input::SignedIn { attempt, result: Ok(Arrived { me, again: true }) });
    assert!(evening.has(|e| *e == Effect::OpenPush { again: true }));
    assert_eq!(evening.screen().stay, Stay::Good);
    assert!(matches!(evening.screen().party, PartyState::Joined(_)));
}

#[test]
fn the_user_is_told_seven_days_before_the_stay_ends() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let mut evening = Evening::signed_in();
    let ends = SystemTime::UNIX_EPOCH + 20_000 * DAY;
    let known = |left| Input::StayKnown { account: ME, ends, left };
    evening.give(known(10 * DAY));
    evening.pass(3 * DAY - Duration::from_secs(60));
    assert_eq!(evening.screen().stay, Stay::Good);
    evening.pass(Duration::from_secs(120));
    assert_eq!(evening.screen().stay, Stay::EndsSoon(ends));
    evening.give(known(60 * DAY));
    assert_eq!(evening.screen().stay, Stay::Good, "signed in again");
    evening.give(known(6 * DAY));
    assert_eq!(evening.screen().stay, Stay::EndsSoon(ends));
}

#[test]
fn another_account_takes_over_once_it_is_there_and_the_first_leaves_its_party() {
    let mut evening = Evening::talking();
    evening.give(Input::Command(Command::AddAccount));
    assert!(matches!(evening.screen().party, PartyState::Joined(_)), "until the other is there");
    let attempt = evening.signing_in();
    let other = Profile::named(NOVA, "Nova");
    evening.give(Input::SignedIn { attempt, result: Ok(Arrived { me: other, again: false }) });
    let order: Vec<_> = ["LeaveParty", "DropAccount", "TakeAccount"]
        .iter()
        .map(|name| evening.effects.iter().position(|e| format!("{e:?}").starts_with(name)))
        .collect();
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{order:?}");
    assert_eq!(evening.screen().me.account, NOVA);
    assert!(matches!(evening.screen().party, PartyState::None));
}

#[test]
fn a_kept_account_comes_back_by_itself_and_a_network_that_is_away_is_waited_for() {
    let mut evening = Evening::begin();
    let slot = AccountSlot::new();
    let known = KnownAccount { slot: slot.clone(), account: ME, online_id: "marlow_87".into(), ends: None };
    evening.give(Input::Opened(Opened { accounts: vec![known], last: Some(slot), ..nothing_kept() }));
    let attempt = evening.resuming();
    evening.give(Input::SignedIn { attempt, result: Err(unreachable()) });
    assert_eq!(evening.state.snapshot().screen, Screen::Starting { account: Some("marlow_87".into()) });
    assert_eq!(evening.problems(), [ProblemKind::ServiceUnreachable]);
    evening.pass(Duration::from_secs(5));
    let attempt = evening.resuming();
    let me = Profile::named(ME, "marlow_87");
    evening.give(Input::SignedIn { attempt, result: Ok(Arrived { me, again: false }) });
    assert_eq!(evening.screen().me.account, ME);
    assert!(evening.problems().is_empty());
}

#[test]
fn a_kept_account_whose_stay_is_over_leads_to_the_first_screen_with_a_sentence() {
    let mut evening = Evening::begin();
    let slot = AccountSlot::new();
    evening.give(Input::Opened(Opened { last: Some(slot), ..nothing_kept() }));
    let attempt = evening.resuming();
    let ended = Failure::new(ProblemKind::SignInEnded, "refresh refused");
    evening.give(Input::SignedIn { attempt, result: Err(ended) });
    assert_eq!(evening.state.snapshot().screen, Screen::SignedOut);
    assert_eq!(evening.problems(), [ProblemKind::SignInEnded]);
}

#[test]
fn a_keyring_that_thinks_does_not_keep_the_window_waiting_and_still_counts_later() {
    let mut state = State::new(Service::Live, Settings::default());
    let mut now = Instant::now();
    state.handle(Input::Started, now);
    assert_eq!(state.snapshot().screen, Screen::Starting { account: None });
    now += Duration::from_secs(5);
    state.handle(Input::Tick, now);
    assert_eq!(state.snapshot().screen, Screen::SignedOut);
    let opened = Opened { last: Some(AccountSlot::new()), ..nothing_kept() };
    let effects = state.handle(Input::Opened(opened), now);
    assert!(matches!(effects[..], [Effect::Resume { .. }]), "{effects:?}");
}

#[test]
fn signing_out_leaves_the_party_and_forgets_what_was_kept() {
    let mut evening = Evening::talking();
    let online_id = OnlineId::from("marlow_87");
    let known = KnownAccount { slot: AccountSlot::new(), account: ME, online_id, ends: None };
    evening.give(Input::AccountsKept(vec![known]));
    evening.give(Input::Command(Command::SignOut));
    assert!(evening.has(|e| matches!(e, Effect::LeaveParty { .. })));
    let place = |effect: &Effect| evening.effects.iter().position(|e| e == effect);
    let (forgets, drops) = (place(&Effect::ForgetAccountInUse), place(&Effect::DropAccount));
    assert!(forgets.is_some() && forgets < drops, "{:?}", evening.effects);
    assert_eq!(evening.state.snapshot().screen, Screen::SignedOut);
    assert!(evening.state.snapshot().accounts.is_empty());
}

#[test]
fn a_client_that_cannot_be_one_is_refused_before_anything_is_kept() {
    let mut evening = Evening::begin();
    let good = OAuthClient::mobile("an-invented-secret".into());
    for bad in [
        OAuthClient { id: String::new(), ..good.clone() },
        OAuthClient { secret: "".into(), ..good.clone() },
        OAuthClient { secret: "with space".into(), ..good.clone() },
        OAuthClient { redirect: "nowhere".into(), ..good.clone() },
    ] {
        evening.give(Input::Command(Command::UseClient(bad)));
        assert!(!evening.has(|e| matches!(e, Effect::UseClient(_))));
        assert_eq!(evening.problems(), [ProblemKind::ClientUnusable]);
    }
    evening.give(Input::Command(Command::UseClient(good)));
    assert!(evening.has(|e| matches!(e, Effect::UseClient(_))));
    assert!(evening.problems().is_empty());
}
