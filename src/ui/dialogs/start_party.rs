//! Starting a party: a name if one likes, who may enter, whom to invite.

use std::collections::HashSet;

use egui::{Align2, Context, ScrollArea, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, vec2};

use crate::{
    client::{Command, SignedIn},
    model::{AccountId, Friend, PartySession, Privacy},
    ui::{
        Cx,
        display::one_line,
        friends, theme,
        theme::palette,
        widgets::{self, Avatar, Badge, Button, Pressed},
        wording,
    },
};

pub(super) const ROW_HEIGHT: f32 = 44.0;

#[derive(Debug, Default)]
pub struct Draft {
    name: String,
    privacy: Privacy,
    search: String,
    invite: HashSet<AccountId>,
}

impl Draft {
    pub fn new(invite: impl IntoIterator<Item = AccountId>) -> Self {
        Self { invite: invite.into_iter().collect(), ..Self::default() }
    }
}

/// Returns whether the dialog is over.
pub fn show(ctx: &Context, cx: &Cx<'_>, signed_in: &SignedIn, draft: &mut Draft) -> bool {
    let mut done = false;
    let close = widgets::dialog(ctx, "Start a party", |ui| {
        let room = ui.ctx().content_rect().height();
        let field = widgets::text_field(ui, &mut draft.name, "Name of the party", "Name, if you like");
        widgets::focus_first(ui, &field);
        let enter = widgets::entered(ui, &field);
        ui.horizontal_wrapped(|ui| {
            for privacy in [Privacy::InviteOnly, Privacy::FriendsCanJoin] {
                let button = Button::ghost(wording::privacy(privacy)).chosen(draft.privacy == privacy);
                if ui.add(button).clicked() {
                    draft.privacy = privacy;
                }
            }
        });
        let friends = signed_in.friends.items();
        if !friends.is_empty() {
            ui.add_space(8.0);
            widgets::caps_heading(ui, "Invite");
            widgets::search_field(ui, &mut draft.search, "Search friends to invite");
            // What the rest of the dialog leaves, so that its buttons stay in the window.
            let height = (room - 386.0).clamp(ROW_HEIGHT * 1.5, 260.0);
            // As high as the whole list: searching must not move the dialog.
            let height = height.min(friends.len() as f32 * ROW_HEIGHT);
            ScrollArea::vertical().max_height(height).auto_shrink(false).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for index in friends::sorted(friends) {
                    let friend = friends.get(index).filter(|f| friends::matches(f, &draft.search));
                    if let Some(friend) = friend {
                        ui.push_id(friend.profile.account, |ui| pick(ui, friend, &mut draft.invite));
                    }
                }
            });
        }
        let confirm = match draft.invite.len() {
            0 => "Start a party".to_owned(),
            count => format!("Start and invite {count}"),
        };
        let pressed = widgets::dialog_buttons(ui, &confirm, true);
        match if enter { Some(Pressed::Confirm) } else { pressed } {
            Some(Pressed::Confirm) => {
                let mut invite: Vec<AccountId> = draft.invite.iter().copied().collect();
                invite.sort_unstable();
                let name = draft.name.trim().to_owned();
                cx.send(Command::StartParty {
                    name,
                    privacy: draft.privacy,
                    limit: PartySession::MAX_MEMBERS,
                    invite,
                });
                done = true;
            }
            Some(Pressed::Cancel) => done = true,
            None => {}
        }
    });
    close || done
}

/// A friend with a tick.
pub(super) fn pick(ui: &mut Ui, friend: &Friend, invite: &mut HashSet<AccountId>) {
    let account = friend.profile.account;
    let ticked = invite.contains(&account);
    let name = one_line(friend.profile.online_id.as_str());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, ticked, &name));
    if response.clicked() && !invite.remove(&account) {
        invite.insert(account);
    }
    widgets::scroll_to_focus(&response);
    if !ui.is_rect_visible(rect) {
        return;
    }
    let colours = palette(ui);
    let behind = if response.hovered() { colours.hover } else { colours.panel };
    ui.painter().rect_filled(rect, 6.0, behind);
    widgets::focus_ring(ui, &response, rect.shrink(3.0), 4.0);
    let online = friends::is_online(friend);
    let badge = if online { Badge::Online } else { Badge::Offline };
    let center = rect.left_center() + vec2(24.0, 0.0);
    Avatar::new(account, &name, 32.0).badge(badge).faded(!online).paint(ui, center, behind);
    let at = rect.left_center() + vec2(52.0, 0.0);
    let color = if online { colours.text } else { colours.dim };
    let (_, cut) = widgets::paint_line(
        ui.painter(),
        at,
        Align2::LEFT_CENTER,
        &name,
        theme::body(),
        color,
        rect.width() - 96.0,
    );
    let tick = Align2::CENTER_CENTER.anchor_size(rect.right_center() - vec2(24.0, 0.0), Vec2::splat(20.0));
    widgets::tick(ui, tick, ticked);
    if cut {
        response.on_hover_text(name);
    }
}
