//! Asking somebody to be a friend, by their exact online id.

use egui::Context;

use crate::{
    client::{Command, SignedIn},
    model::OnlineId,
    ui::{
        Cx, problems, theme,
        theme::palette,
        widgets::{self, Pressed},
    },
};

#[derive(Debug, Default)]
pub struct Draft {
    name: String,
    /// How many had been asked by name when somebody was asked from here.
    asked: Option<u32>,
}

/// Returns whether the dialog is over: the service said yes. What goes wrong is said here, and the name can be corrected.
pub fn show(ctx: &Context, cx: &mut Cx<'_>, signed_in: &SignedIn, draft: &mut Draft) -> bool {
    let people = &signed_in.people;
    if draft.asked.is_some_and(|before| before != people.asked_by_name) {
        return true;
    }
    let mut done = false;
    let close = widgets::dialog(ctx, "Add a friend", |ui| {
        problems::show(ui, cx, problems::Spot::People);
        let field = widgets::text_field(ui, &mut draft.name, "Online id", "Their online id");
        widgets::focus_first(ui, &field);
        let enter = widgets::entered(ui, &field);
        let text = "Exactly as they write it. They get a request, and are your friend once they accept.";
        widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
        let name = draft.name.trim();
        let ready = !name.is_empty() && !people.asking;
        let label = if people.asking { "Asking…" } else { "Send a request" };
        match widgets::dialog_buttons(ui, label, ready) {
            Some(Pressed::Cancel) => done = true,
            pressed if ready && (enter || pressed.is_some()) => {
                cx.send(Command::AskFriend(OnlineId::from(name)));
                draft.asked = Some(people.asked_by_name);
            }
            _ => {}
        }
    });
    close || done
}
