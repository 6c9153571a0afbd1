//! Nobody is reached for a while: what was tried in vain meanwhile is read as soon as the line is back.

use super::*;

impl Evening {
    /// Nobody is reached for so long.
    fn is_cut_off(&mut self, time: Duration) {
        self.give(Input::PushClosed { reach: Reach::Nobody, failure: None });
        let end = self.now + time;
        while self.now < end {
            for effect in std::mem::take(&mut self.effects) {
                let answer = match effect {
                    Effect::OpenPush { .. } => {
                        Some(Input::PushClosed { reach: Reach::Nobody, failure: None })
                    }
                    Effect::Parties(effect) => {
                        self.refuse(effect);
                        None
                    }
                    effect => nothing(&effect, true),
                };
                if let Some(answer) = answer {
                    self.effects.extend(self.state.handle(answer, self.now));
                }
            }
            let caused = std::mem::take(&mut self.effects);
            self.pass(Duration::from_secs(2));
            self.effects.extend(caused);
        }
        self.effects.clear();
    }
}

fn reads_groups(effect: &Effect) -> bool {
    matches!(effect, Effect::Chats(ChatsEffect::ReadGroups { .. }))
}

fn reads_notifications(effect: &Effect) -> bool {
    matches!(effect, Effect::Chats(ChatsEffect::ReadNotifications { .. }))
}

#[test]
fn after_an_outage_everything_is_read_at_once_and_nothing_counts_as_caught_up_before() {
    let mut evening = Evening::signed_in();
    evening.is_cut_off(Duration::from_secs(15 * 60));
    evening.give(Input::PushOpened);
    assert!(evening.has(reads_groups) && evening.has(reads_notifications));
    let asked = std::mem::take(&mut evening.effects);
    let (chats, others) = asked.into_iter().partition(|it| matches!(it, Effect::Chats(_)));
    evening.effects = others;
    evening.answer_lists(&[]);
    assert_eq!(evening.screen().link, LinkState::CatchingUp);
    let chats: Vec<Effect> = chats;
    for (at, effect) in chats.iter().enumerate() {
        assert_eq!(evening.screen().link, LinkState::CatchingUp, "{at} of {}", chats.len());
        // One may fail: nobody waits for it.
        let answer = nothing(effect, at == 0).expect("an answer");
        evening.state.handle(answer, evening.now);
    }
    assert_eq!(evening.screen().link, LinkState::Live);
}

#[test]
fn who_asks_again_is_not_put_off() {
    let mut evening = Evening::signed_in();
    evening.is_cut_off(Duration::from_secs(15 * 60));
    evening.give(Input::Command(Command::Refresh));
    assert!(evening.has(reads_groups) && evening.has(reads_notifications));
}

#[test]
fn without_push_notifications_are_read_now_and_then() {
    let mut evening = Evening::signed_in();
    evening.give(Input::PushClosed { reach: Reach::Service, failure: None });
    let mut read = 0;
    for _ in 0..15 * 60 {
        evening.pass(Duration::from_secs(1));
        for effect in std::mem::take(&mut evening.effects) {
            read += usize::from(reads_notifications(&effect));
            if let Some(answer) = nothing(&effect, false) {
                evening.state.handle(answer, evening.now);
            }
        }
    }
    assert!((4..=6).contains(&read), "{read} in a quarter of an hour");
}

#[test]
fn notifications_that_were_never_read_say_so_until_they_were() {
    let mut evening = Evening::begin();
    evening.give(Input::Command(Command::SignIn));
    let me = Profile::named(ME, "marlow_87");
    evening.give(Input::SignedIn { attempt: 1, result: Ok(Arrived { me, again: false }) });
    evening.give(Input::PushClosed { reach: Reach::Service, failure: None });
    let fails = |evening: &mut Evening, lost| {
        let asked = evening.find(|effect| reads_notifications(effect).then(|| nothing(effect, lost)));
        evening.give(asked.expect("an answer"));
    };
    fails(&mut evening, true);
    let problem = evening.state.snapshot().problems.pop().expect("a problem");
    assert_eq!(
        (problem.place, problem.kind.clone()),
        (Place::Notifications, ProblemKind::ServiceUnreachable)
    );
    evening.give(Input::Command(problem.remedy().command(&problem).expect("something to press")));
    fails(&mut evening, false);
    assert_eq!(evening.problems(), []);
    assert!(evening.screen().notifications.value.is_some());
}
