//! What going into another party means at this moment. Pure.

use crate::{
    client::PartyState,
    ui::{Cx, widgets::Button, wording::parties},
};

/// One way in at a time: while one is taken, the others wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entering {
    Freely,
    /// The current party is left first; in words.
    Leaving(String),
    NotNow,
}

impl Entering {
    pub fn now(cx: &Cx<'_>) -> Self {
        match cx.signed_in().map(|signed_in| &signed_in.party) {
            Some(PartyState::None) => Self::Freely,
            Some(PartyState::Joined(party)) => Self::Leaving(parties::leaves_first(&party.session)),
            Some(PartyState::Joining | PartyState::Leaving) | None => Self::NotNow,
        }
    }

    pub fn is_possible(&self) -> bool {
        *self != Self::NotNow
    }

    /// The button of a party that can be entered: leaving is neither a surprise nor the main thing to do.
    pub fn button(&self) -> Button<'static> {
        match self {
            Self::Leaving(_) => Button::ghost(self.label()),
            Self::Freely | Self::NotNow => Button::primary(self.label()),
        }
    }

    /// What that button says.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Leaving(_) => "Leave and join",
            Self::Freely | Self::NotNow => "Join",
        }
    }
}
