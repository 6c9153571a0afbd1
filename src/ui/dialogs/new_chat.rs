//! Choosing whom to write to.

use egui::Context;

use super::picker::Picker;
use crate::{
    client::{Command, SignedIn},
    ui::{
        Cx, names,
        widgets::{self, Pressed},
        wording,
    },
};

/// Returns whether the dialog is over.
pub fn show(ctx: &Context, cx: &Cx<'_>, signed_in: &SignedIn, people: &mut Picker) -> bool {
    let mut done = false;
    let close = widgets::dialog(ctx, "New conversation", |ui| {
        let height = (ui.ctx().content_rect().height() - 250.0).clamp(60.0, 380.0);
        ui.scope(|ui| people.show(ui, signed_in, height, true, |_| None));
        let chosen = people.chosen(|_| None);
        let confirm = match chosen.as_slice() {
            [] => "Write".to_owned(),
            [one] => {
                let name = names::known(signed_in, *one).map_or("them", |name| name.as_str());
                format!("Write to {}", wording::names([name]))
            }
            several => format!("Write to {} people", several.len()),
        };
        match widgets::dialog_buttons(ui, &confirm, !chosen.is_empty()) {
            Some(Pressed::Confirm) => {
                cx.send(Command::OpenChatWith(chosen));
                done = true;
            }
            Some(Pressed::Cancel) => done = true,
            None => {}
        }
    });
    close || done
}
