//! Everything before somebody is signed in: the first run, signing in, waiting for the browser, coming back by what was kept.
//! What is common to these screens is here; each has a file of its own.

mod choose;
pub mod first_run;
mod starting;
mod stored;
pub mod waiting;

use egui::{CentralPanel, Frame, ScrollArea, Ui};

use super::{
    Cx, SandboxOffer, accounts, capture, problems, secrets, theme,
    theme::palette,
    widgets::{self, Button, SecretText},
};
use crate::{
    client::{Screen, Service, Snapshot},
    model::KnownAccount,
};

const WIDTH: f32 = 460.0;

/// What these screens keep between frames.
#[derive(Default)]
pub struct State {
    client: first_run::Draft,
    /// The form of the first run is open although there is a client.
    changing_client: bool,
    capture: capture::Source,
    /// `Some`: its form is open.
    npsso: Option<SecretText>,
    pub wait: waiting::Draft,
    starting: starting::Since,
    forgetting: Option<KnownAccount>,
    showing_stored: bool,
    /// Of everything on the screen, as last drawn: it is centred by it.
    height: f32,
}

impl State {
    /// Nothing typed outlives the screen it was typed on.
    pub fn follow(&mut self, snapshot: &Snapshot) {
        let under_way = match &snapshot.screen {
            Screen::SigningIn(_) => true,
            Screen::SignedIn(signed_in) => signed_in.sign_in.is_some(),
            Screen::Starting { .. } | Screen::SignedOut => false,
        };
        if !under_way {
            self.wait.clear();
        }
        if !matches!(snapshot.screen, Screen::Starting { .. }) {
            self.starting = starting::Since::default();
        }
        if !matches!(snapshot.screen, Screen::SignedOut) {
            *self = Self {
                wait: std::mem::take(&mut self.wait),
                starting: std::mem::take(&mut self.starting),
                height: self.height,
                ..Self::default()
            };
        }
    }
}

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let colours = palette(ui);
    let mut height = 0.0;
    CentralPanel::no_frame().frame(Frame::new().fill(colours.background)).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let room = ui.available_size();
            let width = WIDTH.min(room.x - 48.0);
            ui.add_space(((room.y - state.height) / 2.0).max(24.0).floor());
            ui.horizontal(|ui| {
                ui.add_space(((room.x - width) / 2.0).floor());
                let column = ui.vertical(|ui| {
                    ui.set_width(width);
                    contents(ui, cx, state);
                });
                height = column.response.rect.height();
            });
            ui.add_space(24.0);
        });
    });
    if (height - state.height).abs() > 0.5 {
        state.height = height;
        ui.ctx().request_discard("the sign-in screen has a new height");
    }
    accounts::forget_dialog(ui.ctx(), cx, &mut state.forgetting);
    stored::dialog(ui.ctx(), cx, &mut state.showing_stored);
}

fn contents(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let colours = palette(ui);
    widgets::line(ui, "Partyline", theme::hero(), colours.text);
    match &cx.snapshot.screen {
        Screen::SigningIn(sign_in) => waiting::show(ui, cx, sign_in, &mut state.wait),
        Screen::Starting { account } => starting::show(ui, cx, account.as_ref(), &mut state.starting),
        Screen::SignedOut | Screen::SignedIn(_) => {
            match &cx.snapshot.client {
                Some(client) if !state.changing_client => {
                    choose::show(ui, cx, client, state);
                    ui.add_space(8.0);
                    // Before there is anything to keep, the question would only be in the way.
                    secrets::ask(ui, cx);
                }
                client => first_run::show(ui, cx, client.as_ref(), state),
            }
            ui.add_space(8.0);
            sandbox_offer(ui, cx);
        }
    }
    if cx.snapshot.service == Service::Sandbox {
        ui.add_space(8.0);
        sandbox_note(ui);
    }
    ui.add_space(12.0);
    ui.horizontal_wrapped(|ui| {
        let unofficial = "Not affiliated with Sony Interactive Entertainment.";
        widgets::text(ui, unofficial, theme::small(), colours.faint);
        if widgets::text_button(ui, "What is stored, and where").clicked() {
            state.showing_stored = true;
        }
    });
}

/// A paragraph below the name, and what is wrong.
fn intro(ui: &mut Ui, cx: &mut Cx<'_>, text: &str) {
    widgets::paragraph(ui, text, theme::body(), palette(ui).dim);
    ui.add_space(12.0);
    problems::show_all(ui, cx);
}

fn sandbox_offer(ui: &mut Ui, cx: &mut Cx<'_>) {
    let colours = palette(ui);
    let text = match cx.offer {
        SandboxOffer::None => return,
        SandboxOffer::Ready(_) | SandboxOffer::Wanted(_) => {
            "The sandbox is a small service on this computer, with people who talk back."
        }
        SandboxOffer::Failed => "The sandbox could not be started. The log says why.",
    };
    widgets::card(ui, false, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        widgets::line(ui, "No account at hand?", theme::strong(), colours.text);
        widgets::paragraph(ui, text, theme::small(), colours.dim);
        ui.add_space(8.0);
        let ready = matches!(cx.offer, SandboxOffer::Ready(_));
        if ui.add_enabled(ready, Button::ghost("Try the sandbox")).clicked() {
            cx.offer.want();
            ui.ctx().request_repaint();
        }
    });
}

/// What the sandbox is, in as many words as it takes.
pub fn sandbox_note(ui: &mut Ui) {
    let colours = palette(ui);
    widgets::card(ui, false, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        widgets::line(ui, "This is the sandbox", theme::strong(), colours.text);
        let text = "A small service on this computer, with people who talk back. It is not PlayStation Network. \
                    Everything is kept in memory and gone when it ends.";
        widgets::paragraph(ui, text, theme::small(), colours.dim);
    });
}
