//! Trouble on request, so that a client's recovery can be tested and watched.

mod answers;
mod edge;
mod named;
mod packet_loss;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use answers::Queues;
pub(super) use answers::spoil;
pub use answers::{Area, Spoiled};
use edge::StrictEdge;
pub use named::{FaultError, TimedFault};
pub(super) use packet_loss::PacketLoss;

use super::world::World;

/// As often as it comes up, until the sandbox ends.
pub const ALWAYS: u32 = u32::MAX;

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Every access token given out so far is invalid from now on.
    ExpireTokens,
    /// Every refresh token, code and browser session is invalid from now on: the user must sign in again.
    RevokeRefreshTokens,
    /// From now on each refresh brings a new refresh token; the one before stays good until the new one is used.
    RotateRefreshTokens,
    /// The next steps of signing in or staying signed in go wrong.
    SignIn { twist: Twist, times: u32 },
    /// The next answers in an area are not what they should be. Several of one area come one after the other.
    Answer { area: Area, spoiled: Spoiled, times: u32 },
    /// Requests to the API, the sign-in and the push directory that arrive within this time are never answered.
    Silence(Duration),
    /// More than 14 calls of authorize and token within five minutes bring the network edge's HTML page, until the
    /// caller pauses.
    StrictEdge,
    /// The sandbox's clock shows a time this many hours later, or earlier: in access tokens and the `Date` header. What
    /// lasts how long stays right; access tokens from before are judged by the new clock.
    ClockOff { hours: i16 },
    /// Closes every push socket.
    DropPush,
    /// Refuses new push sockets for this long.
    RefusePush(Duration),
    /// From now on this share of events never arrives; 0 to 1.
    PushLose(f32),
    /// From now on this share of events arrives twice; 0 to 1.
    PushDuplicate(f32),
    /// From now on every event comes so much later.
    PushDelay(Duration),
    /// From now on each event comes up to so much later, by chance: not in the order of what happened.
    PushReorder(Duration),
    /// From now on events of parties have their older names, and bodies that are JSON in a string.
    PushOlderNames,
    /// From now on the list of invitations is empty: they come by push alone.
    InvitationsByPushAlone,
    /// From now on nobody may change whether they appear offline or look for people by name: no capture shows either.
    UncapturedRefused,
    /// Every bridge vanishes: its sockets close, sessions lose it, calls that name it are answered with 404.
    DropBridges,
    /// This share of voice packets is lost, in both directions, on the bridge and to residents; 0 to 1.
    BridgePacketLoss(f32),
    /// From now on residents neither offer a direct connection nor answer an offer.
    DirectUnanswered,
    /// Every direct connection of a resident ends. Who joined later offers another.
    DirectLost,
}

/// How a step of the sign-in goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Twist {
    /// The code is too old when it is used.
    ExpiredCode,
    /// The code was used before.
    UsedCode,
    /// The client's credentials are refused although right.
    InvalidClient,
    /// A refresh brings no refresh token: the one there is stays in force.
    NoRefreshToken,
    /// Lifetimes are strings: `"expires_in": "3599"`.
    TextLifetime,
    /// The redirect brings another `state` back.
    WrongState,
    /// A page sends the browser to the redirect twice, instead of a 302 once.
    RedirectTwice,
}

/// Faults in force.
#[derive(Default)]
pub(super) struct Faults {
    pending: Mutex<Pending>,
    packet_loss: PacketLoss,
}

#[derive(Default)]
struct Pending {
    answers: Queues,
    twists: HashMap<Twist, u32>,
    edge: Option<StrictEdge>,
    silent_until: Option<Instant>,
    push_refused_until: Option<Instant>,
    invitations_unlisted: bool,
    uncaptured_refused: bool,
    directs_unanswered: bool,
    /// How often direct connections were to end.
    direct_losses: u64,
}

impl Faults {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this step goes wrong; counts it where it does.
    pub fn strikes(&self, twist: Twist) -> bool {
        self.pending().twists.get_mut(&twist).is_some_and(spend)
    }

    pub fn packet_loss(&self) -> PacketLoss {
        self.packet_loss.clone()
    }

    pub fn invitations_are_unlisted(&self) -> bool {
        self.pending().invitations_unlisted
    }

    pub fn uncaptured_is_refused(&self) -> bool {
        self.pending().uncaptured_refused
    }

    pub fn directs_are_unanswered(&self) -> bool {
        self.pending().directs_unanswered
    }

    pub fn direct_losses(&self) -> u64 {
        self.pending().direct_losses
    }

    pub fn push_is_refused(&self, now: Instant) -> bool {
        self.pending().push_refused_until.is_some_and(|until| now < until)
    }
}

impl Pending {
    /// What happens to a request that arrives now.
    fn next(&mut self, area: Area, now: Instant, wall: SystemTime) -> Option<Spoiled> {
        let may_fall_silent = area != Area::Page;
        if may_fall_silent && self.silent_until.is_some_and(|until| now < until) {
            return Some(Spoiled::Never);
        }
        let is_watched = matches!(area, Area::Authorize | Area::Token);
        if is_watched && self.edge.as_mut().is_some_and(|edge| !edge.admits(wall)) {
            return Some(Spoiled::AccessDenied);
        }
        self.answers.next(area)
    }
}

/// Takes one of the times that are left, if any is.
fn spend(times: &mut u32) -> bool {
    let strikes = *times > 0;
    if strikes && *times != ALWAYS {
        *times -= 1;
    }
    strikes
}

pub(super) fn inject(world: &World, fault: Fault) {
    tracing::info!(?fault, "fault injected");
    let pending = || world.faults.pending();
    match fault {
        Fault::ExpireTokens => world.state().tokens.expire_access(),
        Fault::RevokeRefreshTokens => world.state().tokens.revoke_refresh(),
        Fault::RotateRefreshTokens => world.state().tokens.rotate_refresh(),
        Fault::SignIn { twist, times } => {
            pending().twists.insert(twist, times);
        }
        Fault::Answer { area, spoiled, times } => pending().answers.push(area, spoiled, times),
        Fault::Silence(time) => pending().silent_until = Some(Instant::now() + time),
        Fault::StrictEdge => pending().edge = Some(StrictEdge::default()),
        Fault::ClockOff { hours } => world.clock.show_wrong(hours),
        Fault::DropPush => world.state().push.drop_all(),
        Fault::RefusePush(time) => pending().push_refused_until = Some(Instant::now() + time),
        Fault::PushLose(share) => world.state().push.trouble().lost = share,
        Fault::PushDuplicate(share) => world.state().push.trouble().doubled = share,
        Fault::PushDelay(time) => world.state().push.trouble().delay = time,
        Fault::PushReorder(time) => world.state().push.trouble().scatter = time,
        Fault::PushOlderNames => world.state().push.trouble().older_names = true,
        Fault::InvitationsByPushAlone => pending().invitations_unlisted = true,
        Fault::UncapturedRefused => pending().uncaptured_refused = true,
        Fault::DropBridges => world.bridges.drop_all(),
        Fault::BridgePacketLoss(share) => world.faults.packet_loss.set(share),
        Fault::DirectUnanswered => pending().directs_unanswered = true,
        Fault::DirectLost => {
            pending().direct_losses += 1;
            world.changed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn silence_ends_by_itself_and_keeps_what_waits_behind_it() {
        let now = Instant::now();
        let mut pending = Pending::default();
        pending.answers.push(Area::Api, Spoiled::Unavailable, 1);
        pending.silent_until = Some(now + Duration::from_secs(1));
        assert_eq!(pending.next(Area::Api, now, WALL), Some(Spoiled::Never));
        let later = now + Duration::from_secs(2);
        assert_eq!(pending.next(Area::Api, later, WALL), Some(Spoiled::Unavailable));
    }

    #[test]
    fn a_twist_strikes_as_often_as_it_was_asked_to() {
        let faults = Faults::default();
        assert!(!faults.strikes(Twist::UsedCode));
        faults.pending().twists.insert(Twist::UsedCode, 2);
        let struck = (0..5).filter(|_| faults.strikes(Twist::UsedCode)).count();
        assert_eq!(struck, 2);
        faults.pending().twists.insert(Twist::UsedCode, ALWAYS);
        assert!((0..5).all(|_| faults.strikes(Twist::UsedCode)));
    }

    #[test]
    fn the_strict_edge_watches_the_sign_in_alone() {
        let mut pending = Pending { edge: Some(StrictEdge::default()), ..Pending::default() };
        let mut next = |area| pending.next(area, Instant::now(), WALL);
        assert!((0..20).all(|_| next(Area::Api).is_none()));
        assert!((0..14).all(|_| next(Area::Token).is_none()));
        assert_eq!(next(Area::Authorize), Some(Spoiled::AccessDenied));
        assert_eq!(next(Area::Page), None);
    }
}
