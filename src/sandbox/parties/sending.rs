//! What members of a party send to somebody: invitations, and voice signalling among themselves.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    custom,
    session::Party,
    values::{Denied, Invitation, Person},
};
use crate::sandbox::{people::AccountId, push::Event};

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
    pub(super) fn message(
        &self,
        by: &Person,
        channel: &str,
        payload: &str,
        to: Option<Vec<AccountId>>,
    ) -> Result<Vec<Event>, Denied> {
        let seat = self.seat(by.account)?;
        if !custom::is_message_of(payload, by.account) {
            return Err(Denied::BadValue("payload"));
        }
        let to = to.unwrap_or_else(|| self.others(by.account));
        if to.iter().any(|account| self.member(*account).is_none()) {
            return Err(Denied::BadValue("to"));
        }
        let data = json!({ "customMessage": { "channel": channel, "payload": payload } });
        let data_type = "psn:sessionManager:sys:v2:ps:customMessage:noSeq:created";
        Ok(vec![self.event_from(data_type, self.members[seat].address(), to, data)])
    }
}
