//! The head of the page: the name, which is changed where it stands, what is true of the party, and what to do with it.

use egui::{Response, Ui, vec2};

use crate::{
    client::{Command, Party, SignedIn, VoiceStatus},
    model::Privacy,
    ui::{
        Cx, Page,
        dialogs::Dialog,
        home, theme,
        theme::palette,
        widgets::{self, Button, Icon},
        wording,
    },
};

/// Below this, buttons are icons.
const NARROW: f32 = 560.0;

/// Returns whether the way back was taken.
pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, party: &Party) -> bool {
    let narrow = ui.available_width() < NARROW;
    let renaming = cx.nav.party.renaming.take();
    let (mut next, mut dialog, mut connection) = (None, None, false);
    let host = is_host(signed_in, party);
    let subtitle = subtitle(cx, party);
    let send = |command| cx.send(command);
    let actions = |ui: &mut Ui| {
        let more = ui.add(Button::ghost("More").icon(Icon::More).icon_only(true));
        let name = "Name, privacy, places, link";
        widgets::menu(&more.on_hover_text(name), name, 220.0, |ui| {
            ui.add_enabled_ui(host, |ui| {
                if terms_item(ui, "Rename the party", None).clicked() {
                    next = Some(party.session.name.clone());
                }
                if terms_item(ui, "Change the places", None).clicked() {
                    dialog = Some(Dialog::limit(&party.session));
                }
            });
            let share = if party.link.is_some() { "Get a new link" } else { "Share a link" };
            if widgets::menu_item(ui, share, None).clicked() {
                send(Command::ShareParty);
            }
            ui.separator();
            ui.add_enabled_ui(host, |ui| {
                for privacy in [Privacy::InviteOnly, Privacy::FriendsCanJoin] {
                    let chosen = party.session.privacy == privacy;
                    let item = terms_item(ui, wording::privacy(privacy), Some(chosen));
                    if item.clicked() && !chosen {
                        send(Command::SetPrivacy(privacy));
                    }
                }
            });
        });
        if ui.add(Button::ghost("Invite").icon(Icon::Plus).icon_only(narrow)).clicked() {
            dialog = Some(Dialog::invite([]));
        }
        let recording = cx.snapshot.sound.recording.is_some();
        let (words, icon) =
            if recording { ("Stop recording", Icon::Stop) } else { ("Record what you hear", Icon::Record) };
        let tint = if recording { palette(ui).bad } else { palette(ui).text };
        let button = Button::ghost(words).icon(icon).icon_color(tint).icon_only(true);
        if ui.add(button).on_hover_text(words).clicked() {
            send(Command::Record(!recording));
        }
        let button = Button::ghost("Connection").icon(Icon::Signal).icon_only(true);
        connection = ui.add(button).on_hover_text("How good the connections are").clicked();
        if let Some(chat) = &party.chat {
            let button = Button::ghost("Party chat").icon(Icon::Speech).icon_only(narrow);
            if ui.add(button).on_hover_text("Messages of the party").clicked() {
                send(Command::OpenChat(chat.clone()));
            }
        }
    };
    let mut kept = None;
    let mut pressed = false;
    let title = |ui: &mut Ui| match renaming {
        Some(name) => kept = rename(ui, name, &send),
        None => pressed = name(ui, party, host, &subtitle),
    };
    let back = widgets::header(ui, Some(home::way_back("All parties", signed_in)), title, actions);
    cx.nav.party.renaming = match pressed {
        true => Some(party.session.name.clone()),
        false => next.or(kept),
    };
    if connection {
        cx.nav.open_aside(Page::Connection);
    }
    if dialog.is_some() {
        cx.nav.dialog = dialog;
    }
    back
}

/// The service takes no changes from anybody but the host. Who that is need not be known.
fn is_host(signed_in: &SignedIn, party: &Party) -> bool {
    party.session.owner.is_none_or(|owner| owner == signed_in.me.account)
}

/// What the host decides.
fn terms_item(ui: &mut Ui, text: &str, chosen: Option<bool>) -> Response {
    widgets::menu_item(ui, text, chosen).on_disabled_hover_text("The host decides")
}

/// The name, and the facts below it. Returns whether the name was pressed.
fn name(ui: &mut Ui, party: &Party, host: bool, subtitle: &str) -> bool {
    let colours = palette(ui);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.add_space(9.0);
        let name = wording::party_name(&party.session);
        if !host {
            widgets::line(ui, name, theme::title(), colours.text);
            widgets::line(ui, subtitle, theme::small(), colours.dim);
            return false;
        }
        let pressed = widgets::pressable_line(ui, name, theme::title(), colours.text);
        widgets::focus_ring(ui, &pressed, pressed.rect, 4.0);
        let pressed = pressed.on_hover_text("Rename the party").on_hover_cursor(egui::CursorIcon::Text);
        widgets::line(ui, subtitle, theme::small(), colours.dim);
        pressed.clicked()
    })
    .inner
}

/// A field in place of the name: Enter takes it, anything else leaves it. Returns what is typed while it goes on.
fn rename(ui: &mut Ui, mut name: String, send: &impl Fn(Command)) -> Option<String> {
    let size = vec2(ui.available_width().min(420.0), theme::CONTROL_HEIGHT);
    let typed = |ui: &mut Ui| widgets::text_field(ui, &mut name, "Name of the party", "Name of the party");
    let field = ui.allocate_ui(size, typed).inner;
    widgets::focus_first(ui, &field);
    if widgets::entered(ui, &field) {
        send(Command::RenameParty(name.trim().to_owned()));
        return None;
    }
    (!field.lost_focus()).then_some(name)
}

/// `5 of 16 · Invite only · voice connected, 38 ms`.
fn subtitle(cx: &Cx<'_>, party: &Party) -> String {
    let session = &party.session;
    let mut text = format!(
        "{} of {} · {} · {}",
        session.members.len(),
        session.max_members,
        wording::privacy(session.privacy),
        wording::voice(party.voice)
    );
    if let (VoiceStatus::Connected, Some(rtt)) = (party.voice, cx.handle.meters.rtt_millis()) {
        text += &format!(", {:.0} ms", rtt.max(1.0));
    }
    text
}
