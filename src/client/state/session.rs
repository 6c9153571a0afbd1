//! What an event does to a party as it was known. Pure.

use super::following::Pace;
use crate::{
    model::{AccountId, Member, PartySession},
    psn::{Event, MemberChange},
};

/// Members beyond this are not shown: the service lets in 16.
const MAX_MEMBERS: usize = 64;

/// Changes just what the event names, and says how soon that is to be verified; `None`: it says nothing about the party.
pub fn apply(session: &mut PartySession, event: &Event) -> Option<Pace> {
    match event {
        Event::MembersJoined(fresh) if !fresh.is_empty() => {
            fresh.iter().for_each(|member| join(session, member));
        }
        Event::MembersLeft(gone) if !gone.is_empty() => {
            session.members.retain(|member| !gone.contains(&member.account));
        }
        Event::MembersChanged(changes) if !changes.is_empty() => return Some(change(session, changes)),
        Event::Renamed(name) => session.name.clone_from(name),
        Event::OwnerChanged(owner) => session.owner = Some(*owner),
        Event::PrivacyChanged(privacy) => session.privacy = *privacy,
        Event::LimitChanged(limit) => session.max_members = *limit,
        Event::BridgeLinked(bridge) => session.bridge = Some(bridge.clone()),
        Event::BridgesRemoved(gone) => {
            session.bridge.take_if(|bridge| gone.contains(&bridge.id));
        }
        Event::MembersJoined(_)
        | Event::MembersLeft(_)
        | Event::MembersChanged(_)
        | Event::SettingsChanged
        | Event::PartyDeleted => return Some(Pace::AtOnce),
        Event::Signal(_)
        | Event::OtherMessage
        | Event::UnusableMessage
        | Event::PartyCreated
        | Event::Invited
        | Event::Unknown => return None,
    }
    Some(Pace::Soon)
}

/// Somebody who is known already keeps what they said since: a repeated event knows nothing of that.
fn join(session: &mut PartySession, member: &Member) {
    let members = &mut session.members;
    if members.len() < MAX_MEMBERS && members.iter().all(|known| known.account != member.account) {
        members.push(member.clone());
        members.sort_by_key(|member| member.join_order);
    }
}

fn change(session: &mut PartySession, changes: &[MemberChange]) -> Pace {
    let mut pace = Pace::Sometime;
    for change in changes {
        match session.members.iter_mut().find(|member| member.account == change.account) {
            Some(member) => {
                member.muted = change.muted.unwrap_or(member.muted);
                member.voice_off = change.voice_off.unwrap_or(member.voice_off);
                if let Some(connected_to) = &change.connected_to {
                    member.connected_to = Some(connected_to.clone());
                }
            }
            // Their joining was not heard of.
            None => pace = Pace::Soon,
        }
    }
    pace
}

/// Whether the event says that `account` is not in the party any more.
pub fn says_gone(event: &Event, account: AccountId) -> bool {
    matches!(event, Event::MembersLeft(gone) if gone.contains(&account))
}

/// Whether the event says that `account` has come in.
pub fn says_inside(event: &Event, account: AccountId) -> bool {
    matches!(event, Event::MembersJoined(fresh) if fresh.iter().any(|member| member.account == account))
}
