//! Choosing whom to write to.

use std::collections::HashSet;

use egui::{Context, ScrollArea};

use super::start_party::{ROW_HEIGHT, pick};
use crate::{
    client::{Command, SignedIn},
    model::AccountId,
    ui::{
        Cx,
        display::one_line,
        friends, theme,
        theme::palette,
        widgets::{self, Pressed},
    },
};

#[derive(Debug, Default)]
pub struct Draft {
    search: String,
    with: HashSet<AccountId>,
}

/// Returns whether the dialog is over.
pub fn show(ctx: &Context, cx: &Cx<'_>, signed_in: &SignedIn, draft: &mut Draft) -> bool {
    let mut done = false;
    let close = widgets::dialog(ctx, "New conversation", |ui| {
        let field = widgets::search_field(ui, &mut draft.search, "Search friends to write to");
        widgets::focus_first(ui, &field);
        let friends = signed_in.friends.items();
        let room = (ui.ctx().content_rect().height() - 272.0).clamp(ROW_HEIGHT * 1.5, 380.0);
        // As high as the whole list: searching must not move the dialog.
        let height = room.min(friends.len().max(1) as f32 * ROW_HEIGHT);
        ScrollArea::vertical().max_height(height).auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let mut found = false;
            for index in friends::sorted(friends) {
                let friend = friends.get(index).filter(|f| friends::matches(f, &draft.search));
                if let Some(friend) = friend {
                    found = true;
                    ui.push_id(friend.profile.account, |ui| pick(ui, friend, &mut draft.with));
                }
            }
            if !found {
                let text = match friends.is_empty() {
                    true => "Your friends appear here once you have some.",
                    false => "No friend has a name like that.",
                };
                widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
            }
        });
        let mut with: Vec<AccountId> = draft.with.iter().copied().collect();
        with.sort_unstable();
        let confirm = match with.as_slice() {
            [] => "Write".to_owned(),
            [one] => {
                let friend = friends.iter().find(|friend| friend.profile.account == *one);
                let name = friend.map_or_else(String::new, |f| one_line(f.profile.online_id.as_str()));
                format!("Write to {}", name.chars().take(24).collect::<String>())
            }
            several => format!("Write to {}", several.len()),
        };
        match widgets::dialog_buttons(ui, &confirm, !with.is_empty()) {
            Some(Pressed::Confirm) => {
                cx.send(Command::OpenChatWith(with));
                done = true;
            }
            Some(Pressed::Cancel) => done = true,
            None => {}
        }
    });
    close || done
}
