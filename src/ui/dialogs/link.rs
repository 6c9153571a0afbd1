//! Joining by a link: the link is pasted, and one looks inside before going in.

use egui::{Align, Context, Layout, ScrollArea, Sense, Ui, vec2};

use super::Dialog;
use crate::{
    client::{Command, Linked, Place, ProblemKind, SignedIn},
    model::{AccountId, LinkMember, LinkPreview, PartyLink},
    ui::{
        Cx, Page,
        display::one_line,
        home::Entering,
        theme,
        theme::palette,
        widgets::{self, Avatar, Button, Pressed},
        wording,
        wording::parties::{self, Door},
    },
};

/// What is pasted so far.
#[derive(Debug, Default)]
pub struct Draft {
    text: String,
    /// It was tried, and is no link.
    refused: bool,
}

/// Returns whether the dialog is over.
pub fn paste(ctx: &Context, cx: &Cx<'_>, draft: &mut Draft) -> bool {
    let mut done = false;
    let close = widgets::dialog(ctx, "Join by link", |ui| {
        let text = "Somebody in the party can share a link to it. You see who is there before you join.";
        widgets::paragraph(ui, text, theme::small(), palette(ui).dim);
        let field = widgets::long_field(ui, &mut draft.text, "Link to a party", "Paste the link");
        widgets::focus_first(ui, &field);
        draft.refused &= !field.changed();
        if draft.refused {
            let text = "That is no link to a party. It begins with https://party.playstation.com/ and goes on with 22 \
                        letters and digits.";
            let said = widgets::paragraph(ui, text, theme::small(), palette(ui).bad);
            widgets::announce(ui, &said);
        }
        let enter = widgets::entered(ui, &field);
        let pressed = widgets::dialog_buttons(ui, "Look inside", !draft.text.trim().is_empty());
        if enter || pressed == Some(Pressed::Confirm) {
            match PartyLink::from_pasted(&draft.text) {
                Ok(link) => {
                    cx.send(Command::PreviewLink(link));
                    done = true;
                }
                Err(_) => draft.refused = true,
            }
        }
        done |= pressed == Some(Pressed::Cancel);
    });
    close || done
}

/// What is behind a link, over whatever else is open: it may come from the desktop.
pub fn preview(ctx: &Context, cx: &mut Cx<'_>, signed_in: &SignedIn, linked: &Linked) {
    let heading = match linked {
        Linked::Found { party, .. } => parties::linked_name(party),
        Linked::Reading(_) => "Looking inside".to_owned(),
        Linked::NotFound(_) => "Nothing to join".to_owned(),
    };
    let mut over = false;
    let close = widgets::dialog_of(ctx, "linked party", &heading, |ui| match linked {
        Linked::Reading(_) => {
            ui.horizontal(|ui| {
                widgets::waiting_arc(ui, 20.0);
                widgets::line(ui, "Asking who is there…", theme::body(), palette(ui).dim);
            });
            over = foot(ui, |_| {});
        }
        Linked::NotFound(link) => over = not_found(ui, cx, link),
        Linked::Found { link, party } => over = found(ui, cx, signed_in, link, party),
    });
    if close || over {
        cx.send(Command::ClosePreview);
    }
}

/// Returns whether it is over.
fn not_found(ui: &mut Ui, cx: &mut Cx<'_>, link: &PartyLink) -> bool {
    let mut problems = cx.snapshot.problems.iter().rev();
    let kind = problems.find(|problem| problem.place == Place::Parties).map(|problem| &problem.kind);
    let kind = kind.unwrap_or(&ProblemKind::LinkOfNoParty);
    let (what, means) = wording::problem(kind, Place::Parties);
    widgets::paragraph(ui, what, theme::strong(), palette(ui).text);
    widgets::paragraph(ui, means, theme::small(), palette(ui).dim);
    let mut over = false;
    let close = foot(ui, |ui| {
        if ui.add(Button::primary("Try again")).clicked() {
            cx.send(Command::PreviewLink(link.clone()));
        }
        if ui.add(Button::ghost("Other link")).clicked() {
            cx.nav.dialog = Some(Dialog::link());
            over = true;
        }
    });
    close || over
}

/// Returns whether it is over.
fn found(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, link: &PartyLink, party: &LinkPreview) -> bool {
    let colours = palette(ui);
    let facts = parties::linked_facts(party, jiff::Timestamp::now());
    widgets::paragraph(ui, facts, theme::small(), colours.dim);
    ui.add_space(4.0);
    let height = (ui.ctx().content_rect().height() - 300.0).clamp(MEMBER_HEIGHT, 6.0 * MEMBER_HEIGHT);
    ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for member in &party.members {
            row(ui, member);
        }
    });
    let current = cx.party().map(|party| &party.session);
    let (door, entering) = (Door::of(party, current), Entering::now(cx));
    let means = match (door.explanation(), &entering) {
        (Some(why_not), _) => Some(why_not),
        (None, Entering::Leaving(means)) => Some(means.as_str()),
        (None, Entering::NotNow) => Some("You are on your way into or out of a party. Wait a moment."),
        (None, Entering::Freely) => None,
    };
    if let Some(means) = means {
        ui.add_space(4.0);
        widgets::paragraph(ui, means, theme::small(), colours.dim);
    }
    let here = current.is_some_and(|current| current.id == party.session);
    let elsewhere = signed_in.elsewhere.as_ref() == Some(&party.session);
    let mut over = false;
    let close = foot(ui, |ui| {
        let label = match door {
            Door::Inside if here => "Show",
            Door::Inside => "Bring it here",
            _ => entering.label(),
        };
        let enabled = match door {
            Door::Inside => here || (elsewhere && entering.is_possible()),
            Door::Open => entering.is_possible(),
            Door::Full | Door::OtherDevices | Door::Closed => false,
        };
        if ui.add_enabled(enabled, Button::primary(label)).clicked() {
            match door {
                Door::Inside if here => cx.nav.page = Page::Party,
                Door::Inside => cx.send(Command::JoinParty(party.session.clone())),
                _ => cx.send(Command::JoinByLink(link.clone())),
            }
            over = true;
        }
    });
    close || over
}

const MEMBER_HEIGHT: f32 = 40.0;

fn row(ui: &mut Ui, member: &LinkMember) {
    let colours = palette(ui);
    let size = vec2(ui.available_width(), MEMBER_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        let (account, name) = match &member.known {
            Some((account, online_id)) => (*account, one_line(online_id.as_str())),
            None => (AccountId(0), "Somebody".to_owned()),
        };
        let (face, _) = ui.allocate_exact_size(vec2(40.0, MEMBER_HEIGHT), Sense::hover());
        let letters = if member.known.is_some() { name.as_str() } else { "" };
        let faded = member.known.is_none();
        let center = face.left_center() + vec2(16.0, 0.0);
        Avatar::new(account, letters, 32.0).faded(faded).paint(ui, center, colours.panel);
        let on = wording::platform(member.platform);
        let facts: Vec<&str> = member.is_host.then_some("host").into_iter().chain(on).collect();
        let room = ui.available_width();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            // Beside the scroll bar.
            ui.add_space(10.0);
            if !facts.is_empty() && room > 160.0 {
                widgets::text(ui, facts.join(" · "), theme::small(), colours.dim);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let color = if faded { colours.dim } else { colours.text };
                widgets::line(ui, name, theme::body(), color);
            });
        });
    });
}

/// The way out on the left of what there is to press. Returns whether it was taken.
fn foot(ui: &mut Ui, buttons: impl FnOnce(&mut Ui)) -> bool {
    let mut close = false;
    ui.add_space(8.0);
    let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        buttons(ui);
        close = ui.add(Button::ghost("Close")).clicked();
    });
    close
}
