//! Signing in with trouble on the way: each ends on a screen with its own sentence, and the next try works.

mod stage;

use std::time::{Duration, Instant};

use partyline::{
    client::{Command, Config, Notice, ProblemKind, Screen, Snapshot},
    model::{ClientSource, Clock, OAuthClient, OnlineId, SecretStorage, Settings},
    psn::{self, Endpoints},
    sandbox::{Area, Fault, SCHEME_CLIENT_ID, SCHEME_CLIENT_SECRET, SCHEME_REDIRECT, Spoiled, Twist},
    store::{self, Paths},
    voice::{Microphone, Speakers},
};
use stage::{Running, Service, signed_in};

fn stranger(service: &Service) -> Running {
    service.stranger(Microphone::None, Speakers::None)
}

fn problems(snapshot: &Snapshot) -> Vec<ProblemKind> {
    snapshot.problems.iter().map(|problem| problem.kind.clone()).collect()
}

/// Back on the first screen, and why.
fn refusal(client: &mut Running) -> ProblemKind {
    let snapshot = client.wait("a sentence", |s| s.screen == Screen::SignedOut && !s.problems.is_empty());
    assert_eq!(snapshot.problems.len(), 1, "{:?}", snapshot.problems);
    snapshot.problems[0].kind.clone()
}

#[test]
fn whatever_goes_wrong_is_said_as_what_it_is_and_the_next_try_works() {
    let twisted = |twist| Fault::SignIn { twist, times: 1 };
    let answered = |area, spoiled| Fault::Answer { area, spoiled, times: 1 };
    let pause = ProblemKind::TooManyRequests { wait: Duration::from_secs(7) };
    let usual_pause = ProblemKind::TooManyRequests { wait: Duration::from_secs(60) };
    for (fault, said) in [
        (twisted(Twist::ExpiredCode), ProblemKind::SignInRefused),
        (twisted(Twist::UsedCode), ProblemKind::SignInRefused),
        (twisted(Twist::WrongState), ProblemKind::SignInRefused),
        (twisted(Twist::InvalidClient), ProblemKind::ClientRefused),
        (answered(Area::Authorize, Spoiled::AccessDenied), ProblemKind::BlockedByNetworkEdge),
        (answered(Area::Token, Spoiled::AccessDenied), ProblemKind::BlockedByNetworkEdge),
        (answered(Area::Token, Spoiled::TooManyRequests { retry_after: Some(7) }), pause),
        (answered(Area::Token, Spoiled::TooManyRequests { retry_after: None }), usual_pause),
        (answered(Area::Token, Spoiled::Unavailable), ProblemKind::ServiceTrouble),
        (answered(Area::Token, Spoiled::CutOff), ProblemKind::ServiceUnreachable),
        (answered(Area::Token, Spoiled::Malformed), ProblemKind::ServiceTrouble),
        (answered(Area::Token, Spoiled::Huge), ProblemKind::ServiceTrouble),
    ] {
        let service = Service::empty();
        let mut client = stranger(&service);
        service.inject(fault.clone());
        client.send(Command::SignInAs("marlow_87".into()));
        assert_eq!(refusal(&mut client), said, "{fault:?}");
        client.send(Command::SignInAs("marlow_87".into()));
        client.wait("signed in", |s| signed_in(s).is_some());
        client.quit();
    }
}

#[test]
fn an_odd_but_whole_answer_signs_in() {
    for fault in [
        Fault::SignIn { twist: Twist::TextLifetime, times: 1 },
        Fault::ClockOff { hours: 11 },
        Fault::ClockOff { hours: -11 },
        Fault::Answer { area: Area::Token, spoiled: Spoiled::Late(Duration::from_secs(2)), times: 1 },
    ] {
        let service = Service::empty();
        service.inject(fault.clone());
        let mut client = stranger(&service);
        client.send(Command::SignInAs("marlow_87".into()));
        client.wait("friends", |s| signed_in(s).is_some_and(|s| s.friends.value.is_some()));
        assert!(problems(&client.handle.snapshot()).is_empty(), "{fault:?}");
    }
}

#[test]
fn a_hiccup_after_the_code_was_used_does_not_cost_the_sign_in() {
    // One try of the profile is three calls.
    for (spoiled, times) in [
        (Spoiled::Unavailable, 4),
        (Spoiled::CutOff, 4),
        (Spoiled::TooManyRequests { retry_after: Some(0) }, 4),
    ] {
        let service = Service::empty();
        service.inject(Fault::Answer { area: Area::Api, spoiled, times });
        let mut client = stranger(&service);
        client.send(Command::SignInAs("marlow_87".into()));
        client.wait("signed in", |s| signed_in(s).is_some());
        assert_eq!(service.sandbox().token_calls().code.answered, 1, "{spoiled:?}");
    }
}

#[test]
fn signing_in_again_in_place_needs_nothing_but_the_tokens() {
    let service = Service::empty();
    let mut client = service.client("marlow_87");
    service.inject(Fault::Answer { area: Area::Api, spoiled: Spoiled::AccessDenied, times: u32::MAX });
    client.send(Command::Refresh);
    client.wait("the refusal", |s| !s.problems.is_empty());
    client.send(Command::SignInAs("marlow_87".into()));
    let began = Instant::now();
    while !client.handle.take_notices().contains(&Notice::SignedInAgain) {
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", client.handle.snapshot().problems);
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_token_endpoint_that_never_answers_can_be_given_up_at_once() {
    let service = Service::empty();
    service.inject(Fault::Answer { area: Area::Token, spoiled: Spoiled::Never, times: 1 });
    let mut client = stranger(&service);
    client.send(Command::SignInAs("marlow_87".into()));
    client.wait("the endpoint asked", |_| service.sandbox().token_calls().kept_away == 1);
    let began = Instant::now();
    client.send(Command::CancelSignIn);
    client.wait("the first screen", |s| s.screen == Screen::SignedOut);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    client.send(Command::SignInAs("marlow_87".into()));
    client.wait("signed in", |s| signed_in(s).is_some());
}

#[test]
fn the_cookie_of_a_browser_session_signs_in_until_it_is_revoked() {
    let service = Service::empty();
    let endpoints = Endpoints::sandbox(&service.url).expect("a loopback address");
    let http = psn::http_client(&endpoints).expect("an HTTP client");
    let name = OnlineId::from("tidewalker_19");
    let npsso = service.runtime.block_on(psn::npsso_of_sandbox_account(&endpoints, &http, &name));
    let npsso = npsso.expect("a session");

    let mut client = stranger(&service);
    client.send(Command::SignInWithNpsso("no such thing".into()));
    assert_eq!(refusal(&mut client), ProblemKind::NotAnNpsso);
    // The page around the value, as a user copies it.
    let page = format!(r#"{{"npsso":"{}"}}"#, npsso.expose());
    client.send(Command::SignInWithNpsso(page.into()));
    client.wait("signed in", |s| signed_in(s).is_some_and(|s| s.me.online_id == name));
    client.quit();

    service.inject(Fault::RevokeRefreshTokens);
    let mut client = stranger(&service);
    client.send(Command::SignInWithNpsso(npsso));
    assert_eq!(refusal(&mut client), ProblemKind::NpssoRefused);
}

#[test]
fn a_client_of_the_schemes_signs_in_too_and_a_wrong_secret_is_said() {
    let service = Service::empty();
    let right = OAuthClient {
        id: SCHEME_CLIENT_ID.into(),
        secret: SCHEME_CLIENT_SECRET.into(),
        redirect: SCHEME_REDIRECT.into(),
    };
    let config = service.config(Microphone::None, Speakers::None);
    let mut client = Running::start(Config { client: None, ..config });
    client.send(Command::SignInAs("marlow_87".into()));
    assert_eq!(refusal(&mut client), ProblemKind::NoClientSecret);

    client.send(Command::UseClient(OAuthClient { secret: "mistyped".into(), ..right.clone() }));
    client.wait("the problem gone", |s| s.problems.is_empty());
    client.send(Command::SignInAs("marlow_87".into()));
    assert_eq!(refusal(&mut client), ProblemKind::ClientRefused);

    client.send(Command::UseClient(right));
    client.send(Command::SignInAs("marlow_87".into()));
    let snapshot = client.wait("signed in", |s| signed_in(s).is_some());
    let shown = snapshot.client.clone().expect("in use");
    assert_eq!((shown.redirect.as_str(), shown.source), (SCHEME_REDIRECT, ClientSource::Kept));
    assert!(!format!("{snapshot:?}").contains(SCHEME_CLIENT_SECRET));
}

#[test]
fn a_stay_that_ends_while_the_program_is_closed_is_said_at_the_next_start() {
    let service = Service::empty();
    let folder = stage::folder();
    let paths = Paths::under(folder.path());
    // The keyring of whoever runs the tests is none of their business.
    let chosen = Settings { secret_storage: Some(SecretStorage::File), ..Settings::default() };
    store::save_settings(&paths, &chosen).expect("written");
    let clock = Clock::default();
    let mut client = service.remembering(&paths, &clock);
    client.wait("the first screen", |s| s.screen == Screen::SignedOut);
    client.send(Command::SignInAs("marlow_87".into()));
    client.wait("kept", |s| s.accounts.len() == 1);
    client.quit();
    service.inject(Fault::RevokeRefreshTokens);
    let mut client = service.remembering(&paths, &clock);
    assert_eq!(refusal(&mut client), ProblemKind::SignInEnded);
    assert_eq!(client.handle.snapshot().accounts.len(), 1, "whose it was is still known");
    client.send(Command::SignInAs("marlow_87".into()));
    let snapshot = client.wait("signed in again", |s| signed_in(s).is_some());
    assert_eq!(snapshot.accounts.len(), 1, "the same account");
}
