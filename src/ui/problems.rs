//! Trouble, shown where it happens: a sentence, what it means, and what to press.

use egui::Ui;

use super::{
    Cx, secrets, settings, stay, theme,
    theme::palette,
    widgets::{self, Button, Icon},
    wording,
};
use crate::client::{Command, Place, Problem, Remedy, SignedIn};

/// The parts of the window that problems are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    Friends,
    Bar,
    /// The sign-in over the window.
    SignIn,
    /// Beside the page.
    Messages,
    /// Somebody's card, or the question whom to ask to be friends.
    People,
    /// The page in the middle, whichever it is.
    Page,
}

/// What of the window is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    collapsed: bool,
    in_party: bool,
    signing_in: bool,
    messages: bool,
    people: bool,
}

impl Parts {
    fn of(ui: &Ui, cx: &Cx<'_>) -> Self {
        let signing_in = cx.signed_in().is_some_and(|signed_in| signed_in.sign_in.is_some());
        Self {
            collapsed: theme::is_collapsed(ui),
            in_party: cx.party().is_some(),
            signing_in,
            messages: cx.nav.messages_beside,
            people: cx.nav.people_over,
        }
    }

    /// Where a problem of `place` is shown, signed in. Every place has a spot: nothing goes wrong unseen.
    fn spot(self, place: Place) -> Spot {
        match place {
            Place::Friends if !self.collapsed => Spot::Friends,
            Place::Voice if self.in_party => Spot::Bar,
            Place::SignIn if self.signing_in => Spot::SignIn,
            Place::Chats if self.messages => Spot::Messages,
            Place::People if self.people => Spot::People,
            Place::SignIn
            | Place::Starting
            | Place::Window
            | Place::Friends
            | Place::Parties
            | Place::Party
            | Place::Voice
            | Place::Chats
            | Place::People
            | Place::Notifications
            | Place::Settings => Spot::Page,
        }
    }
}

/// What is above every page: how long the user stays signed in, a question of where secrets live, and what is wrong.
pub fn show_page(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn) {
    let top = ui.cursor().top();
    stay::banner(ui, cx, signed_in);
    secrets::ask(ui, cx);
    show(ui, cx, Spot::Page);
    if ui.cursor().top() > top {
        ui.add_space(8.0);
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
    let (what, means) = wording::problem(&problem.kind, problem.place);
    let details = ui.make_persistent_id(("details", problem.id));
    let mut open = ui.data(|data| data.get_temp::<bool>(details).unwrap_or(false));
    let mut remedied = false;
    widgets::banner_frame(ui, color).show(ui, |ui| {
        let explain = |ui: &mut Ui| {
            ui.horizontal_wrapped(|ui| {
                widgets::paragraph(ui, means, theme::small(), colours.dim);
                if widgets::text_button(ui, if open { "Hide details" } else { "Details" }).clicked() {
                    open = !open;
                    ui.data_mut(|data| data.insert_temp(details, open));
                }
            });
        };
        let dismiss = |ui: &mut Ui| {
            if problem.remedy() != Remedy::Dismiss
                && widgets::icon_button(ui, Icon::Close, "Dismiss").clicked()
            {
                cx.send(Command::DismissProblem(problem.id));
            }
        };
        widgets::banner_row(ui, color, what, explain, dismiss, |ui| {
            if ui.add(Button::ghost(wording::remedy(problem))).clicked() {
                remedied = true;
            }
        });
        if open {
            ui.horizontal_wrapped(|ui| {
                widgets::paragraph(ui, problem.diagnostic.as_str(), theme::small(), colours.dim);
                if widgets::text_button(ui, "Copy").clicked() {
                    ui.ctx().copy_text(problem.diagnostic.clone());
                }
            });
        }
    });
    if remedied {
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
        let narrow =
            Parts { collapsed: true, in_party: false, signing_in: false, messages: false, people: false };
        assert_eq!(narrow.spot(Place::Friends), Spot::Page);
        assert_eq!(narrow.spot(Place::Voice), Spot::Page);
        assert_eq!(narrow.spot(Place::Chats), Spot::Page);
        assert_eq!(narrow.spot(Place::People), Spot::Page);
        let wide = Parts { collapsed: false, in_party: true, signing_in: true, messages: true, people: true };
        assert_eq!(wide.spot(Place::Friends), Spot::Friends);
        assert_eq!(wide.spot(Place::Voice), Spot::Bar);
        assert_eq!(wide.spot(Place::Chats), Spot::Messages);
        assert_eq!(wide.spot(Place::People), Spot::People);
        assert_eq!(wide.spot(Place::Party), Spot::Page);
        assert_eq!(narrow.spot(Place::SignIn), Spot::Page);
        assert_eq!(wide.spot(Place::SignIn), Spot::SignIn);
    }
}
