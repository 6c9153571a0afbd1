//! Staying signed in: one refresh for all who wait, nothing lost when an answer is, and weeks of it in seconds.

mod stage;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use partyline::{
    client::{Command, ProblemKind, Screen, Stay},
    model::{AccountId, Clock, OnlineId, SecretStorage, Settings},
    psn::{self, Endpoints, Error, Keeper, Kept, Psn, Tokens},
    sandbox::{Area, Fault, SandboxConfig, Spoiled, Twist},
    store::{self, Paths},
};
use stage::{Service, account, grant, loopback_client, signed_in};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Old enough to be renewed, and still good.
const LAST_MINUTES: Duration = Duration::from_secs(3500);

/// An account after a restart.
fn resumed(url: &str, account: AccountId, kept: Kept, keeper: Option<Keeper>, clock: &Clock) -> Arc<Psn> {
    let endpoints = Arc::new(Endpoints::sandbox(url).expect("a loopback address"));
    let http = psn::http_client(&endpoints).expect("an HTTP client");
    let tokens = Tokens::resume(endpoints, http, loopback_client(), account, kept, keeper, clock.clone());
    stage::with(url, tokens, clock)
}

/// Until a refresh that nobody waits for has come to its end.
async fn until(what: &str, there: impl Fn() -> bool) {
    let began = Instant::now();
    while !there() {
        assert!(began.elapsed() < Duration::from_secs(10), "waited for: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn ten_that_meet_an_expired_token_at_once_cause_one_refresh() {
    let service = Service::empty();
    service.runtime.block_on(async {
        let psn = account(&service.url, "marlow_87", &Clock::default()).await;
        service.inject(Fault::ExpireTokens);
        // Not a GET: those that are the same share one call.
        let calls: Vec<_> = (0..10)
            .map(|_| {
                let psn = Arc::clone(&psn);
                tokio::spawn(async move { psn.visible_parties(&[]).await.map(drop) })
            })
            .collect();
        for call in calls {
            call.await.expect("no panic").expect("answered");
        }
    });
    assert_eq!(service.sandbox().token_calls().refresh.answered, 1);
}

#[test]
fn a_refresh_that_is_cut_off_in_the_middle_of_the_answer_loses_no_token() {
    // Whether the service goes on with the same refresh token or has just replaced it.
    for rotates in [false, true] {
        let service = Service::empty();
        let clock = Clock::movable();
        service.runtime.block_on(async {
            let psn = account(&service.url, "marlow_87", &clock).await;
            if rotates {
                service.inject(Fault::RotateRefreshTokens);
            }
            service.inject(Fault::Answer { area: Area::Token, spoiled: Spoiled::CutOff, times: 1 });
            service.inject(Fault::ExpireTokens);
            let error = psn.friends(0).await.expect_err("nothing to ask with");
            assert!(error.is_unreachable(), "{error:?}");
            assert_eq!(service.sandbox().token_calls().refresh.answered, 1, "the service did its part");
            clock.advance(Duration::from_secs(6));
            psn.friends(0).await.expect("the next refresh works");
            service.inject(Fault::ExpireTokens);
            psn.friends(0).await.expect("and the one after it");
        });
    }
}

#[test]
fn a_refresh_that_is_cut_off_each_time_becomes_rare() {
    let service = Service::empty();
    let clock = Clock::movable();
    service.runtime.block_on(async {
        let psn = account(&service.url, "marlow_87", &clock).await;
        clock.advance(HOUR);
        service.inject(Fault::Answer { area: Area::Token, spoiled: Spoiled::CutOff, times: u32::MAX });
        for _ in 0..20 * 12 {
            assert!(psn.friends(0).await.is_err());
            clock.advance(Duration::from_secs(5));
        }
    });
    let calls = service.sandbox().token_calls().refresh.answered;
    assert!((6..=10).contains(&calls), "{calls} calls in twenty minutes");
}

#[test]
fn a_service_that_is_not_there_is_tried_again_after_seconds() {
    let mut service = Service::empty();
    let clock = Clock::movable();
    let psn = service.runtime.block_on(account(&service.url, "marlow_87", &clock));
    clock.advance(HOUR);
    let sandbox = service.sandbox.take().expect("running");
    service.runtime.block_on(sandbox.shutdown());
    for _ in 0..5 {
        let error = service.runtime.block_on(psn.friends(0)).expect_err("nobody there");
        assert!(error.is_unreachable(), "{error:?}");
        clock.advance(Duration::from_secs(2));
    }
}

#[test]
fn while_a_token_still_works_nobody_waits_for_the_next_one() {
    let service = Service::empty();
    let clock = Clock::movable();
    service.runtime.block_on(async {
        let psn = account(&service.url, "marlow_87", &clock).await;
        let first = psn.tokens().kept().expect("a refresh token");
        clock.advance(LAST_MINUTES);
        service.inject(Fault::RotateRefreshTokens);
        service.inject(Fault::Answer {
            area: Area::Token,
            spoiled: Spoiled::Late(Duration::from_secs(4)),
            times: 1,
        });
        let began = Instant::now();
        let calls: Vec<_> = (0..10)
            .map(|_| {
                let psn = Arc::clone(&psn);
                tokio::spawn(async move { psn.visible_parties(&[]).await.map(drop) })
            })
            .collect();
        for call in calls {
            call.await.expect("no panic").expect("answered");
        }
        assert_eq!(psn.tokens().kept(), Some(first.clone()), "asked without waiting too");
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        until("the new token", || psn.tokens().kept() != Some(first.clone())).await;
        assert_eq!(service.sandbox().token_calls().refresh.answered, 1);
        clock.advance(Duration::from_secs(60));
        psn.friends(0).await.expect("answered");
        assert_eq!(service.sandbox().token_calls().refresh.answered, 1, "it is in use");
    });
}

#[test]
fn a_refresh_under_way_is_of_the_past_when_the_user_signs_in_again() {
    // Whether the service gives out another token for the old one, or knows it no more.
    for revoked in [false, true] {
        let service = Service::empty();
        let clock = Clock::movable();
        service.runtime.block_on(async {
            let psn = account(&service.url, "marlow_87", &clock).await;
            clock.advance(LAST_MINUTES);
            service.inject(if revoked { Fault::RevokeRefreshTokens } else { Fault::RotateRefreshTokens });
            let again = grant(&service.url, "marlow_87").await;
            let delay = Duration::from_millis(1500);
            service.inject(Fault::Answer { area: Area::Token, spoiled: Spoiled::Late(delay), times: 1 });
            psn.friends(0).await.expect("the old token works");
            let refreshes = || {
                let refresh = service.sandbox().token_calls().refresh;
                refresh.answered + refresh.refused
            };
            until("the refresh under way", || refreshes() == 1).await;
            let began = Instant::now();
            psn.tokens().adopt(again);
            assert!(began.elapsed() < delay / 2, "the network is not waited for");
            let new = psn.tokens().kept();
            tokio::time::sleep(delay + Duration::from_millis(500)).await;
            assert_eq!(psn.tokens().kept(), new);
            psn.friends(0).await.expect("signed in");
            assert_eq!(refreshes(), 1, "nothing to renew");
        });
    }
}

#[test]
fn a_refresh_token_that_came_at_a_start_is_kept_even_if_nothing_else_works() {
    let service = Service::empty();
    let clock = Clock::default();
    service.runtime.block_on(async {
        let psn = account(&service.url, "marlow_87", &clock).await;
        let (id, kept) = (psn.account(), psn.tokens().kept().expect("a refresh token"));
        service.inject(Fault::RotateRefreshTokens);
        service.inject(Fault::Answer { area: Area::Api, spoiled: Spoiled::AccessDenied, times: 1 });
        let heard: Arc<Mutex<Vec<Kept>>> = Arc::default();
        let hears = Arc::clone(&heard);
        let keeper: Keeper = Box::new(move |kept| hears.lock().expect("no panic").push(kept));
        let psn = resumed(&service.url, id, kept.clone(), Some(keeper), &clock);
        assert!(matches!(psn.profiles(&[id]).await, Err(Error::Blocked)));
        let heard = heard.lock().expect("no panic").clone();
        assert!(matches!(&heard[..], [new] if new.refresh != kept.refresh), "one new token: {heard:?}");
        let psn = resumed(&service.url, id, heard[0].clone(), None, &clock);
        psn.friends(0).await.expect("the next start works");
    });
}

#[test]
fn a_pause_without_end_is_an_hour() {
    let service = Service::empty();
    let clock = Clock::movable();
    service.runtime.block_on(async {
        let limited = Spoiled::TooManyRequests { retry_after: Some(u64::MAX) };
        let psn = account(&service.url, "marlow_87", &clock).await;
        for area in [Area::Api, Area::Token] {
            service.inject(Fault::Answer { area, spoiled: limited, times: 1 });
            if area == Area::Token {
                service.inject(Fault::ExpireTokens);
            }
            let error = psn.friends(0).await.expect_err("a pause");
            assert!(matches!(error, Error::RateLimited { wait } if wait == HOUR), "{area:?}: {error:?}");
            clock.advance(HOUR);
            psn.friends(0).await.unwrap_or_else(|error| panic!("{area:?}: {error:?}"));
        }
    });
}

#[test]
fn a_token_that_names_nobody_is_good_for_whom_it_was_asked_for() {
    stage::crypto();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let tokens = r#"{"access_token":"opaque","refresh_token":"r2","expires_in":3599}"#;
        let url = answering(tokens, "200 OK", r#"{"profiles":[{"onlineId":"marlow_87"}]}"#).await;
        let kept = Kept { refresh: "r1".into(), ends: Some(SystemTime::now() + 20 * DAY) };
        let psn = resumed(&url, AccountId(1234567890123456789), kept.clone(), None, &Clock::default());
        let profiles = psn.profiles(&[psn.account()]).await.expect("answered");
        assert_eq!(profiles[0].online_id, OnlineId::from("marlow_87"));
        assert_eq!(psn.tokens().kept(), Some(Kept { refresh: "r2".into(), ..kept }));
    });
}

#[test]
fn a_token_for_somebody_else_is_no_token() {
    stage::crypto();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        // {"account_id":"42"}
        let tokens = r#"{"access_token":"e30.eyJhY2NvdW50X2lkIjoiNDIifQ.sig","refresh_token":"r2"}"#;
        let url = answering(tokens, "200 OK", r#"{"profiles":[{"onlineId":"rook_4"}]}"#).await;
        let kept = Kept { refresh: "r1".into(), ends: None };
        let psn = resumed(&url, AccountId(1234567890123456789), kept.clone(), None, &Clock::default());
        let error = psn.profiles(&[psn.account()]).await.expect_err("nothing to ask with");
        assert!(matches!(error, Error::Incomplete { what: "token", .. }), "{error:?}");
        assert_eq!(psn.tokens().kept(), Some(kept));
    });
}

#[test]
fn a_service_that_refuses_a_fresh_token_too_does_not_end_the_stay() {
    stage::crypto();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let url = answering(r#"{"access_token":"opaque","expires_in":3599}"#, "401 Unauthorized", "{}").await;
        let kept = Kept { refresh: "r1".into(), ends: None };
        let psn = resumed(&url, AccountId(1234567890123456789), kept, None, &Clock::default());
        let error = psn.friends(0).await.expect_err("refused");
        assert!(matches!(error, Error::Refused { status: 401, .. }), "{error:?}");
    });
}

/// The address of a service that answers everything alike, but for the token endpoint.
async fn answering(tokens: &'static str, status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = Vec::new();
            while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                stream.read_buf(&mut request).await.expect("a request");
            }
            let (status, body) =
                if request.starts_with(b"POST /api/authz/") { ("200 OK", tokens) } else { (status, body) };
            let head = "Content-Type: application/json\r\nConnection: close\r\nContent-Length:";
            let answer = format!("HTTP/1.1 {status}\r\n{head} {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.expect("open");
            // What is left of the request would reset the connection.
            let _ = tokio::time::timeout(Duration::from_millis(50), stream.read_buf(&mut request)).await;
        }
    });
    url
}

#[test]
fn answers_that_only_look_odd_are_understood() {
    for twist in [Twist::TextLifetime, Twist::NoRefreshToken] {
        let service = Service::empty();
        service.runtime.block_on(async {
            let psn = account(&service.url, "marlow_87", &Clock::default()).await;
            for _ in 0..2 {
                service.inject(Fault::SignIn { twist, times: 1 });
                service.inject(Fault::ExpireTokens);
                psn.friends(0).await.unwrap_or_else(|error| panic!("{twist:?}: {error:?}"));
            }
        });
    }
}

#[test]
fn answers_that_make_no_sense_or_have_no_end_cost_a_pause_and_nothing_else() {
    let (malformed, huge) = (Spoiled::Malformed, Spoiled::Huge);
    for spoiled in [malformed, huge, Spoiled::Unavailable, Spoiled::TooManyRequests { retry_after: Some(20) }]
    {
        let service = Service::empty();
        let clock = Clock::movable();
        service.runtime.block_on(async {
            let psn = account(&service.url, "marlow_87", &clock).await;
            service.inject(Fault::Answer { area: Area::Token, spoiled, times: 1 });
            service.inject(Fault::ExpireTokens);
            assert!(psn.friends(0).await.is_err(), "{spoiled:?}");
            let asked = service.sandbox().token_calls();
            assert!(psn.friends(0).await.is_err(), "{spoiled:?}: too soon");
            assert_eq!(service.sandbox().token_calls(), asked, "{spoiled:?}: nobody hammers");
            clock.advance(Duration::from_secs(60));
            psn.friends(0).await.unwrap_or_else(|error| panic!("{spoiled:?}: {error:?}"));
        });
    }
}

#[test]
fn a_clock_that_is_wrong_by_hours_does_no_harm() {
    for hours in [-9, 9] {
        let service = Service::empty();
        service.inject(Fault::ClockOff { hours });
        service.runtime.block_on(async {
            let clock = Clock::movable();
            let psn = account(&service.url, "marlow_87", &clock).await;
            psn.friends(0).await.expect("answered");
            for _ in 0..3 {
                clock.advance(HOUR);
                service.sandbox().advance(HOUR);
                psn.friends(0).await.expect("answered an hour later");
            }
        });
        let refreshes = service.sandbox().token_calls().refresh;
        assert_eq!((refreshes.answered, refreshes.refused), (3, 0), "one an hour, by `expires_in`");
    }
}

#[test]
fn after_a_refusal_by_the_network_edge_a_start_is_not_tried_again_for_minutes() {
    let service = Service::empty();
    let folder = stage::folder();
    let paths = Paths::under(folder.path());
    let chosen = Settings { secret_storage: Some(SecretStorage::File), ..Settings::default() };
    store::save_settings(&paths, &chosen).expect("written");
    let clock = Clock::movable();
    let mut client = service.remembering(&paths, &clock);
    client.wait("the first screen", |s| s.screen == Screen::SignedOut);
    client.send(Command::SignInAs("marlow_87".into()));
    client.wait("kept", |s| s.accounts.len() == 1);
    client.quit();
    service.inject(Fault::Answer { area: Area::Token, spoiled: Spoiled::AccessDenied, times: u32::MAX });
    let mut client = service.remembering(&paths, &clock);
    client.wait("the refusal", |s| s.problems.iter().any(|p| p.kind == ProblemKind::BlockedByNetworkEdge));
    for _ in 0..29 {
        clock.advance(Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(service.sandbox().token_calls().kept_away, 1, "nobody knocks");
    clock.advance(Duration::from_secs(10));
    client.wait("the next try", |_| service.sandbox().token_calls().kept_away == 2);
}

#[test]
fn forty_days_with_a_restart_each_keep_a_user_signed_in_and_warn_on_the_right_day() {
    const STAY: u32 = 45;
    let config =
        SandboxConfig { residents: false, refresh_token_lifetime: STAY * DAY, ..SandboxConfig::default() };
    let service = Service::start(config);
    let folder = stage::folder();
    let paths = Paths::under(folder.path());
    // No keyring on the stage: the user chose a file.
    let chosen = Settings { secret_storage: Some(SecretStorage::File), ..Settings::default() };
    store::save_settings(&paths, &chosen).expect("written");
    let clock = Clock::movable();
    for day in 0..40 {
        let mut client = service.remembering(&paths, &clock);
        if day == 0 {
            client.wait("the first screen", |s| s.screen == Screen::SignedOut);
            client.send(Command::SignInAs("marlow_87".into()));
        }
        for quarter in 0..4 {
            let snapshot = client.wait("signed in", |s| {
                signed_in(s).is_some_and(|s| s.friends.value.is_some() && !s.friends.fetching)
            });
            let warned = matches!(signed_in(&snapshot).expect("signed in").stay, Stay::EndsSoon(_));
            assert_eq!(warned, day >= STAY - 7, "day {day}, quarter {quarter}");
            let asked = service.sandbox().token_calls().refresh.answered;
            service.sandbox().advance(6 * HOUR);
            clock.advance(6 * HOUR);
            client.send(Command::Refresh);
            // Six hours are longer than a token lives.
            client.wait("a newer token", |_| service.sandbox().token_calls().refresh.answered > asked);
        }
        client.quit();
    }
    let calls = service.sandbox().token_calls();
    assert_eq!((calls.code.answered, calls.refresh.refused), (1, 0), "signed in once: {calls:?}");
    // The warning was right: the stay does end.
    service.sandbox().advance(6 * DAY);
    clock.advance(6 * DAY);
    let mut client = service.remembering(&paths, &clock);
    let snapshot = client.wait("the end", |s| s.screen == Screen::SignedOut);
    assert_eq!(snapshot.accounts.len(), 1, "whose it was is still known");
    assert_eq!(snapshot.problems.len(), 1, "{:?}", snapshot.problems);
}
