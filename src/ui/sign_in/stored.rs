//! "What is stored, and where": every kind of thing that Partyline writes down, named.

use egui::{Context, Ui};

use crate::{
    model::SecretStorage,
    ui::{
        Cx, theme,
        theme::palette,
        widgets::{self, Button},
    },
};

pub fn dialog(ctx: &Context, cx: &Cx<'_>, open: &mut bool) {
    if !*open {
        return;
    }
    let mut done = false;
    let close = widgets::dialog(ctx, "What is stored, and where", |ui| {
        let storage = cx.snapshot.secrets.map(|secrets| secrets.storage);
        let secrets = match storage {
            Some(SecretStorage::Keyring) => {
                "Your client secret, and for each account its name, its id and what renews its sign-in: in your \
                 system's keyring."
            }
            Some(SecretStorage::File) => {
                "Your client secret, and for each account its name, its id and what renews its sign-in: in \
                 secrets.json beside the log, which only you can read. It is not encrypted."
            }
            Some(SecretStorage::Memory) => {
                "Your client secret and what renews a sign-in: in memory, gone when you quit."
            }
            None => "Nothing of this sign-in is written down. It is gone when you quit.",
        };
        for (what, text) in [
            ("Sign-in", secrets),
            ("Access", "What opens the service for an hour at a time is in memory alone."),
            ("Password", "It stays in your browser. Partyline never sees it."),
            (
                "Settings",
                "settings.toml, in ~/.config/partyline on Linux and in your own settings folder elsewhere.",
            ),
            (
                "Log",
                "Five days of it, and a number that names this installation, in ~/.local/state/partyline on \
                     Linux. No name, id, address or secret is written to the log.",
            ),
            (
                "Removing it",
                "Signing out removes what is kept of the account. The settings also forget other accounts \
                             and the client secret.",
            ),
        ] {
            fact(ui, what, text);
        }
        let width = ui.available_width();
        done = ui.add(Button::ghost("Close").min_width(width)).clicked();
    });
    if close || done {
        *open = false;
    }
}

fn fact(ui: &mut Ui, what: &str, text: &str) {
    let colours = palette(ui);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        widgets::line(ui, what, theme::strong(), colours.text);
        widgets::paragraph(ui, text, theme::small(), colours.dim);
    });
    ui.add_space(4.0);
}
