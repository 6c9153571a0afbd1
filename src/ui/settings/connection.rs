//! The line to the service: how it is, how much is asked of it, and what helps whoever looks into trouble.

use std::time::{Duration, Instant};

use egui::{Align, Layout, Ui, vec2};

use crate::{
    client::{Command, Service, SignedIn},
    model::CallBudget,
    ui::{
        Cx, theme,
        theme::palette,
        widgets::{self, Button},
        wording::{self, connection as words},
    },
};

/// While the section is open.
const SAMPLED_EVERY: Duration = Duration::from_secs(1);

/// The calls, as last sampled.
#[derive(Debug, Default)]
pub struct Sample {
    taken: Option<Instant>,
    budget: Option<CallBudget>,
}

impl Sample {
    fn refresh(&mut self, cx: &Cx<'_>, now: Instant) {
        if self.taken.is_none_or(|taken| now.saturating_duration_since(taken) >= SAMPLED_EVERY) {
            *self = Self { taken: Some(now), budget: (cx.handle.budget)() };
        }
    }
}

pub fn show(ui: &mut Ui, cx: &Cx<'_>, signed_in: &SignedIn, sample: &mut Sample) {
    let colours = palette(ui);
    let now = Instant::now();
    sample.refresh(cx, now);
    ui.ctx().request_repaint_after(SAMPLED_EVERY);

    widgets::settings_card(ui, "The line", |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let since = now.saturating_duration_since(signed_in.link_since);
        let (what, means) = words::link(signed_in.link);
        let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            let again = ui.add(Button::ghost("Read again"));
            if again.on_hover_text("Friends, parties, messages and notifications").clicked() {
                cx.send(Command::Refresh);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = format!("{what} for {}", words::lasting(since));
                widgets::line(ui, text, theme::strong(), colours.text);
            });
        });
        widgets::paragraph(ui, means, theme::small(), colours.dim);
        let service = match cx.snapshot.service {
            Service::Live => "PlayStation Network",
            Service::Sandbox => "Sandbox, on this computer",
        };
        widgets::fact(ui, "Service", service);
        if let Some(party) = cx.party() {
            widgets::fact(ui, "Party", wording::voice(party.voice));
        }
    });
    widgets::settings_card(ui, "Calls", |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let Some(budget) = sample.budget else {
            widgets::paragraph(ui, "Nothing is counted yet.", theme::small(), colours.dim);
            return;
        };
        widgets::line(ui, words::calls(budget), theme::strong(), colours.text);
        let part = budget.used as f32 / budget.limit.max(1) as f32;
        widgets::progress_bar(ui, "Calls made", part);
        let text = "Partyline keeps below what the service bears, and waits rather than being sent away.";
        widgets::paragraph(ui, text, theme::small(), colours.dim);
    });
    widgets::settings_card(ui, "Trouble", |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let text = "For a bug report: the version, the state of the line and what went wrong. No name, message or \
                    address is in it.";
        widgets::paragraph(ui, text, theme::small(), colours.dim);
        if ui.add(Button::ghost("Copy diagnostics")).clicked() {
            ui.ctx().copy_text(words::diagnostics(cx.snapshot, signed_in, sample.budget, now));
        }
    });
}
