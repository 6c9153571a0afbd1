//! What members of a party send to somebody: invitations, and voice signalling among themselves.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    session::Party,
    values::{Denied, Invitation, Person},
};
use crate::sandbox::{direct::Frame, people::AccountId, push::Event};

/// Messages that a member may send within a while; a party of sixteen takes some forty to connect everybody anew.
const MOST_MESSAGES: u32 = 200;
const WHILE_MILLIS: u64 = 10_000;

/// How many messages a member sent of late.
#[derive(Default)]
pub(super) struct Messages {
    since_millis: u64,
    sent: u32,
}

impl Messages {
    /// Counts one more, unless it is too many.
    fn admit(&mut self, now_millis: u64) -> bool {
        if now_millis.saturating_sub(self.since_millis) >= WHILE_MILLIS {
            *self = Self { since_millis: now_millis, sent: 0 };
        }
        self.sent += 1;
        self.sent <= MOST_MESSAGES
    }
}

impl Party {
    /// Who is here already is skipped; who was invited before is told again.
    pub fn invite(
        &mut self,
        by: &Person,
        to: &[AccountId],
        now_millis: u64,
    ) -> Result<(Vec<Value>, Vec<Event>), Denied> {
        self.require_member(by.account)?;
        let mut answers = Vec::new();
        let mut events = Vec::new();
        for &account in to {
            if self.member(account).is_some() {
                continue;
            }
            let invitation = Invitation { id: Uuid::new_v4(), from: by.clone(), sent_millis: now_millis };
            let told = json!({
                "invitationId": invitation.id,
                "invitationType": "NORMAL",
                "to": { "accountId": account.to_string() },
            });
            answers.push(told.clone());
            let from = self.members[self.seat(by.account)?].address();
            let data = json!({ "invitations": [told] });
            let data_type = "psn:sessionManager:sys:v2:ps:invitations:created";
            events.push(self.event_from(data_type, from, vec![account], data));
            self.invited.insert(account, invitation);
        }
        Ok((answers, events))
    }

    /// Without `to`, everybody else hears it.
    pub fn message(
        &mut self,
        by: &Person,
        channel: &str,
        payload: &str,
        to: Option<Vec<AccountId>>,
        now_millis: u64,
    ) -> Result<Vec<Event>, Denied> {
        let seat = self.seat(by.account)?;
        if !Frame::decode(payload).is_some_and(|frame| frame.is_from(by.account, by.platform)) {
            return Err(Denied::NotUnderstood);
        }
        let to = to.unwrap_or_else(|| self.others(by.account));
        if to.iter().any(|account| self.member(*account).is_none()) {
            return Err(Denied::BadValue("to"));
        }
        if !self.members[seat].messages.admit(now_millis) {
            return Err(Denied::TooFast);
        }
        let data = json!({ "customMessage": { "channel": channel, "payload": payload } });
        let data_type = "psn:sessionManager:sys:v2:ps:customMessage:noSeq:created";
        Ok(vec![self.event_from(data_type, self.members[seat].address(), to, data)])
    }
}
