//! What to do next, from what is true now. Pure.

use super::{Destination, Options};
use crate::{
    client::{Command, PartyState, Place, Screen, SignedIn, Snapshot, Stay},
    model::{OnlineId, PartySession, Privacy},
};

/// The way of one run.
pub struct Script {
    destination: Destination,
    /// Still to be invited.
    invite: Vec<OnlineId>,
    stage: Stage,
}

#[derive(PartialEq, Eq)]
enum Stage {
    SigningIn,
    SignedIn,
    /// Asked to enter; the client may not have heard it yet.
    Asked,
    Entered,
}

pub enum Step {
    Send(Vec<Command>),
    /// For good, and why.
    Stop(&'static str),
}

impl Script {
    pub fn new(options: &Options) -> Self {
        let destination = options.destination();
        Self { destination, invite: options.invite.clone(), stage: Stage::SigningIn }
    }

    pub fn is_signing_in(&self) -> bool {
        self.stage == Stage::SigningIn
    }

    pub fn has_entered(&self) -> bool {
        self.stage == Stage::Entered
    }

    pub fn next(&mut self, snapshot: &Snapshot) -> Step {
        let signed_in = match &snapshot.screen {
            Screen::SignedIn(signed_in) if signed_in.stay == Stay::Ended => {
                return Step::Stop("The sign-in has ended.");
            }
            Screen::SignedIn(signed_in) => signed_in,
            Screen::SignedOut if self.stage != Stage::SigningIn => {
                return Step::Stop("The sign-in has ended.");
            }
            Screen::SignedOut if !snapshot.problems.is_empty() => return Step::Stop("The sign-in failed."),
            Screen::Starting { .. } | Screen::SignedOut | Screen::SigningIn(_) => {
                return Step::Send(Vec::new());
            }
        };
        if self.stage == Stage::SigningIn {
            self.stage = Stage::SignedIn;
        }
        match (&self.stage, &signed_in.party) {
            (Stage::SignedIn, PartyState::None) => self.enter(signed_in),
            (Stage::Asked, PartyState::None) if was_refused(snapshot) => {
                Step::Stop("The party could not be entered.")
            }
            (Stage::Entered, PartyState::None) => Step::Stop("The party is over."),
            (_, PartyState::Joined(_)) => {
                self.stage = Stage::Entered;
                Step::Send(self.invitations(signed_in))
            }
            _ => Step::Send(Vec::new()),
        }
    }

    fn enter(&mut self, signed_in: &SignedIn) -> Step {
        let command = match &self.destination {
            Destination::New { name } => {
                let limit = PartySession::MAX_MEMBERS;
                let (name, privacy) = (name.clone(), Privacy::InviteOnly);
                Command::StartParty { name, privacy, limit, invite: Vec::new() }
            }
            Destination::Session(session) => Command::JoinParty(session.clone()),
            Destination::Link(link) => Command::JoinByLink(link.clone()),
            Destination::Invitation => match signed_in.invitations.first() {
                Some(invitation) => Command::JoinParty(invitation.session.clone()),
                None => return Step::Send(Vec::new()),
            },
        };
        self.stage = Stage::Asked;
        Step::Send(vec![command])
    }

    /// Whoever is not among the friends yet stays on the list: they may be later.
    fn invitations(&mut self, signed_in: &SignedIn) -> Vec<Command> {
        let Some(friends) = &signed_in.friends.value else { return Vec::new() };
        let mut found = Vec::new();
        self.invite.retain(|name| {
            let named = |f: &&crate::model::Friend| f.profile.online_id.0.eq_ignore_ascii_case(&name.0);
            let friend = friends.iter().find(named);
            found.extend(friend.map(|friend| friend.profile.account));
            friend.is_none()
        });
        if found.is_empty() { Vec::new() } else { vec![Command::Invite(found)] }
    }
}

fn was_refused(snapshot: &Snapshot) -> bool {
    snapshot.problems.iter().any(|problem| problem.place == Place::Parties)
}
