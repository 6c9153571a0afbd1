//! Dialogs over the window: starting a party, inviting, joining by link, whom to write to, asking twice. One at a time.
//! Main thread.

mod add_friend;
mod confirm;
mod find_friend;
mod invite;
mod limit;
mod link;
mod new_chat;
mod picker;
mod start_party;
mod unsent;

use egui::Context;

use self::picker::{Picker, Purpose};
pub use self::{
    confirm::{Deed, Question},
    unsent::Leaving,
};
use super::Cx;
use crate::{
    client::SignedIn,
    model::{AccountId, PartySession},
};

/// The open dialog and what is typed into it so far.
#[derive(Debug)]
pub enum Dialog {
    StartParty(start_party::Draft),
    Invite(Picker),
    /// How many the party may hold.
    Limit(u32),
    Link(link::Draft),
    Confirm(Question),
    /// Whom to write to.
    NewChat(Picker),
    AddFriend(add_friend::Draft),
    FindFriend(Picker),
    /// Messages would be lost.
    Unsent(Leaving),
}

impl Dialog {
    /// `invite` is who is ticked to begin with.
    pub fn start_party(invite: impl IntoIterator<Item = AccountId>) -> Self {
        Self::StartParty(start_party::Draft::new(invite))
    }

    /// The same, for the party one is in.
    pub fn invite(chosen: impl IntoIterator<Item = AccountId>) -> Self {
        Self::Invite(Picker::new(chosen))
    }

    pub fn limit(session: &PartySession) -> Self {
        Self::Limit(session.max_members)
    }

    pub fn link() -> Self {
        Self::Link(link::Draft::default())
    }

    pub fn add_friend() -> Self {
        Self::AddFriend(add_friend::Draft::default())
    }

    pub fn find_friend() -> Self {
        Self::FindFriend(Picker::new_for(Purpose::Meet))
    }

    pub fn new_chat() -> Self {
        Self::NewChat(Picker::new_for(Purpose::Write))
    }
}

/// Leaves at once where nothing is lost by it, and asks else.
pub fn leave(ctx: &Context, cx: &mut Cx<'_>, signed_in: &SignedIn, leaving: Leaving) {
    match signed_in.chats.unsent {
        0 => leaving.carry_out(ctx, cx),
        _ => cx.nav.dialog = Some(Dialog::Unsent(leaving)),
    }
}

pub fn show(ctx: &Context, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let leaves = matches!(cx.nav.dialog, Some(Dialog::Unsent(_)));
    if let Some(linked) = signed_in.linked.as_ref().filter(|_| !leaves) {
        return link::preview(ctx, cx, signed_in, linked);
    }
    let Some(mut dialog) = cx.nav.dialog.take() else { return };
    let close = match &mut dialog {
        Dialog::StartParty(draft) => start_party::show(ctx, cx, signed_in, draft),
        Dialog::Invite(guests) => invite::show(ctx, cx, signed_in, guests),
        Dialog::Limit(limit) => limit::show(ctx, cx, limit),
        Dialog::Link(draft) => link::paste(ctx, cx, draft),
        Dialog::Confirm(question) => confirm::show(ctx, cx, question),
        Dialog::AddFriend(draft) => add_friend::show(ctx, cx, signed_in, draft),
        Dialog::Unsent(leaving) => unsent::show(ctx, cx, signed_in, leaving),
        Dialog::FindFriend(people) => find_friend::show(ctx, cx, signed_in, people),
        Dialog::NewChat(people) => new_chat::show(ctx, cx, signed_in, people),
    };
    if !close {
        cx.nav.dialog = Some(dialog);
    }
}
