//! What being in a party with somebody takes at this moment. Pure.

use crate::{
    client::{Command, PartyState, SignedIn},
    model::AccountId,
    ui::{Cx, dialogs::Dialog},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together {
    /// They are in the user's party.
    Here,
    Invited,
    Invite,
    Start,
    /// One party is being entered or left.
    NotNow,
}

impl Together {
    pub fn with(signed_in: &SignedIn, account: AccountId) -> Self {
        match &signed_in.party {
            PartyState::None => Self::Start,
            PartyState::Joining | PartyState::Leaving => Self::NotNow,
            PartyState::Joined(party) if party.session.members.iter().any(|m| m.account == account) => {
                Self::Here
            }
            PartyState::Joined(party) if party.invited.contains(&account) => Self::Invited,
            PartyState::Joined(_) => Self::Invite,
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Here => "Show the party",
            Self::Invited => "Invited",
            Self::Invite => "Invite to the party",
            Self::Start | Self::NotNow => "Start a party together",
        }
    }

    pub fn is_possible(self) -> bool {
        match self {
            Self::Here | Self::Invite | Self::Start => true,
            Self::Invited | Self::NotNow => false,
        }
    }

    pub fn carry_out(self, cx: &mut Cx<'_>, account: AccountId) {
        match self {
            Self::Here => cx.nav.page = crate::ui::Page::Party,
            Self::Invite => cx.send(Command::Invite(vec![account])),
            Self::Start => cx.nav.dialog = Some(Dialog::start_party([account])),
            Self::Invited | Self::NotNow => {}
        }
    }
}
