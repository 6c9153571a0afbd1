//! Waiting for the browser: the link, the ways back from it, and the field to paste into. The screen before anybody is signed in
//! and the dialog over the window show the same.

use egui::{Ui, vec2};

use crate::{
    client::{Command, Service, SignIn, WayBack},
    model::SchemeStatus,
    ui::{
        Cx, problems, theme,
        theme::palette,
        widgets::{self, Button, SecretText},
    },
};

/// What is pasted so far.
#[derive(Default)]
pub struct Draft {
    pasted: SecretText,
    /// The field wants the focus as soon as it is there.
    focus: bool,
}

impl Draft {
    pub fn focus(&mut self) {
        self.focus = true;
    }

    pub fn clear(&mut self) {
        self.pasted.clear();
    }
}

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, sign_in: &SignIn, draft: &mut Draft) {
    let colours = palette(ui);
    match (&sign_in.link, sign_in.finishing) {
        (_, true) => {
            ui.horizontal(|ui| {
                widgets::waiting_arc(ui, 20.0);
                let text = widgets::line(ui, "Signing in…", theme::body(), colours.dim);
                widgets::announce(ui, &text);
            });
            ui.add_space(8.0);
            own_problems(ui, cx);
        }
        (None, false) => {
            let text = "Opening the sign-in page in your browser…";
            widgets::paragraph(ui, text, theme::body(), colours.dim);
            ui.add_space(12.0);
            own_problems(ui, cx);
        }
        (Some(link), false) => {
            widgets::paragraph(ui, what_to_do(cx, sign_in), theme::body(), colours.dim);
            ui.add_space(8.0);
            own_problems(ui, cx);
            self::link(ui, cx, link.as_str());
            ui.add_space(8.0);
            offer_scheme(ui, cx, sign_in);
            paste(ui, cx, sign_in.way_back, draft);
        }
    }
    ui.add_space(4.0);
    if ui.add(Button::ghost("Cancel").min_width(ui.available_width())).clicked() {
        cx.send(Command::CancelSignIn);
    }
}

/// In the dialog those of signing in; before anybody is signed in there is no other place for any.
fn own_problems(ui: &mut Ui, cx: &mut Cx<'_>) {
    match cx.signed_in() {
        Some(_) => problems::show(ui, cx, problems::Spot::SignIn),
        None => problems::show_all(ui, cx),
    }
}

/// What the user does now, by how the browser comes back.
fn what_to_do(cx: &Cx<'_>, sign_in: &SignIn) -> &'static str {
    match (sign_in.way_back, cx.snapshot.scheme) {
        (WayBack::Loopback, _) => {
            "Finish in your browser. At the end its page comes back to Partyline by itself."
        }
        (WayBack::Scheme, SchemeStatus::Registered) => {
            "Finish in your browser. At the end it asks to open Partyline: say yes, and this goes on by \
             itself."
        }
        (WayBack::Scheme, _) => {
            "Finish in your browser. It ends on an address that only Partyline can open, and has nobody to give \
             it to yet."
        }
        (WayBack::Paste, _) => {
            "Finish in your browser. It ends on an address that does not open: copy that and paste it \
             below."
        }
    }
}

fn link(ui: &mut Ui, cx: &Cx<'_>, link: &str) {
    let colours = palette(ui);
    widgets::read_only_field(ui, link, "Sign-in link");
    let [copy, again] = widgets::button_pair(ui, Button::ghost("Copy the link"), Button::ghost("Open again"));
    if copy {
        ui.ctx().copy_text(link.to_owned());
    }
    if again {
        // A new attempt: a link that was used up would only end in an error page.
        cx.send(Command::SignIn);
    }
    let text = match cx.snapshot.service {
        Service::Live => "The link works on another device too. It is for you alone.",
        Service::Sandbox => "If no page opened, copy the link and open it yourself.",
    };
    widgets::paragraph(ui, text, theme::small(), colours.dim);
}

/// Asks before the desktop is told anything.
fn offer_scheme(ui: &mut Ui, cx: &Cx<'_>, sign_in: &SignIn) {
    let askable = matches!(cx.snapshot.scheme, SchemeStatus::NotRegistered | SchemeStatus::OtherProgram);
    if sign_in.way_back != WayBack::Scheme || !askable {
        return;
    }
    let colours = palette(ui);
    widgets::card(ui, true, |ui| {
        widgets::line(ui, "Let the browser come back to Partyline?", theme::strong(), colours.text);
        let other = match cx.snapshot.scheme {
            SchemeStatus::OtherProgram => "Another program answers these addresses now. ",
            _ => "",
        };
        let text = format!(
            "{other}Partyline registers with your desktop, for you alone, as the program that opens the addresses a \
             sign-in ends on. You can undo it in the settings."
        );
        widgets::paragraph(ui, text, theme::small(), colours.dim);
        if ui.add(Button::ghost("Let it come back")).clicked() {
            cx.send(Command::RegisterScheme);
        }
    });
    ui.add_space(8.0);
}

fn paste(ui: &mut Ui, cx: &Cx<'_>, way_back: WayBack, draft: &mut Draft) {
    const BUTTON: f32 = 104.0;
    let colours = palette(ui);
    let text = match way_back {
        WayBack::Loopback | WayBack::Paste => {
            "Nothing happens, or you signed in on another device? Paste the whole address that the browser ended on, \
             or the code in it."
        }
        // Chromium shows such an address nowhere else.
        WayBack::Scheme => {
            "Or paste that address, or the code in it. Firefox shows it; in Chrome and Edge press F12 before you sign \
             in, open Network, and copy the last address from there."
        }
    };
    widgets::paragraph(ui, text, theme::small(), colours.dim);
    ui.horizontal(|ui| {
        let room = ui.available_width() - BUTTON - ui.spacing().item_spacing.x;
        let mut field =
            |ui: &mut Ui| widgets::secret_field(ui, &mut draft.pasted, "Address or code", "Address or code");
        let field = ui.allocate_ui(vec2(room, theme::CONTROL_HEIGHT), &mut field).inner;
        if std::mem::take(&mut draft.focus) {
            field.request_focus();
        }
        let ready = !draft.pasted.is_empty();
        let entered = widgets::entered(ui, &field);
        let pressed = ui.add_enabled(ready, Button::primary("Continue").min_width(BUTTON)).clicked();
        if ready && (entered || pressed) {
            cx.send(Command::PasteRedirect(draft.pasted.take()));
        }
    });
}
