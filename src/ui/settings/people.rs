//! How others see the user, and who cannot reach them.

use egui::{Align, Layout, Sense, Ui, vec2};

use super::setting;
use crate::{
    client::{AppearOffline, Command, SignedIn},
    model::Profile,
    ui::{
        Cx,
        dialogs::{Deed, Dialog, Question},
        display::one_line,
        theme,
        theme::palette,
        widgets::{self, Avatar, Button},
        wording,
    },
};

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    widgets::settings_card(ui, "How others see you", |ui| appear(ui, cx, signed_in.people.appear_offline));
    widgets::settings_card(ui, "Blocked people", |ui| blocked(ui, cx, signed_in));
}

fn appear(ui: &mut Ui, cx: &Cx<'_>, state: AppearOffline) {
    let hidden = wording::people::is_hidden(state);
    setting(ui, "Appear offline", wording::people::appear_offline(state), |ui| {
        let label = match state {
            AppearOffline::Unknown => "Not known",
            AppearOffline::Changing(_) => "Changing…",
            AppearOffline::Is(_) | AppearOffline::Fixed(_) if hidden => "On",
            AppearOffline::Is(_) | AppearOffline::Fixed(_) => "Off",
        };
        let name = format!("Appear offline: {label}");
        let button = Button::ghost(label).name(&name).chosen(hidden).min_width(96.0);
        if ui.add_enabled(matches!(state, AppearOffline::Is(_)), button).clicked() {
            cx.send(Command::AppearOffline(!hidden));
        }
    });
}

fn blocked(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let colours = palette(ui);
    let text = "Blocked people can't write to you or invite you. They are not told.";
    widgets::paragraph(ui, text, theme::small(), colours.dim);
    ui.add_space(4.0);
    let blocked = &signed_in.people.blocked;
    match &blocked.value {
        Some(people) if people.is_empty() => {
            widgets::line(ui, "You have blocked nobody.", theme::body(), colours.text);
        }
        Some(people) => {
            for profile in people.iter() {
                ui.push_id(profile.account, |ui| row(ui, cx, profile));
            }
        }
        None if blocked.fetching => (0..3).for_each(|_| widgets::skeleton_row(ui, false)),
        None => {
            ui.horizontal(|ui| {
                widgets::text(ui, "The list could not be loaded.", theme::body(), colours.text);
                if widgets::text_button(ui, "Try again").clicked() {
                    cx.send(Command::ReadBlocked);
                }
            });
        }
    }
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, profile: &Profile) {
    let colours = palette(ui);
    let name = one_line(profile.online_id.as_str());
    let size = vec2(ui.available_width(), 48.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        if ui.add(Button::ghost("Unblock").name(&format!("Unblock {name}"))).clicked() {
            let (deed, account, name) = (Deed::Unblock, profile.account, name.clone());
            cx.nav.dialog = Some(Dialog::Confirm(Question { deed, account, name }));
        }
        ui.add_space(8.0);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let (face, _) = ui.allocate_exact_size(vec2(44.0, 40.0), Sense::hover());
            let center = face.left_center() + vec2(20.0, 0.0);
            let avatar = Avatar::new(profile.account, &name, 40.0).picture(profile.avatar.as_ref());
            avatar.paint(ui, center, colours.card);
            widgets::line(ui, name.as_str(), theme::body(), colours.text);
        });
    });
}
