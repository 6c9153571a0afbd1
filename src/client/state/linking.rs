//! The connections to the other members of a party: the list of members, their messages and the user's wishes set them off, and
//! all together they stay within what the service bears.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    Effect, Effects, Failure, ProblemKind, State, Timer,
    bucket::Bucket,
    links::{Link, Trouble, is_ours},
    party::Joined,
};
use crate::{
    client::{
        MemberReach, Place, Problem, Unreachable, VoiceStatus,
        input::{LinksEffect, LinksInput, Recipient, VoiceControl},
    },
    model::{AccountId, Description, Signal},
    voice::ConnectionState,
};

/// From one offer to the next: a large party is greeted within two seconds, and not at once.
const APART: Duration = Duration::from_millis(100);

/// Of one party.
#[derive(Debug, Default)]
pub struct Links {
    by_member: BTreeMap<AccountId, Link>,
    /// Of the calls that one account has, most are for other things.
    offers: Bucket<48, 8>,
    /// Half a full party may come anew every half a minute, for ten minutes: whoever comes offers, and those who stay answer.
    answers: Bucket<144, 8>,
    /// Those who were given up get what is left over.
    quiet: Bucket<4, 20>,
    next_offer: Option<Instant>,
}

impl Links {
    pub fn ever_any(&self) -> bool {
        self.by_member.values().any(Link::was_ever_connected)
    }

    pub fn any_connection(&self) -> bool {
        self.by_member.values().any(|link| !link.slot.is_empty())
    }

    pub fn direct(&self) -> impl Iterator<Item = AccountId> {
        self.by_member.iter().filter(|(_, link)| link.is_direct()).map(|(account, _)| *account)
    }

    fn of(&mut self, connection: u64) -> Option<&mut Link> {
        self.by_member.values_mut().find(|link| link.slot.holds(connection))
    }
}

impl State {
    /// After everything that happens: a link for each of the others, and none for anybody else.
    pub(super) fn follow_members(&mut self, now: Instant, out: &mut Effects) {
        let Some(me) = self.account().map(|account| account.me.account) else { return };
        let Some(joined) = self.joined_mut() else { return };
        let Joined { session, links, .. } = joined;
        // Until the service has told our place, we are the last.
        let own_place = session.members.iter().find(|member| member.account == me);
        let own_place = own_place.map_or(u32::MAX, |member| member.join_order);
        links.by_member.retain(|account, link| {
            let stays =
                session.members.iter().any(|it| it.account == *account && it.join_order == link.join_order);
            if !stays {
                link.slot.clear();
                close_unneeded(link, out);
            }
            stays
        });
        for member in session.members.iter().filter(|member| member.account != me) {
            let ours = is_ours((own_place, me), (member.join_order, member.account));
            match links.by_member.get_mut(&member.account) {
                Some(link) => link.follow(member, ours, now),
                None => drop(links.by_member.insert(member.account, Link::new(member, ours, now))),
            }
        }
    }

    pub(super) fn set_links_timer(&mut self) {
        let links = self.joined().map(|joined| joined.links.by_member.values());
        self.timers.put(Timer::Links, links.and_then(|links| links.filter_map(Link::due).min()));
    }

    pub(super) fn links_due(&mut self, now: Instant, out: &mut Effects) {
        let Some(joined) = self.joined_mut() else { return };
        let mut offer = Vec::new();
        for (account, link) in &mut joined.links.by_member {
            if link.overdue(now) {
                offer.push(*account);
            }
            close_unneeded(link, out);
        }
        for account in offer {
            self.offer_link(account, now, out);
        }
        self.announce_soon(now);
    }

    fn offer_link(&mut self, account: AccountId, now: Instant, out: &mut Effects) {
        let connection = self.new_attempt();
        let hears = self.account().is_some_and(|account| account.line.is_open());
        let Some(joined) = self.joined_mut() else { return };
        let Joined { session, links, .. } = joined;
        let Some(link) = links.by_member.get_mut(&account) else { return };
        if !hears {
            // Nothing they answered could reach us.
            return link.put_off(None);
        }
        let turn = links.next_offer.map_or(now, |next| next.max(now));
        let mut at = turn.max(links.offers.when(1, 0, now)).max(link.may_speak(now));
        if link.is_given_up() {
            at = at.max(links.quiet.when(1, 0, now));
        }
        if at > now {
            return link.put_off(Some(at));
        }
        if link.is_given_up() {
            links.quiet.spend(1, now);
        }
        links.next_offer = Some(now + APART);
        links.offers.spend(1, now);
        let sequence = link.offer(connection, now);
        let recipient = Recipient { session: session.id.clone(), account, platform: link.platform, sequence };
        out.push(Effect::Links(LinksEffect::Offer { connection, recipient }));
    }

    /// A member's program says how to connect.
    pub(super) fn signal(&mut self, signal: Signal, now: Instant, out: &mut Effects) {
        let connection = self.new_attempt();
        let Some(me) = self.account().map(|account| account.me.account) else { return };
        let Some(joined) = self.joined_mut().filter(|_| signal.to == me) else { return };
        let Joined { session, links, .. } = joined;
        let Links { by_member, answers, .. } = links;
        let Some(link) = by_member.get_mut(&signal.from) else {
            // They came in, and nobody has told: once it is known, they offer again.
            return self.party_changed_unseen(now);
        };
        let effect = match signal.description {
            Description::Offer(offer) => {
                if !link.takes_offer(signal.sequence, signal.number, me < signal.from) {
                    return;
                }
                if answers.when(1, 0, now).max(link.may_speak(now)) > now {
                    tracing::info!("an offer too many is not answered");
                    return;
                }
                answers.spend(1, now);
                link.answer(connection, signal.sequence, signal.number, now);
                let recipient = Recipient {
                    session: session.id.clone(),
                    account: signal.from,
                    platform: link.platform,
                    sequence: signal.sequence,
                };
                LinksEffect::Answer { connection, recipient, offer }
            }
            Description::Answer(answer) => match link.take_answer(signal.sequence, signal.number, now) {
                Some(connection) => LinksEffect::Accept { connection, answer },
                None => return,
            },
        };
        close_unneeded(link, out);
        out.push(Effect::Links(effect));
    }

    pub(super) fn links(&mut self, input: LinksInput, now: Instant, out: &mut Effects) {
        let (LinksInput::Signalled { connection, .. } | LinksInput::Accepted { connection, .. }) = input;
        let Some(link) = self.joined_mut().and_then(|joined| joined.links.of(connection)) else { return };
        let mut refused = false;
        let mut trouble = |failure: Failure| {
            tracing::info!(kind = ?failure.kind, diagnostic = failure.diagnostic, "a member is not reached");
            refused |= failure.kind == ProblemKind::NotOffered;
            trouble(&failure)
        };
        match input {
            LinksInput::Signalled { result, .. } => {
                link.signalled(connection, result.map_err(&mut trouble), now);
            }
            LinksInput::Accepted { result: Ok(()), .. } => {}
            LinksInput::Accepted { result: Err(failure), .. } => {
                link.not_accepted(connection, trouble(failure), now);
            }
        }
        close_unneeded(link, out);
        if refused {
            // Perhaps the member is gone, or the party.
            self.party_changed_unseen(now);
        }
    }

    /// `true`: it was about a member.
    pub(super) fn link_event(
        &mut self,
        connection: u64,
        state: ConnectionState,
        now: Instant,
        out: &mut Effects,
    ) -> bool {
        let Some(link) = self.joined_mut().and_then(|joined| joined.links.of(connection)) else {
            return false;
        };
        tracing::info!(?state, "direct connection");
        link.connection_event(connection, state, now);
        close_unneeded(link, out);
        self.announce_soon(now);
        true
    }

    pub(super) fn retry_member(&mut self, account: AccountId, now: Instant) {
        let link = self.joined_mut().and_then(|joined| joined.links.by_member.get_mut(&account));
        if let Some(link) = link {
            link.retry(now);
        }
    }

    /// Push is up: what nobody heard meanwhile is said again.
    pub(super) fn revive_links(&mut self, now: Instant) {
        if let Some(joined) = self.joined_mut() {
            joined.links.by_member.values_mut().for_each(|link| link.revive(now));
        }
    }

    /// The bridge has a voice again: where there was no way, there may be one now.
    pub(super) fn hurry_links(&mut self, now: Instant) {
        if let Some(joined) = self.joined_mut() {
            joined.links.by_member.values_mut().for_each(|link| link.hurry(now));
        }
    }

    /// The bridge carries the voices of those who are on it too, which they say by naming us.
    pub(super) fn reach(&self, account: AccountId) -> MemberReach {
        let Some(joined) = self.joined() else { return MemberReach::Connecting };
        match joined.links.by_member.get(&account).map_or(MemberReach::Connecting, Link::reach) {
            MemberReach::Direct => MemberReach::Direct,
            _ if joined.voice.carries() && self.names_us(account) => MemberReach::Bridge,
            other => other,
        }
    }

    fn names_us(&self, account: AccountId) -> bool {
        let (Some(us), Some(joined)) = (self.account(), self.joined()) else { return false };
        let member = joined.session.members.iter().find(|member| member.account == account);
        let named = member.and_then(|member| member.connected_to.as_ref());
        named.is_some_and(|named| named.contains(&us.me.account))
    }

    /// Whether a bridge that failed keeps anybody from being heard. While ways are being found nobody knows.
    fn is_bridge_missed(&self) -> bool {
        let others = self.others();
        others.is_empty()
            || others.iter().any(|account| matches!(self.reach(*account), MemberReach::Unreachable(_)))
    }

    /// Those that there is something to do about.
    pub(super) fn shown_problems(&self) -> Vec<Problem> {
        let of_bridge = |problem: &Problem| {
            problem.place == Place::Voice
                && !matches!(problem.kind, ProblemKind::DeviceMissing(..) | ProblemKind::RecordingFailed)
        };
        let hides_bridge = !self.is_bridge_missed();
        let standing = self.problems.standing().iter();
        standing.filter(|problem| !(hides_bridge && of_bridge(problem))).cloned().collect()
    }

    /// Whom we hear, as the others should know it.
    pub(super) fn heard_members(&self) -> Vec<AccountId> {
        let Some(joined) = self.joined() else { return Vec::new() };
        if joined.voice.status() == VoiceStatus::Connected && joined.voice.carries() {
            return self.others();
        }
        joined.links.direct().collect()
    }

    /// A sandbox is on this machine, or in this network.
    pub(super) fn tell_stun_servers(&self, out: &mut Effects) {
        if self.service == super::Service::Live {
            out.push(Effect::Voice(VoiceControl::StunServers(self.settings.stun_servers.clone())));
        }
    }
}

fn close_unneeded(link: &mut Link, out: &mut Effects) {
    let unneeded = link.slot.take_closing().into_iter();
    out.extend(unneeded.map(|connection| Effect::Links(LinksEffect::Close { connection })));
}

fn trouble(failure: &Failure) -> Trouble {
    let pause = Some(failure.reach().pause().unwrap_or(Duration::from_secs(1)));
    match failure.kind {
        ProblemKind::VoiceNotUnderstood => Trouble { why: Unreachable::NotUnderstood, pause: None },
        ProblemKind::NotOffered => Trouble { why: Unreachable::NotPassedOn, pause: None },
        ProblemKind::VoiceUnreachable | ProblemKind::VoiceBroken => {
            Trouble { why: Unreachable::NoPath, pause }
        }
        _ => Trouble { why: Unreachable::NotPassedOn, pause },
    }
}
