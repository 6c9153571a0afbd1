//! What people write to each other: the threads of `gamingLoungeGroups/v1`.

use reqwest::Method;

use super::{
    Error, Psn,
    groups::ROOT,
    wire::messages::{self, Message, Messages, NewMessage, NewReaction, Typing, in_order},
};
use crate::model::{GroupId, MessagePage, MessageRange, MessageUid, SentMessage, ThreadId};

/// Messages of one reading; an answer with many more is cut.
const PAGE: usize = 20;
const MAX_ANSWERED: usize = 200;

impl Psn {
    /// Some messages of a thread, oldest first.
    pub async fn messages(
        &self,
        group: &GroupId,
        thread: &ThreadId,
        range: &MessageRange,
    ) -> Result<MessagePage, Error> {
        let path = format!("{ROOT}/members/me{}/messages", thread_path(group, thread));
        let call = self.on_groups("messages", Method::GET, &path).query(&[("limit", &PAGE.to_string())]);
        let call = match range {
            MessageRange::Latest => call,
            MessageRange::Before(uid) => call.query(&[("before", uid.as_str())]),
            MessageRange::After(uid) => call.query(&[("after", uid.as_str())]),
        };
        let answer: Messages = self.http.fetch(call).await?;
        let messages = answer.messages.into_iter().take(MAX_ANSWERED);
        let messages = in_order(messages.filter_map(Message::into_model).collect());
        let reached_end = answer.reached_end_of_page.unwrap_or(messages.is_empty());
        Ok(MessagePage { messages, reached_end })
    }

    /// Sends a text. Never sent twice by itself: a failure may mean that only the answer was lost.
    pub async fn send_message(
        &self,
        group: &GroupId,
        thread: &ThreadId,
        text: &str,
    ) -> Result<SentMessage, Error> {
        let path = format!("{ROOT}{}/messages", thread_path(group, thread));
        let call = self.on_groups("send message", Method::POST, &path).json(&NewMessage::text(text));
        let sent: messages::SentMessage = self.http.fetch(call).await?;
        Ok(sent.into())
    }

    /// Tells the others that one is writing.
    pub async fn typing(&self, group: &GroupId) -> Result<(), Error> {
        let path = format!("{ROOT}/groups/{}/typing", group.as_str());
        self.http
            .send(self.on_groups("typing", Method::POST, &path).json(&Typing {}).in_the_background())
            .await
            .map(drop)
    }

    /// Answers a message without words. What the request says is not known **[?]**.
    pub async fn react(
        &self,
        group: &GroupId,
        thread: &ThreadId,
        message: &MessageUid,
        reaction: &str,
    ) -> Result<(), Error> {
        let path = format!("{ROOT}{}/reactions", thread_path(group, thread));
        let body = NewReaction { message_uid: message.as_str(), reaction };
        self.http.send(self.on_groups("react", Method::POST, &path).json(&body)).await.map(drop)
    }
}

fn thread_path(group: &GroupId, thread: &ThreadId) -> String {
    format!("/groups/{}/threads/{}", group.as_str(), thread.as_str())
}
