//! Accounts that are kept: how one looks in a list, and forgetting it.

use egui::{Context, Sense, Ui, vec2};

use super::{
    Cx,
    display::one_line,
    theme,
    theme::palette,
    widgets::{self, Avatar, Pressed},
    wording::keeping,
};
use crate::{
    client::Command,
    model::{AccountId, KnownAccount},
};

/// A face, a name and a line below it, as wide as there is room.
pub fn face(ui: &mut Ui, account: AccountId, name: &str, below: &str, size: f32) {
    let colours = palette(ui);
    let (face, _) = ui.allocate_exact_size(vec2(size + 6.0, size), Sense::hover());
    let center = face.left_center() + vec2(size / 2.0, 0.0);
    Avatar::new(account, name, size).paint(ui, center, colours.card);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.add_space(((size - 38.0) / 2.0).max(0.0));
        widgets::line(ui, name, theme::strong(), colours.text);
        widgets::line(ui, below, theme::small(), colours.dim);
    });
}

/// What is said about a kept account, now.
pub fn until(account: &KnownAccount) -> String {
    keeping::signed_in_until(account.ends, jiff::Timestamp::now(), &jiff::tz::TimeZone::system())
}

/// Asks before an account is forgotten; `forgetting` is which.
pub fn forget_dialog(ctx: &Context, cx: &Cx<'_>, forgetting: &mut Option<KnownAccount>) {
    let Some(account) = forgetting.clone() else { return };
    let mut done = !cx.snapshot.accounts.iter().any(|known| known.slot == account.slot);
    let heading = format!("Forget {}?", one_line(account.online_id.as_str()));
    let close = widgets::dialog_of(ctx, "forget account", &heading, |ui| {
        let text = "What is kept of this account is removed from this computer. The account itself stays as it is; \
                    you can sign in to it again.";
        widgets::paragraph(ui, text, theme::body(), palette(ui).dim);
        let pressed = widgets::dialog_buttons(ui, "Forget", true);
        if pressed == Some(Pressed::Confirm) {
            cx.send(Command::ForgetAccount(account.slot.clone()));
        }
        done |= pressed.is_some();
    });
    if close || done {
        *forgetting = None;
    }
}
