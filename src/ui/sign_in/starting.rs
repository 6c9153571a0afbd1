//! Coming back by what was kept: calm, and with a way out where that does not work now.

use std::time::Duration;

use egui::Ui;

use crate::{
    client::Command,
    model::OnlineId,
    ui::{
        Cx,
        display::one_line,
        problems, theme,
        theme::palette,
        widgets::{self, Button},
    },
};

/// Shorter waits need no sign that one waits.
const UNNOTICED_SECONDS: f64 = 0.3;

/// Since when the screen is there, in the window's seconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Since(Option<f64>);

impl Since {
    /// Whether it takes long enough to say so; asks for the frame in which it will.
    fn is_noticed(&mut self, ui: &Ui) -> bool {
        let now = ui.input(|input| input.time);
        let left = UNNOTICED_SECONDS - (now - *self.0.get_or_insert(now));
        if left > 0.0 {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
        }
        left <= 0.0
    }
}

/// `account`: who is signed in; `None` while what was kept is still being read.
pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, account: Option<&OnlineId>, since: &mut Since) {
    let colours = palette(ui);
    let failed = !cx.snapshot.problems.is_empty();
    if since.is_noticed(ui) || failed {
        let text = match account {
            Some(name) => format!("Signing in as {}…", one_line(name.as_str())),
            None => "One moment…".to_owned(),
        };
        ui.horizontal(|ui| {
            if !failed {
                widgets::waiting_arc(ui, 20.0);
            }
            let text = widgets::line(ui, text, theme::body(), colours.dim);
            widgets::announce(ui, &text);
        });
    }
    ui.add_space(12.0);
    problems::show_all(ui, cx);
    if account.is_some() {
        let button = Button::ghost("Use another account").min_width(ui.available_width());
        if ui.add(button).clicked() {
            cx.send(Command::CancelSignIn);
        }
    }
}
