//! Asking before messages that were not sent are lost: they live as long as their account is in use.

use egui::{Context, ViewportCommand};

use crate::{
    client::{Command, SignedIn},
    model::AccountSlot,
    ui::{
        Cx, theme,
        theme::palette,
        widgets::{self, Button, Pressed},
    },
};

/// What ends the use of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaving {
    Quit,
    SignOut,
    Switch(AccountSlot),
}

impl Leaving {
    fn button(&self) -> &'static str {
        match self {
            Self::Quit => "Quit anyway",
            Self::SignOut => "Sign out anyway",
            Self::Switch(_) => "Switch anyway",
        }
    }

    pub fn carry_out(&self, ctx: &Context, cx: &mut Cx<'_>) {
        match self {
            Self::Quit => {
                cx.nav.quits = true;
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
            Self::SignOut => cx.send(Command::SignOut),
            Self::Switch(slot) => cx.send(Command::SwitchAccount(slot.clone())),
        }
    }
}

/// Returns whether the dialog is over.
pub fn show(ctx: &Context, cx: &mut Cx<'_>, signed_in: &SignedIn, leaving: &Leaving) -> bool {
    let heading = match signed_in.chats.unsent {
        // They went out meanwhile.
        0 => "Every message was sent".to_owned(),
        1 => "1 message was not sent".to_owned(),
        several => format!("{several} messages were not sent"),
    };
    let mut pressed = None;
    let close = widgets::dialog_of(ctx, "unsent", &heading, |ui| {
        let text =
            "What was not sent is lost. Stay, and Partyline goes on trying; what failed can be sent again.";
        widgets::paragraph(ui, text, theme::body(), palette(ui).dim);
        pressed = widgets::dialog_choice(ui, Button::danger(leaving.button()), "Stay");
    });
    if pressed == Some(Pressed::Confirm) {
        leaving.carry_out(ctx, cx);
    }
    close || pressed.is_some()
}
