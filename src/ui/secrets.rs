//! Where secrets live: the question where the keyring cannot be used, and the choices there are.

use egui::Ui;

use super::{
    Cx, theme,
    theme::palette,
    widgets::{self, Icon},
    wording::keeping,
};
use crate::{
    client::{Command, Secrets},
    model::{KeyringState, SecretStorage},
};

/// The question, for as long as it is open.
pub fn ask(ui: &mut Ui, cx: &Cx<'_>) {
    let Some(secrets) = cx.snapshot.secrets.filter(|secrets| secrets.choice_wanted) else { return };
    let colours = palette(ui);
    widgets::banner_frame(ui, colours.warn).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.horizontal(|ui| {
            let (mark, _) = ui.allocate_exact_size(egui::Vec2::splat(20.0), egui::Sense::hover());
            Icon::Warning.paint(ui.painter(), mark, colours.warn);
            let (what, means) = keeping::keyring_trouble(secrets.keyring);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                let sentence = widgets::paragraph(ui, what, theme::strong(), colours.text);
                widgets::announce(ui, &sentence);
                widgets::paragraph(ui, means, theme::small(), colours.dim);
            });
        });
        for storage in [SecretStorage::Memory, SecretStorage::File] {
            choice(ui, cx, storage, false);
        }
        let means = "After you unlocked or installed one.";
        if widgets::choice_row(ui, "Try the keyring again", means, false).clicked() {
            cx.send(Command::KeepSecretsIn(SecretStorage::Keyring));
        }
        let later = "You can change this later in the settings, under Sign-in.";
        widgets::paragraph(ui, later, theme::small(), colours.dim);
    });
    ui.add_space(4.0);
}

/// All there are, the one in force marked.
pub fn choices(ui: &mut Ui, cx: &Cx<'_>, secrets: Secrets) {
    for storage in [SecretStorage::Keyring, SecretStorage::File, SecretStorage::Memory] {
        choice(ui, cx, storage, storage == secrets.storage && !secrets.choice_wanted);
    }
    if !matches!(secrets.keyring, KeyringState::Working | KeyringState::Unknown) {
        let (what, _) = keeping::keyring_trouble(secrets.keyring);
        widgets::paragraph(ui, what, theme::small(), palette(ui).warn);
    }
}

fn choice(ui: &mut Ui, cx: &Cx<'_>, storage: SecretStorage, chosen: bool) {
    let (title, means) = keeping::storage(storage);
    if widgets::choice_row(ui, title, means, chosen).clicked() && !chosen {
        cx.send(Command::KeepSecretsIn(storage));
    }
}
