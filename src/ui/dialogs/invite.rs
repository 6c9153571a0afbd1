//! Inviting friends into the party one is in.

use egui::{Align, Context, Layout, ScrollArea, Sense, Ui, vec2};

use crate::{
    client::{Command, Party, SignedIn},
    model::Friend,
    ui::{
        Cx,
        display::one_line,
        friends, theme,
        theme::palette,
        widgets::{self, Avatar, Badge, Button},
    },
};

#[derive(Debug, Default)]
pub struct Draft {
    search: String,
}

/// Returns whether the dialog is over.
pub fn show(ctx: &Context, cx: &Cx<'_>, signed_in: &SignedIn, draft: &mut Draft) -> bool {
    let Some(party) = cx.party() else { return true };
    let mut done = false;
    let close = widgets::dialog(ctx, "Invite friends", |ui| {
        let height = (ui.ctx().content_rect().height() - 226.0).clamp(60.0, 380.0);
        let field = widgets::search_field(ui, &mut draft.search, "Search friends to invite");
        widgets::focus_first(ui, &field);
        let friends = signed_in.friends.items();
        // As high as the whole list: searching must not move the dialog.
        let height = height.min(friends.len().max(1) as f32 * ROW_HEIGHT);
        ScrollArea::vertical().max_height(height).auto_shrink(false).show(ui, |ui| {
            let mut found = false;
            for index in friends::sorted(friends) {
                let friend = friends.get(index).filter(|f| friends::matches(f, &draft.search));
                if let Some(friend) = friend {
                    found = true;
                    ui.push_id(friend.profile.account, |ui| row(ui, cx, party, friend));
                }
            }
            if !found {
                let text = if friends.is_empty() {
                    "Your friends appear here once you have some."
                } else {
                    "No friend has a name like that."
                };
                widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
            }
        });
        ui.add_space(8.0);
        let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            done = ui.add(Button::ghost("Done")).clicked();
        });
    });
    close || done
}

/// With the space below it.
const ROW_HEIGHT: f32 = theme::CONTROL_HEIGHT + 8.0;

fn row(ui: &mut Ui, cx: &Cx<'_>, party: &Party, friend: &Friend) {
    let colours = palette(ui);
    let account = friend.profile.account;
    let name = one_line(friend.profile.online_id.as_str());
    let online = friends::is_online(friend);
    let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.add_space(8.0);
        let here = party.session.members.iter().any(|member| member.account == account);
        if here || party.invited.contains(&account) {
            widgets::text(ui, if here { "In the party" } else { "Invited" }, theme::small(), colours.dim);
        } else {
            let spoken = format!("Invite {name}");
            if ui.add(Button::ghost("Invite").name(&spoken)).clicked() {
                cx.send(Command::Invite(vec![account]));
            }
        }
        ui.add_space(8.0);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let (face, _) = ui.allocate_exact_size(vec2(40.0, 40.0), Sense::hover());
            let badge = if online { Badge::Online } else { Badge::Offline };
            let center = face.left_center() + vec2(17.0, 0.0);
            Avatar::new(account, &name, 32.0).badge(badge).faded(!online).paint(ui, center, colours.panel);
            let color = if online { colours.text } else { colours.dim };
            widgets::line(ui, name.as_str(), theme::body(), color);
        });
    });
}
