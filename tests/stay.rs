//! Staying signed in: one refresh for all who wait, nothing lost when an answer is, and weeks of it in seconds.

mod stage;

use std::{sync::Arc, time::Duration};

use partyline::{
    client::{Command, Screen, Stay},
    model::{Clock, SecretStorage, Settings},
    sandbox::{Area, Fault, SandboxConfig, Spoiled, Twist},
    store::{self, Paths},
};
use stage::{Service, account, signed_in};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

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
            let error = psn.friends().await.expect_err("nothing to ask with");
            assert!(error.is_unreachable(), "{error:?}");
            assert_eq!(service.sandbox().token_calls().refresh.answered, 1, "the service did its part");
            clock.advance(Duration::from_secs(3));
            psn.friends().await.expect("the next refresh works");
            service.inject(Fault::ExpireTokens);
            psn.friends().await.expect("and the one after it");
        });
    }
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
                psn.friends().await.unwrap_or_else(|error| panic!("{twist:?}: {error:?}"));
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
            assert!(psn.friends().await.is_err(), "{spoiled:?}");
            let asked = service.sandbox().token_calls();
            assert!(psn.friends().await.is_err(), "{spoiled:?}: too soon");
            assert_eq!(service.sandbox().token_calls(), asked, "{spoiled:?}: nobody hammers");
            clock.advance(Duration::from_secs(60));
            psn.friends().await.unwrap_or_else(|error| panic!("{spoiled:?}: {error:?}"));
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
            psn.friends().await.expect("answered");
            for _ in 0..3 {
                clock.advance(HOUR);
                service.sandbox().advance(HOUR);
                psn.friends().await.expect("answered an hour later");
            }
        });
        let refreshes = service.sandbox().token_calls().refresh;
        assert_eq!((refreshes.answered, refreshes.refused), (3, 0), "one an hour, by `expires_in`");
    }
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
