//! The first screen: signing in through the browser.

use egui::{CentralPanel, Frame, ScrollArea, Ui, vec2};

use super::{
    Cx, SandboxOffer, problems, theme,
    theme::palette,
    widgets::{self, Button},
};
use crate::client::{Command, Screen, Service};

const WIDTH: f32 = 460.0;
/// What stands on the screen besides problems; used to centre it.
const HEIGHT: f32 = 420.0;

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let colours = palette(ui);
    CentralPanel::no_frame().frame(Frame::new().fill(colours.background)).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let room = ui.available_size();
            let width = WIDTH.min(room.x - 48.0);
            let top = ((room.y - HEIGHT) / 2.0).max(24.0);
            ui.add_space(top);
            ui.horizontal(|ui| {
                ui.add_space((room.x - width) / 2.0);
                ui.vertical(|ui| {
                    ui.set_width(width);
                    contents(ui, cx);
                });
            });
            ui.add_space(24.0);
        });
    });
}

fn contents(ui: &mut Ui, cx: &mut Cx<'_>) {
    let colours = palette(ui);
    widgets::line(ui, "Partyline", theme::hero(), colours.text);
    match &cx.snapshot.screen {
        Screen::SigningIn(sign_in) => waiting(ui, cx, sign_in.link.as_deref()),
        Screen::Starting { .. } | Screen::SignedOut | Screen::SignedIn(_) => invitation(ui, cx),
    }
    ui.add_space(8.0);
    problems::show_all(ui, cx);
    if cx.snapshot.service == Service::Sandbox {
        ui.add_space(8.0);
        sandbox_note(ui);
    }
    ui.add_space(12.0);
    let unofficial = "Not affiliated with Sony Interactive Entertainment.";
    widgets::paragraph(ui, unofficial, theme::small(), colours.faint);
}

fn invitation(ui: &mut Ui, cx: &mut Cx<'_>) {
    let colours = palette(ui);
    let text = match cx.snapshot.service {
        Service::Live => {
            "Party chat on your desk. Signing in to PlayStation Network comes with a later version; everything \
             else is here to be tried."
        }
        Service::Sandbox => {
            "Party chat on your desk. Your browser opens; pick anyone to be, there is no password."
        }
    };
    widgets::paragraph(ui, text, theme::body(), colours.dim);
    ui.add_space(16.0);
    match cx.snapshot.service {
        Service::Live => sandbox_offer(ui, cx),
        Service::Sandbox => {
            let button = Button::primary("Sign in with the browser").min_width(ui.available_width());
            if ui.add(button).clicked() {
                cx.send(Command::SignIn);
            }
        }
    }
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
        widgets::line(ui, "No account needed", theme::strong(), colours.text);
        widgets::paragraph(ui, text, theme::small(), colours.dim);
        ui.add_space(8.0);
        let ready = matches!(cx.offer, SandboxOffer::Ready(_));
        let button = Button::primary("Try the sandbox").min_width(ui.available_width());
        if ui.add_enabled(ready, button).clicked() {
            cx.offer.want();
            ui.ctx().request_repaint();
        }
    });
}

fn waiting(ui: &mut Ui, cx: &Cx<'_>, link: Option<&str>) {
    let colours = palette(ui);
    let text = match link {
        Some(_) => {
            "Finish signing in in your browser; this window goes on by itself. If no page opened, copy the \
                    link and open it yourself."
        }
        None => "Opening the sign-in page in your browser…",
    };
    widgets::paragraph(ui, text, theme::body(), colours.dim);
    ui.add_space(16.0);
    ui.horizontal(|ui| {
        let half = (ui.available_width() - ui.spacing().item_spacing.x) / 2.0;
        let copy = Button::ghost("Copy the link").min_width(half);
        if ui.add_enabled(link.is_some(), copy).clicked()
            && let Some(link) = link
        {
            ui.ctx().copy_text(link.to_owned());
        }
        ui.allocate_ui(vec2(half, theme::CONTROL_HEIGHT), |ui| {
            if ui.add(Button::ghost("Cancel").min_width(half)).clicked() {
                cx.send(Command::CancelSignIn);
            }
        });
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
