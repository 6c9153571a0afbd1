//! The settings page: what the user can choose, each in force at once.

mod account;
mod captures;
mod connection;
mod people;
mod report;
mod sign_in;
mod talk_keys;
mod voice;

use egui::{Align, Layout, RawInput, Ui, vec2};

use super::{
    Cx, Page, accounts, home, problems,
    sign_in::{first_run, sandbox_note},
    theme,
    theme::palette,
    widgets::{self, Button},
    wording,
};
use crate::{
    client::{Command, MicrophoneTest, Service, SignedIn},
    model::{KnownAccount, Settings, Theme},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    #[default]
    Voice,
    TalkKeys,
    Appearance,
    Account,
    People,
    SignIn,
    Captures,
    Connection,
    About,
}

impl Section {
    const ALL: [Self; 9] = [
        Self::Voice,
        Self::TalkKeys,
        Self::Appearance,
        Self::Account,
        Self::People,
        Self::SignIn,
        Self::Captures,
        Self::Connection,
        Self::About,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Voice => "Voice",
            Self::TalkKeys => "Talk keys",
            Self::Appearance => "Appearance",
            Self::Account => "Account",
            Self::People => "People",
            Self::SignIn => "Sign-in",
            Self::Captures => "Captures",
            Self::Connection => "Connection",
            Self::About => "About",
        }
    }
}

/// What the page keeps between frames.
#[derive(Default)]
pub struct State {
    voice: voice::State,
    /// What the client was last asked for.
    asked: MicrophoneTest,
    key_choice: talk_keys::Choice,
    /// The slider while it is dragged; saved when it is let go.
    release_hold_millis: Option<u16>,
    /// To be confirmed.
    forgetting: Option<KnownAccount>,
    /// To supply one after the one in use was forgotten.
    client: first_run::Draft,
    forgetting_client: bool,
    captures: captures::Draft,
    connection: connection::State,
    /// The list of blocked people was asked for since its section is open.
    asked_for_blocked: bool,
}

impl State {
    /// The next key pressed becomes the talk key.
    pub fn is_choosing_key(&self) -> bool {
        self.key_choice.is_waiting()
    }

    /// Takes the keys out of `input` while one is being chosen. The changed settings once there is one.
    pub fn choose_key(&mut self, input: &mut RawInput, settings: &Settings) -> Option<Settings> {
        let talk_key = self.key_choice.take(input)?;
        Some(Settings { talk_key, ..settings.clone() })
    }

    /// The microphone is tested only while its section is open; who is blocked is asked for when its section opens.
    pub fn follow_page(&mut self, cx: &Cx<'_>) {
        let open = cx.signed_in().is_some() && cx.nav.page == Page::Settings;
        if !open || cx.nav.section != Section::Voice {
            self.voice = voice::State::default();
        }
        if !open || cx.nav.section != Section::TalkKeys {
            self.key_choice = talk_keys::Choice::default();
            self.release_hold_millis = None;
        }
        let people = open && cx.nav.section == Section::People;
        if people && !self.asked_for_blocked {
            cx.send(Command::ReadBlocked);
        }
        self.asked_for_blocked = people;
        let wanted = match (open && cx.nav.section == Section::Voice, self.voice.hear_yourself) {
            (false, _) => MicrophoneTest::Off,
            (true, false) => MicrophoneTest::Meter,
            (true, true) => MicrophoneTest::HearYourself,
        };
        if wanted != self.asked {
            self.asked = wanted;
            cx.send(Command::TestMicrophone(wanted));
        }
    }
}

const NAV_WIDTH: f32 = 170.0;
const CONTENT_WIDTH: f32 = 620.0;

pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, state: &mut State) {
    let title_color = palette(ui).text;
    let title = |ui: &mut Ui| {
        widgets::line(ui, "Settings", theme::title(), title_color);
    };
    let escape = !state.is_choosing_key() && widgets::escaped(ui, cx.nav.typing);
    if widgets::header(ui, Some(home::way_back("Back", signed_in)), title, |_| {}) || escape {
        cx.nav.leave_aside();
    }
    let wide = ui.available_width() > 760.0;
    if wide {
        let rest = ui.available_rect_before_wrap();
        let margin = widgets::margin(ui);
        let column =
            egui::Rect::from_min_size(rest.min + vec2(margin, margin), vec2(NAV_WIDTH, rest.height()));
        widgets::place(ui, column, Layout::default(), |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for section in Section::ALL {
                section_row(ui, cx, section);
            }
        });
        let page = rest.with_min_x(column.right() + 32.0 - margin);
        widgets::place(ui, page, Layout::default(), |ui| page_body(ui, cx, signed_in, state));
    } else {
        egui::Frame::new().inner_margin(egui::Margin { left: 16, right: 16, top: 12, bottom: 0 }).show(
            ui,
            |ui| {
                ui.horizontal_wrapped(|ui| {
                    ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
                    for section in Section::ALL {
                        section_row(ui, cx, section);
                    }
                });
            },
        );
        page_body(ui, cx, signed_in, state);
    }
    accounts::forget_dialog(ui.ctx(), cx, &mut state.forgetting);
    sign_in::forget_dialog(ui.ctx(), cx, &mut state.forgetting_client);
}

fn section_row(ui: &mut Ui, cx: &mut Cx<'_>, section: Section) {
    if widgets::nav_item(ui, section.title(), cx.nav.section == section).clicked() {
        cx.nav.section = section;
    }
}

fn page_body(ui: &mut Ui, cx: &mut Cx<'_>, signed_in: &SignedIn, state: &mut State) {
    home::body(ui, CONTENT_WIDTH, |ui| {
        problems::show_page(ui, cx, signed_in);
        match cx.nav.section {
            Section::Voice => voice::show(ui, cx, &mut state.voice),
            Section::TalkKeys => {
                talk_keys::show(ui, cx, &mut state.key_choice, &mut state.release_hold_millis)
            }
            Section::Appearance => appearance(ui, cx),
            Section::Account => account::show(ui, cx, signed_in, &mut state.forgetting),
            Section::People => people::show(ui, cx, signed_in),
            Section::SignIn => sign_in::show(ui, cx, &mut state.client, &mut state.forgetting_client),
            Section::Captures => captures::show(ui, cx, &mut state.captures),
            Section::Connection => connection::show(ui, cx, signed_in, &mut state.connection),
            Section::About => about(ui, cx),
        }
    });
}

/// Saves the settings with one thing changed.
fn change(cx: &Cx<'_>, change: impl FnOnce(&mut Settings)) {
    let mut settings = cx.snapshot.settings.clone();
    change(&mut settings);
    if settings != cx.snapshot.settings {
        cx.send(Command::ChangeSettings(Box::new(settings)));
    }
}

/// A line of a card: what it is on the left, what to do on the right.
fn setting(ui: &mut Ui, name: &str, explanation: &str, control: impl FnOnce(&mut Ui)) {
    let colours = palette(ui);
    let size = vec2(ui.available_width(), 44.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        control(ui);
        ui.add_space(8.0);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                ui.add_space(if explanation.is_empty() { 12.0 } else { 3.0 });
                widgets::line(ui, name, theme::body(), colours.text);
                if !explanation.is_empty() {
                    widgets::line(ui, explanation, theme::small(), colours.dim);
                }
            });
        });
    });
}

/// Alternatives side by side.
fn choices<T: Copy + PartialEq>(
    ui: &mut Ui,
    all: &[T],
    chosen: T,
    words: fn(T) -> &'static str,
) -> Option<T> {
    let mut picked = None;
    ui.horizontal_wrapped(|ui| {
        for &option in all {
            let button = Button::ghost(words(option)).chosen(option == chosen);
            if ui.add(button).clicked() && option != chosen {
                picked = Some(option);
            }
        }
    });
    picked
}

const SCALES: [f32; 9] = [0.75, 0.9, 1.0, 1.1, 1.25, 1.4, 1.5, 1.75, 2.0];

fn appearance(ui: &mut Ui, cx: &Cx<'_>) {
    widgets::settings_card(ui, "Theme", |ui| {
        let all = [Theme::Dark, Theme::Light, Theme::System];
        if let Some(theme) = choices(ui, &all, cx.snapshot.settings.theme, wording::theme) {
            change(cx, |settings| settings.theme = theme);
        }
    });
    widgets::settings_card(ui, "Size", |ui| {
        setting(ui, "Scale", "Of everything in the window", |ui| {
            let scale = cx.snapshot.settings.scale;
            let mut scales = SCALES.to_vec();
            if !scales.contains(&scale) {
                scales.push(scale);
                scales.sort_by(f32::total_cmp);
            }
            let words: Vec<String> = scales.iter().map(|s| format!("{:.0} %", s * 100.0)).collect();
            let chosen = scales.iter().position(|s| *s == scale).unwrap_or(0);
            if let Some(picked) = widgets::select(ui, "Scale", 120.0, &words, chosen)
                && let Some(scale) = scales.get(picked)
            {
                change(cx, |settings| settings.scale = *scale);
            }
        });
    });
}

fn about(ui: &mut Ui, cx: &Cx<'_>) {
    let colours = palette(ui);
    widgets::settings_card(ui, "Partyline", |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let version = format!("Version {}", env!("CARGO_PKG_VERSION"));
        widgets::line(ui, version, theme::strong(), colours.text);
        let text = "An unofficial client for PlayStation Network parties, for your own account. Not affiliated with \
                    or endorsed by Sony Interactive Entertainment.";
        widgets::paragraph(ui, text, theme::small(), colours.dim);
        let text =
            "Free software under MIT or Apache-2.0. The typeface is Inter, under the SIL Open Font License.";
        widgets::paragraph(ui, text, theme::small(), colours.dim);
    });
    if cx.snapshot.service == Service::Sandbox {
        sandbox_note(ui);
    }
}
