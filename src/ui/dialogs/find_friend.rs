//! Looking for a friend where the list has no search: faces alone, in a narrow window.

use egui::Context;

use super::picker::Picker;
use crate::{
    client::{Command, SignedIn},
    ui::{Cx, widgets},
};

/// Returns whether the dialog is over.
pub fn show(ctx: &Context, cx: &Cx<'_>, signed_in: &SignedIn, people: &mut Picker) -> bool {
    let close = widgets::dialog(ctx, "Find a friend", |ui| {
        let height = (ui.ctx().content_rect().height() - 200.0).clamp(60.0, 380.0);
        ui.scope(|ui| people.show(ui, signed_in, height, true, |_| None));
    });
    let met = people.chosen(|_| None).first().copied();
    if let Some(account) = met {
        cx.send(Command::OpenCard(account));
    }
    close || met.is_some()
}
