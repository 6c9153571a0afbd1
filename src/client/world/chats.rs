//! Reading and writing messages, and notifications.

use super::World;
use crate::{
    client::{
        failure::{Failure, chain},
        input::{ChatsEffect, ChatsInput, Input, Undone},
    },
    psn::Error,
};

impl World {
    pub(super) fn about_chats(&self, effect: ChatsEffect) {
        match effect {
            ChatsEffect::ReadGroups { attempt } => self.ask(async move |psn| {
                let result = psn.groups().await.map_err(Failure::from);
                Input::Chats(ChatsInput::Groups { attempt, result })
            }),
            ChatsEffect::ReadGroup { attempt, group } => self.ask(async move |psn| {
                let result = psn.group(&group).await.map(Box::new).map_err(Failure::of_chat_itself);
                Input::Chats(ChatsInput::Group { attempt, group, result })
            }),
            ChatsEffect::ReadMessages { attempt, group, thread, range } => self.ask(async move |psn| {
                let result = psn.messages(&group, &thread, &range).await.map_err(Failure::of_chat);
                Input::Chats(ChatsInput::Messages { attempt, group, range, result })
            }),
            ChatsEffect::MakeGroup { attempt, people } => self.ask(async move |psn| {
                let result = psn.create_group(&people).await.map_err(undone);
                Input::Chats(ChatsInput::GroupMade { attempt, result })
            }),
            ChatsEffect::Send { message, group, thread, text } => self.ask(async move |psn| {
                let result = psn.send_message(&group, &thread, text.as_str()).await.map_err(undone);
                Input::Chats(ChatsInput::Sent { message, group, result })
            }),
            ChatsEffect::TellWriting { group } => self.in_account(async move |psn| {
                if let Err(error) = psn.typing(&group).await {
                    tracing::debug!(error = chain(&error), "nobody was told of the writing");
                }
            }),
            ChatsEffect::React { group, thread, message, reaction } => self.ask(async move |psn| {
                let result = psn.react(&group, &thread, &message, &reaction).await.map_err(Failure::of_chat);
                Input::Chats(ChatsInput::Reacted { group, message, result })
            }),
            ChatsEffect::ReadNotifications { attempt } => self.ask(async move |psn| {
                let result = psn.notifications(None).await.map_err(Failure::from);
                Input::Chats(ChatsInput::Notifications { attempt, result })
            }),
            ChatsEffect::MarkRead { notifications } => self.ask(async move |psn| {
                let result = psn.mark_read(&notifications).await.map_err(Failure::from);
                Input::Chats(ChatsInput::MarkedRead { notifications, result })
            }),
        }
    }
}

fn undone(error: Error) -> Undone {
    let may_be_done = error.may_be_done();
    let may_pass = matches!(
        error,
        Error::Unreachable(_) | Error::RateLimited { .. } | Error::Blocked | Error::SignInEnded
    );
    let failure = Failure::of_chat(error);
    match (may_be_done, may_pass) {
        (true, _) => Undone::Perhaps(failure),
        (false, true) => Undone::NotNow(failure),
        (false, false) => Undone::Refused(failure),
    }
}
