//! How many calls it all takes.

use std::time::Duration;

use super::{super::super::State, Evening, Service, stranger};
use crate::{
    client::Command,
    model::{Notes, Profile},
};

const QUARTER: Duration = Duration::from_secs(15 * 60);

fn remember(state: &mut State, friends: u64) {
    if let Some(account) = state.account_mut() {
        let named = |index| Profile::named(stranger(index), super::service::name(stranger(index)));
        account.notes = Notes { profiles: (0..friends).map(named).collect(), ..Notes::default() };
    }
}

#[test]
fn two_thousand_friends_cost_few_calls_at_the_start_and_names_come_before_presences() {
    for known in [false, true] {
        let mut evening = Evening::begin(1, Service::of(2_000));
        if known {
            remember(&mut evening.state, 2_000);
        }
        let start = evening.now;
        evening.pass(Duration::from_millis(500));
        evening.line_opens();
        evening.pass(Duration::from_millis(59_500));
        let made = evening.made_since(start);
        assert!((30..=48).contains(&made), "{made} calls in the first minute, names known: {known}");
        let shown = evening.screen();
        assert_eq!(shown.friends.items().len(), 2_000, "every name is there");
        let present = shown.friends.items().iter().filter(|friend| friend.presence.is_some()).count();
        assert!(present >= if known { 1_500 } else { 250 }, "{present} presences");
        evening.pass(Duration::from_secs(240));
        evening.assert_true("five minutes later");
        println!("start: {made} calls in the first minute, {present} presences, names known: {known}");
    }
}

#[test]
fn the_first_friends_show_before_the_push_line_is_there_and_the_others_soon_without_it() {
    let mut evening = Evening::begin(2, Service::of(300));
    assert!(evening.screen().friends.fetching && evening.screen().friends.value.is_none());
    evening.pass(Duration::from_millis(1_500));
    assert_eq!(evening.screen().friends.items().len(), 100);
    assert!(!evening.screen().friends.fetching);
    evening.pass(Duration::from_secs(4));
    assert_eq!(evening.screen().friends.items().len(), 300);
}

#[test]
fn a_quiet_quarter_of_an_hour_is_cheap() {
    for (friends, most) in [(2_000, 110), (300, 75), (100, 45), (20, 30)] {
        let mut evening = Evening::begin(4, Service::of(friends));
        evening.line_opens();
        evening.pass(Duration::from_secs(10 * 60));
        for _ in 0..4 {
            let start = evening.now;
            evening.pass(QUARTER);
            let made = evening.made_since(start);
            println!("{friends} friends: {made} calls in a quiet quarter of an hour");
            assert!((20..most).contains(&made), "{made} calls with {friends} friends");
        }
    }
}

#[test]
fn a_storm_of_events_and_refreshing_all_the_time_stay_bounded() {
    for friends in [20, 2_000] {
        let mut evening = Evening::begin(5, Service::of(friends));
        evening.line_opens();
        evening.pass(Duration::from_secs(20 * 60));
        let start = evening.now;
        while evening.now < start + QUARTER {
            evening.tell(1);
            evening.command(Command::Refresh);
            evening.pass(Duration::from_millis(500));
        }
        let made = evening.made_since(start);
        println!("{friends} friends: {made} calls in a stormy quarter of an hour");
        assert!((50..170).contains(&made), "{made} calls with {friends} friends");
        evening.pass(QUARTER);
        evening.assert_true("after the storm");
    }
}
