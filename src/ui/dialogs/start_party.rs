//! Starting a party: a name if one likes, who may enter, how many, whom to invite.

use egui::{Context, Ui};

use super::picker::{Picker, ROW_HEIGHT};
use crate::{
    client::{Command, SignedIn},
    model::{AccountId, PartySession, Privacy},
    ui::{
        Cx, theme,
        theme::palette,
        widgets::{self, Button, Pressed},
        wording,
    },
};

#[derive(Debug)]
pub struct Draft {
    name: String,
    privacy: Privacy,
    limit: u32,
    guests: Picker,
}

impl Draft {
    pub fn new(invite: impl IntoIterator<Item = AccountId>) -> Self {
        Self {
            name: String::new(),
            privacy: Privacy::default(),
            limit: PartySession::MAX_MEMBERS,
            guests: Picker::new(invite),
        }
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
        who_and_how_many(ui, draft);
        if draft.guests.has_people(signed_in) {
            ui.add_space(8.0);
            widgets::caps_heading(ui, "Invite");
            // What the rest of the dialog leaves, so that its buttons stay in the window.
            let height = (room - 386.0).clamp(ROW_HEIGHT * 1.5, 260.0);
            ui.scope(|ui| draft.guests.show(ui, signed_in, height, false, |_| None));
        }
        let invite = draft.guests.chosen(|_| None);
        if invite.len() >= draft.limit as usize {
            let text = format!("There are {} places, and one is yours.", draft.limit);
            widgets::paragraph(ui, text, theme::small(), palette(ui).warn);
        }
        let confirm = match invite.len() {
            0 => "Start a party".to_owned(),
            count => format!("Start and invite {count}"),
        };
        let pressed = widgets::dialog_buttons(ui, &confirm, true);
        match if enter { Some(Pressed::Confirm) } else { pressed } {
            Some(Pressed::Confirm) => {
                let name = draft.name.trim().to_owned();
                cx.send(Command::StartParty { name, privacy: draft.privacy, limit: draft.limit, invite });
                done = true;
            }
            Some(Pressed::Cancel) => done = true,
            None => {}
        }
    });
    close || done
}

fn who_and_how_many(ui: &mut Ui, draft: &mut Draft) {
    ui.horizontal_wrapped(|ui| {
        for privacy in [Privacy::InviteOnly, Privacy::FriendsCanJoin] {
            let button = Button::ghost(wording::privacy(privacy)).chosen(draft.privacy == privacy);
            if ui.add(button).clicked() {
                draft.privacy = privacy;
            }
        }
        let range = PartySession::MIN_LIMIT..=PartySession::MAX_MEMBERS;
        widgets::stepper(ui, "Limit", &mut draft.limit, range, wording::parties::places);
    });
}
