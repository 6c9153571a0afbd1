//! Accounts: the one in use, those that can be switched to, one more.

use egui::{Align, Layout, Ui, vec2};

use crate::{
    client::{Command, Service, SignedIn},
    model::KnownAccount,
    ui::{
        Cx, accounts, dialogs,
        dialogs::Leaving,
        display::one_line,
        theme,
        theme::palette,
        widgets::{self, Button},
    },
};

const FACE: f32 = 52.0;

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, forgetting: &mut Option<KnownAccount>) {
    let colours = palette(ui);
    let snapshot = cx.snapshot;
    let kept = &snapshot.accounts;
    let me = signed_in.me.account;
    widgets::settings_card(ui, "Signed in as", |ui| {
        let service = match cx.snapshot.service {
            Service::Live => "PlayStation Network",
            Service::Sandbox => "Sandbox, on this computer",
        };
        let below = match kept.iter().find(|known| known.account == me) {
            Some(known) => format!("{service} · {}", accounts::until(known)),
            None => service.to_owned(),
        };
        let name = one_line(signed_in.me.online_id.as_str());
        row(ui, FACE, |ui| {
            if ui.add(Button::danger("Sign out")).clicked() {
                dialogs::leave(ui.ctx(), cx, signed_in, Leaving::SignOut);
            }
            ui.add_space(8.0);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                accounts::face(ui, me, &name, &below, FACE);
            });
        });
        ui.add_space(4.0);
        let text = "Signing out leaves the party you are in, and removes what is kept of this account from this \
                    computer.";
        widgets::paragraph(ui, text, theme::small(), colours.dim);
    });
    widgets::settings_card(ui, "Other accounts", |ui| {
        let others: Vec<_> = kept.iter().filter(|known| known.account != me).collect();
        if others.is_empty() {
            let text =
                "Accounts that you add appear here. You can switch between them without signing in again.";
            widgets::paragraph(ui, text, theme::small(), colours.dim);
        }
        for account in others {
            ui.push_id(&account.slot, |ui| other(ui, cx, signed_in, account, forgetting));
            ui.add_space(4.0);
        }
        ui.add_space(4.0);
        if ui.add_enabled(signed_in.sign_in.is_none(), Button::ghost("Add an account")).clicked() {
            cx.send(Command::AddAccount);
        }
        let text = "Your browser may still be signed in as the first one: sign out there, or copy the link into a \
                    private window.";
        widgets::paragraph(ui, text, theme::small(), colours.dim);
    });
}

fn other(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    signed_in: &SignedIn,
    account: &KnownAccount,
    forgetting: &mut Option<KnownAccount>,
) {
    let name = one_line(account.online_id.as_str());
    let narrow = ui.available_width() < 420.0;
    let mut buttons = |ui: &mut Ui| {
        if ui.add(Button::ghost("Forget").name(&format!("Forget {name}"))).clicked() {
            *forgetting = Some(account.clone());
        }
        if ui.add(Button::ghost("Switch").name(&format!("Switch to {name}"))).clicked() {
            dialogs::leave(ui.ctx(), cx, signed_in, Leaving::Switch(account.slot.clone()));
        }
    };
    let face = |ui: &mut Ui| {
        let below = accounts::until(account);
        accounts::face(ui, account.account, &name, &below, 44.0);
    };
    if narrow {
        ui.horizontal(face);
        ui.horizontal(buttons);
    } else {
        row(ui, 44.0, |ui| {
            buttons(ui);
            ui.add_space(8.0);
            ui.with_layout(Layout::left_to_right(Align::Center), face);
        });
    }
}

fn row(ui: &mut Ui, height: f32, contents: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), contents);
}
