//! The members side by side, those who were asked, and a place for one more.

use egui::{Rect, Sense, Ui, vec2};

use super::{cards, menu, voice::Voice};
use crate::{
    client::{Party, SignedIn},
    model::AccountId,
    ui::{Cx, display::one_line, names},
};

const CARD_HEIGHT: f32 = 92.0;
const CARD_WIDTH: f32 = 220.0;
const GAP: f32 = 14.0;

/// Returns whether the free place was pressed.
pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, party: &Party) -> bool {
    let width = ui.available_width();
    let columns = (((width + GAP) / (CARD_WIDTH + GAP)) as usize).max(1);
    let card = vec2((width - GAP * (columns - 1) as f32) / columns as f32, CARD_HEIGHT);
    let members = &party.session.members;
    let invited: Vec<AccountId> = not_here_yet(party).collect();
    let room = members.len() < party.session.max_members as usize;
    let places = members.len() + invited.len() + usize::from(room);
    let rows = places.div_ceil(columns);
    let height = rows as f32 * (CARD_HEIGHT + GAP) - GAP;
    let (rect, _) = ui.allocate_exact_size(vec2(width, height.max(0.0)), Sense::hover());
    let place = |index: usize| {
        let (column, row) = (index % columns, index / columns);
        let offset = vec2(column as f32 * (card.x + GAP), row as f32 * (CARD_HEIGHT + GAP));
        Rect::from_min_size(rect.min + offset, card)
    };

    for (index, member) in members.iter().enumerate() {
        let me = member.account == signed_in.me.account;
        let voice = Voice::of(cx, party, member, me);
        let response = cards::member(ui, place(index), member, party, &voice, me);
        if !me {
            menu::show(&response, cx, signed_in, party, member);
        }
    }
    for (index, account) in invited.iter().enumerate() {
        let rect = place(members.len() + index);
        if ui.is_rect_visible(rect) {
            let name = names::known(signed_in, *account);
            let name = name.map_or("Somebody".to_owned(), |name| one_line(name.as_str()));
            cards::invited(ui, rect, *account, &name);
        }
    }
    room && cards::free_place(ui, place(members.len() + invited.len()))
}

fn not_here_yet(party: &Party) -> impl Iterator<Item = AccountId> {
    let here = |account: &AccountId| party.session.members.iter().any(|member| member.account == *account);
    party.invited.iter().copied().filter(move |account| !here(account))
}
