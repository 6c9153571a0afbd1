//! The line to the service: how it is, how much is asked of it, and what helps whoever looks into trouble; and the servers
//! that voice asks for the way.

use std::time::{Duration, Instant};

use egui::{Align, Layout, Ui, vec2};

use super::change;
use crate::{
    client::{Command, Service, SignedIn},
    model::{CallBudget, Settings},
    ui::{
        Cx, Page, theme,
        theme::palette,
        widgets::{self, Button, Icon},
        wording::{self, connection as words},
    },
};

/// While the section is open.
const SAMPLED_EVERY: Duration = Duration::from_secs(1);

/// What the section keeps between frames.
#[derive(Debug, Default)]
pub struct State {
    calls: Sample,
    /// A server while it is typed.
    server: String,
}

/// The calls, as last sampled.
#[derive(Debug, Default)]
struct Sample {
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

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, state: &mut State) {
    let colours = palette(ui);
    let now = Instant::now();
    state.calls.refresh(cx, now);
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
            if ui.add(Button::ghost("How good voice is")).clicked() {
                cx.nav.open_aside(Page::Connection);
            }
        }
    });
    widgets::settings_card(ui, "Calls", |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let Some(budget) = state.calls.budget else {
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
            ui.ctx().copy_text(words::diagnostics(cx.snapshot, signed_in, state.calls.budget, now));
        }
    });
    widgets::settings_card(ui, "STUN servers", |ui| servers(ui, cx, &mut state.server));
}

/// Where this computer asks how others see it.
fn servers(ui: &mut Ui, cx: &Cx<'_>, typed: &mut String) {
    let colours = palette(ui);
    ui.spacing_mut().item_spacing.y = 6.0;
    let text = "They tell this computer how others see it, so that members of a party reach you directly. They learn your \
                address, and nothing of what you say. For connections from now on.";
    widgets::paragraph(ui, text, theme::small(), colours.dim);
    if cx.snapshot.service == Service::Sandbox {
        widgets::paragraph(ui, "The sandbox does not use them.", theme::small(), colours.dim);
    }
    let chosen = &cx.snapshot.settings.stun_servers;
    for (index, server) in chosen.iter().enumerate() {
        let size = vec2(ui.available_width(), 32.0);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            if widgets::icon_button(ui, Icon::Close, &format!("Remove {server}")).clicked() {
                change(cx, |settings| {
                    settings.stun_servers.remove(index);
                });
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                widgets::line(ui, server, theme::body(), colours.text);
            });
        });
    }
    if chosen.is_empty() {
        let text = "There is none: members outside your own network may not be reached.";
        widgets::paragraph(ui, text, theme::small(), colours.warn);
    }
    if chosen.len() < Settings::MAX_STUN_SERVERS {
        add_server(ui, cx, typed);
    }
    let usual = Settings::default().stun_servers;
    if *chosen != usual && ui.add(Button::ghost("Use the usual ones")).clicked() {
        change(cx, |settings| settings.stun_servers = usual);
    }
}

fn add_server(ui: &mut Ui, cx: &Cx<'_>, typed: &mut String) {
    let server = typed.trim().to_owned();
    let known = cx.snapshot.settings.stun_servers.contains(&server);
    let possible = Settings::is_stun_server(&server) && !known;
    let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
    let add = ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        let button = Button::ghost("Add").name("Add the server").min_width(96.0);
        let pressed = ui.add_enabled(possible, button).clicked();
        let field = widgets::long_field(ui, typed, "Another STUN server", "host:port");
        pressed || widgets::entered(ui, &field)
    });
    if !server.is_empty() && !possible {
        let text = if known {
            "It is in the list."
        } else {
            "A server is a name or an address, a colon and a port: stun.example.org:3478"
        };
        widgets::paragraph(ui, text, theme::small(), palette(ui).warn);
    }
    if add.inner && possible {
        typed.clear();
        change(cx, |settings| settings.stun_servers.push(server));
    }
}
