//! Trouble, shown where it happens: a sentence, what it means, and what to press.

use egui::{Align, Frame, Layout, Margin, Stroke, Ui, Vec2};

use super::{
    Cx, settings, theme,
    theme::{CARD_RADIUS, palette},
    widgets::{self, Button, Icon},
    wording,
};
use crate::client::{Command, Place, Problem, Remedy};

/// The parts of the window that problems are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    Friends,
    Bar,
    /// The page in the middle, whichever it is.
    Page,
}

/// What of the window is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    collapsed: bool,
    in_party: bool,
}

impl Parts {
    fn of(ui: &Ui, cx: &Cx<'_>) -> Self {
        Self { collapsed: theme::is_collapsed(ui), in_party: cx.party().is_some() }
    }

    /// Where a problem of `place` is shown, signed in. Every place has a spot: nothing goes wrong unseen.
    fn spot(self, place: Place) -> Spot {
        match place {
            Place::Friends if !self.collapsed => Spot::Friends,
            Place::Voice if self.in_party => Spot::Bar,
            Place::SignIn
            | Place::Starting
            | Place::Window
            | Place::Friends
            | Place::Parties
            | Place::Party
            | Place::Voice
            | Place::Settings => Spot::Page,
        }
    }
}

/// Every problem that belongs to `spot`.
pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, spot: Spot) {
    let (snapshot, parts) = (cx.snapshot, Parts::of(ui, cx));
    for problem in snapshot.problems.iter().filter(|problem| parts.spot(problem.place) == spot) {
        banner(ui, cx, problem);
        ui.add_space(4.0);
    }
}

/// Every problem there is: the sign-in screen has no other place.
pub fn show_all(ui: &mut Ui, cx: &mut Cx<'_>) {
    let snapshot = cx.snapshot;
    for problem in &snapshot.problems {
        banner(ui, cx, problem);
        ui.add_space(4.0);
    }
}

pub fn any(ui: &Ui, cx: &Cx<'_>, spot: Spot) -> bool {
    let parts = Parts::of(ui, cx);
    cx.snapshot.problems.iter().any(|problem| parts.spot(problem.place) == spot)
}

fn banner(ui: &mut Ui, cx: &mut Cx<'_>, problem: &Problem) {
    let colours = palette(ui);
    let color = if wording::is_severe(&problem.kind) { colours.bad } else { colours.warn };
    let (what, means) = wording::problem(&problem.kind);
    let details = ui.make_persistent_id(("details", problem.id));
    let mut open = ui.data(|data| data.get_temp::<bool>(details).unwrap_or(false));
    let frame = Frame::new()
        .fill(colours.card)
        .stroke(Stroke::new(1.0, color.gamma_multiply(0.6)))
        .corner_radius(CARD_RADIUS)
        .inner_margin(Margin::symmetric(16, 12));

    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing = Vec2::splat(8.0);
        let narrow = ui.available_width() < 460.0;
        // As high as the two lines of text, so that what to press sits in the middle of them.
        let size = Vec2::new(ui.available_width(), 48.0);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            if problem.remedy() != Remedy::Dismiss
                && widgets::icon_button(ui, Icon::Close, "Dismiss").clicked()
            {
                cx.send(Command::DismissProblem(problem.id));
            }
            if !narrow {
                remedy_button(ui, cx, problem);
            }
            ui.with_layout(Layout::left_to_right(Align::TOP), |ui| {
                let (mark, _) = ui.allocate_exact_size(Vec2::splat(20.0), egui::Sense::hover());
                Icon::Warning.paint(ui.painter(), mark, color);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    let sentence = widgets::paragraph(ui, what, theme::strong(), colours.text);
                    widgets::announce(ui, &sentence);
                    ui.horizontal_wrapped(|ui| {
                        widgets::paragraph(ui, means, theme::small(), colours.dim);
                        if widgets::text_button(ui, if open { "Hide details" } else { "Details" }).clicked() {
                            open = !open;
                            ui.data_mut(|data| data.insert_temp(details, open));
                        }
                    });
                });
            });
        });
        if open {
            ui.horizontal_wrapped(|ui| {
                widgets::paragraph(ui, problem.diagnostic.as_str(), theme::small(), colours.dim);
                if widgets::text_button(ui, "Copy").clicked() {
                    ui.ctx().copy_text(problem.diagnostic.clone());
                }
            });
        }
        if narrow {
            ui.horizontal(|ui| remedy_button(ui, cx, problem));
        }
    });
}

fn remedy_button(ui: &mut Ui, cx: &mut Cx<'_>, problem: &Problem) {
    if ui.add(Button::ghost(wording::remedy(problem))).clicked() {
        match problem.remedy().command(problem) {
            Some(command) => cx.send(command),
            None => cx.nav.open_settings(settings::Section::Voice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_seen_even_where_its_own_place_is_not_there() {
        let narrow = Parts { collapsed: true, in_party: false };
        assert_eq!(narrow.spot(Place::Friends), Spot::Page);
        assert_eq!(narrow.spot(Place::Voice), Spot::Page);
        let wide = Parts { collapsed: false, in_party: true };
        assert_eq!(wide.spot(Place::Friends), Spot::Friends);
        assert_eq!(wide.spot(Place::Voice), Spot::Bar);
        assert_eq!(wide.spot(Place::Party), Spot::Page);
    }
}
