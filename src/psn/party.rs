//! Parties: `sessionManager/v2`.

use std::sync::atomic::Ordering;

use reqwest::Method;

use super::{
    Error, Psn,
    call::Call,
    wire::{
        self,
        custom_data::{Connections, VoiceState},
        party::{Invitations, Parties, Sessions},
        party_requests::{
            BulkGet, Create, Invite, InviteOne, Join, LinkBridge, NewMember, NewSession, PatchMe,
            PatchSession, To,
        },
    },
};
use crate::model::{
    AccountId, Bridge, Invitation, OnlineId, PartyLink, PartySession, Privacy, SessionId, Signal,
};

const ROOT: &str = "/sessionManager/v2";
const SESSION_IDS: &str = "X-PSN-SESSION-MANAGER-SESSION-IDS";
const PROFANITY_LANGUAGE: &str = "X-PSN-SESSION-MANAGER-SET-PROFANITY-FILTER-LANGUAGE-CODE";
const SHARE_ID: &str = "X-PSN-SESSION-MANAGER-CPSS-ID";
const IGNORE_CONFLICT: &str = "X-PSN-SESSION-MANAGER-IGNORE-CONFLICT";

/// One setting of a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartyChange {
    Name(String),
    Privacy(Privacy),
    /// How many may be in, 2–[`PartySession::MAX_MEMBERS`].
    Limit(u32),
}

impl Psn {
    /// Starts a party for at most `max_members` and enters it.
    pub async fn create_party(
        &self,
        name: &str,
        privacy: Privacy,
        max_members: u32,
    ) -> Result<SessionId, Error> {
        let me = NewMember::me(self.push_context, &VoiceState::default());
        let call = self
            .http
            .call("create party", Method::POST, &format!("{ROOT}/partySessions"))
            .header(PROFANITY_LANGUAGE, "en-US")
            .json(&Create { sessions: [NewSession::new(name, privacy, max_members, me)] });
        let created: Sessions = self.http.fetch(call).await?;
        let session = created.sessions.into_iter().next();
        session
            .map(|s| SessionId(s.session_id))
            .ok_or(Error::Incomplete { what: "create party", field: "sessionId" })
    }

    /// `link`: the one that led here; it may open what is closed otherwise.
    pub async fn join_party(&self, session: &SessionId, link: Option<&PartyLink>) -> Result<(), Error> {
        let me = NewMember::me(self.push_context, &VoiceState::default());
        let call = self.on_session("join party", Method::POST, session, "/members");
        let call = match link {
            Some(link) => call.header(SHARE_ID, link.id()),
            None => call,
        };
        self.http.send(call.json(&Join { members: [me] })).await.map(drop)
    }

    /// Leaves; the last to leave ends the party. Not being a member (any more) counts as success.
    pub async fn leave_party(&self, session: &SessionId) -> Result<(), Error> {
        let call =
            self.on_session("leave party", Method::DELETE, session, "/members/me").repeatable().on_reserve();
        match self.http.send(call).await {
            Err(error) if error.is_gone() => Ok(()),
            answer => answer.map(drop),
        }
    }

    pub async fn party(&self, session: &SessionId) -> Result<PartySession, Error> {
        let call = self
            .http
            .call("read party", Method::GET, &format!("{ROOT}/partySessions"))
            .query(&[("view", "v3")])
            .header(SESSION_IDS, session.as_str());
        let answer: Sessions = self.http.fetch(call).await?;
        let found = answer.sessions.into_iter().find(|s| s.session_id == session.as_str());
        found.map(PartySession::from).ok_or(Error::Refused { status: 404, code: None })
    }

    /// The parties the user is in or may see, and those `invited` to.
    pub async fn visible_parties(&self, invited: &[SessionId]) -> Result<Vec<PartySession>, Error> {
        let body = BulkGet { group_invited_party_sessions: invited.iter().map(|s| s.0.clone()).collect() };
        let call = self
            .http
            .call("list parties", Method::POST, &format!("{ROOT}/sys/gameBase/parties/bulkGet"))
            .query(&[("limit", "11")])
            .json(&body)
            .in_the_background()
            .repeatable();
        let answer: Parties = self.http.fetch(call).await?;
        Ok(answer.parties.into_iter().map(PartySession::from).collect())
    }

    pub async fn invitations(&self) -> Result<Vec<Invitation>, Error> {
        let path = format!("{ROOT}/users/me/partySessionsInvitations");
        let answer: Invitations =
            self.http.fetch(self.http.call("invitations", Method::GET, &path).in_the_background()).await?;
        let invitation = |wire: wire::party::Invitation| Invitation {
            session: SessionId(wire.session_id),
            from_account: wire.from.as_ref().map(|from| from.account_id),
            from: wire.from.and_then(|from| from.online_id).map(OnlineId),
            party_name: wire.session_name.unwrap_or_default(),
            members: Vec::new(),
        };
        Ok(answer.invitations.into_iter().map(invitation).collect())
    }

    /// Invites them all at once.
    pub async fn invite(&self, session: &SessionId, accounts: &[AccountId]) -> Result<(), Error> {
        let invitation = |account: &AccountId| InviteOne { to: To { account_id: *account } };
        let body = Invite {
            invitation_type: "NORMAL",
            invitations: accounts.iter().map(invitation).collect(),
            invitations_to_groups: [],
        };
        let call = self.on_session("invite", Method::POST, session, "/invitations").json(&body);
        self.http.send(call).await.map(drop)
    }

    pub async fn change_party(&self, session: &SessionId, change: &PartyChange) -> Result<(), Error> {
        let call = self.on_session("change party", Method::PATCH, session, "").repeatable();
        let call = match change {
            PartyChange::Name(name) => {
                call.header(PROFANITY_LANGUAGE, "en-US").json(&PatchSession::name(name))
            }
            PartyChange::Privacy(privacy) => call.json(&PatchSession::privacy(*privacy)),
            PartyChange::Limit(max_members) => call.json(&PatchSession::limit(*max_members)),
        };
        self.http.send(call).await.map(drop)
    }

    /// Removes somebody. Never captured **[?]**: a service that does not know the call refuses it. Somebody who is not in
    /// counts as success.
    pub async fn remove_member(&self, session: &SessionId, account: AccountId) -> Result<(), Error> {
        let rest = format!("/members/{account}");
        let call = self.on_session("remove member", Method::DELETE, session, &rest).repeatable();
        match self.http.send(call).await {
            Err(error) if error.is_gone() => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// Says something to the program of another member, which hears it as [`super::Event::Signal`].
    ///
    /// # Errors
    /// The service refuses what is not in our own name.
    pub async fn send_signal(&self, session: &SessionId, signal: &Signal) -> Result<(), Error> {
        let number = self.signals.fetch_add(1, Ordering::Relaxed) + 1;
        let body = wire::miranda::CustomMessage::new(signal, number);
        let call = self.on_session("signal", Method::POST, session, "/customMessage").json(&body);
        self.http.send(call).await.map(drop)
    }

    /// Tells the others whom we hear and whether we are muted.
    pub async fn announce_voice(
        &self,
        session: &SessionId,
        connected_to: &[AccountId],
        muted: bool,
    ) -> Result<(), Error> {
        let body = PatchMe {
            custom_data3: Some(Connections::new(session, connected_to).encode()),
            custom_data4: Some(VoiceState::default().with_muted(muted).encode()),
        };
        let call = self.on_session("announce voice", Method::PATCH, session, "/members/me");
        self.http.send(call.json(&body).repeatable()).await.map(drop)
    }

    pub async fn link_bridge(&self, session: &SessionId, bridge: &Bridge) -> Result<(), Error> {
        let wire =
            wire::party::Bridge { bridge_id: bridge.id.0.clone(), bridge_token: bridge.token.0.clone() };
        let call = self
            .on_session("link bridge", Method::POST, session, "/bridges")
            .header(IGNORE_CONFLICT, "true")
            .json(&LinkBridge { bridges: [wire] });
        self.http.send(call).await.map(drop)
    }

    fn on_session(&self, what: &'static str, method: Method, session: &SessionId, rest: &str) -> Call {
        let path = format!("{ROOT}/partySessions/{session}{rest}");
        self.http.call(what, method, &path).header(SESSION_IDS, session.as_str())
    }
}
