//! The window: egui on the main thread. It draws [`crate::client::Snapshot`]s, samples [`crate::client::Meters`], and
//! answers with [`crate::client::Command`]s. It never waits, and draws nothing while nothing changes.
//!
//! [`App`] holds what is the window's own (the page, an open dialog, text being typed); everything else is the client's.

mod accounts;
mod bidi;
mod capture;
mod card;
mod chats;
mod connection;
mod dialogs;
mod display;
mod files;
mod fonts;
mod friends;
mod home;
mod look;
mod names;
mod notifications;
mod party;
mod pictures;
mod problems;
mod secrets;
mod settings;
mod sign_in;
mod start;
mod stay;
mod talk_key;
mod theme;
mod toasts;
mod voice_bar;
mod widgets;
mod window;
mod wording;

use std::{cell::Cell, sync::Arc};

use egui::{
    CentralPanel, Context, Event, Frame, Key, KeyboardShortcut, Modifiers, Panel, Stroke, Ui, ViewportCommand,
};

pub use start::{SandboxOffer, Start, StartFailure};
pub use window::{WindowError, run};

use crate::{
    client::{Command, Handle, Party, PartyState, Screen, SignedIn, Snapshot},
    model::AccountId,
};

const MUTE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::M);
const DEAFEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::D);

/// What the middle of the window shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Page {
    #[default]
    Parties,
    Party,
    /// How good the party's connections are.
    Connection,
    /// Where there is no room for messages beside another page.
    Messages,
    Notifications,
    Settings,
}

/// Where the user is: the page, the one to go back to, a dialog over it.
#[derive(Debug, Default)]
struct Nav {
    page: Page,
    before_aside: Page,
    section: settings::Section,
    party: party::State,
    connection: connection::State,
    dialog: Option<dialogs::Dialog>,
    /// The user put the messages beside the page away.
    messages_hidden: bool,
    /// Messages stand beside the page in this frame.
    messages_beside: bool,
    /// A card, or the question whom to ask to be friends, is over the window in this frame.
    people_over: bool,
    /// The user closes the window whatever is lost.
    quits: bool,
    /// The last frame ended in a field.
    typing: bool,
    /// A conversation was asked for since the last frame.
    asked_for_chat: Cell<bool>,
}

impl Nav {
    fn open_settings(&mut self, section: settings::Section) {
        self.open_aside(Page::Settings);
        self.section = section;
    }

    /// A page that one comes back from.
    fn open_aside(&mut self, page: Page) {
        if matches!(self.page, Page::Parties | Page::Party) {
            self.before_aside = self.page;
        }
        self.page = page;
    }

    fn leave_aside(&mut self) {
        self.page = self.before_aside;
    }
}

/// What a screen sees, and what it can cause, while it is drawn.
struct Cx<'a> {
    snapshot: &'a Arc<Snapshot>,
    handle: &'a Handle,
    nav: &'a mut Nav,
    offer: &'a mut SandboxOffer,
    files: &'a mut files::Picker,
}

impl<'a> Cx<'a> {
    fn send(&self, command: Command) {
        if matches!(command, Command::OpenChat(_) | Command::OpenChatWith(_)) {
            self.nav.asked_for_chat.set(true);
        }
        self.handle.send(command);
    }

    fn signed_in(&self) -> Option<&'a SignedIn> {
        match &self.snapshot.screen {
            Screen::SignedIn(signed_in) => Some(signed_in),
            Screen::Starting { .. } | Screen::SignedOut | Screen::SigningIn(_) => None,
        }
    }

    fn party(&self) -> Option<&'a Party> {
        joined(self.snapshot)
    }
}

fn joined(snapshot: &Snapshot) -> Option<&Party> {
    match &snapshot.screen {
        Screen::SignedIn(signed_in) => match &signed_in.party {
            PartyState::Joined(party) => Some(party),
            PartyState::None | PartyState::Joining | PartyState::Leaving => None,
        },
        Screen::Starting { .. } | Screen::SignedOut | Screen::SigningIn(_) => None,
    }
}

/// Whose window it is.
fn me(snapshot: &Snapshot) -> Option<AccountId> {
    match &snapshot.screen {
        Screen::SignedIn(signed_in) => Some(signed_in.me.account),
        Screen::Starting { .. } | Screen::SignedOut | Screen::SigningIn(_) => None,
    }
}

/// The window's contents.
pub struct App {
    handle: Handle,
    offer: SandboxOffer,
    snapshot: Arc<Snapshot>,
    nav: Nav,
    files: files::Picker,
    pictures: pictures::Pictures,
    sign_in: sign_in::State,
    friends: friends::State,
    chats: chats::State,
    settings: settings::State,
    toasts: toasts::Toasts,
    talk_key: talk_key::Watch,
    look: look::Watch,
    /// Of the voice bar, as last drawn.
    bar_height: f32,
}

impl App {
    /// Installs fonts and styles into `ctx` and shows what `handle` publishes.
    pub fn new(ctx: &Context, handle: Handle, offer: SandboxOffer) -> Self {
        theme::install(ctx);
        let snapshot = handle.snapshot();
        theme::apply(ctx, &snapshot.settings);
        let chats = chats::State::new(&snapshot);
        let mut nav = Nav::default();
        if joined(&snapshot).is_some() {
            nav.page = Page::Party;
        }
        Self {
            handle,
            offer,
            snapshot,
            nav,
            files: files::Picker::default(),
            pictures: pictures::Pictures::install(ctx),
            sign_in: sign_in::State::default(),
            friends: friends::State::default(),
            chats,
            settings: settings::State::default(),
            toasts: toasts::Toasts::default(),
            talk_key: talk_key::Watch::default(),
            look: look::Watch::default(),
            bar_height: 0.0,
        }
    }

    /// Takes the newest snapshot over, and turns the page where what was on it came or went.
    fn follow_client(&mut self, ctx: &Context) {
        let snapshot = self.handle.snapshot();
        if !Arc::ptr_eq(&snapshot, &self.snapshot) {
            if snapshot.settings != self.snapshot.settings {
                theme::apply(ctx, &snapshot.settings);
            }
            let signed_in = matches!(snapshot.screen, Screen::SignedIn(_));
            match (joined(&self.snapshot).is_some(), joined(&snapshot).is_some()) {
                (false, true) => {
                    self.nav.page = Page::Party;
                    self.nav.dialog = None;
                }
                (true, false) => {
                    self.nav.dialog = None;
                    self.nav.party = party::State::default();
                    self.nav.before_aside = Page::Parties;
                    if self.nav.page == Page::Party {
                        self.nav.page = Page::Parties;
                    }
                }
                _ => {}
            }
            if !signed_in {
                self.nav = Nav::default();
            }
            if me(&snapshot) != me(&self.snapshot) {
                self.nav.dialog = None;
                self.nav.party = party::State::default();
                self.friends = friends::State::default();
                self.chats = chats::State::new(&snapshot);
                self.toasts.withdraw_offers();
            }
            self.chats.follow(&self.snapshot, &snapshot);
            self.sign_in.follow(&snapshot);
            self.snapshot = snapshot;
        }
        let now = ctx.input(|input| input.time);
        self.toasts.extend(self.handle.take_notices(), now);
    }

    /// A window that is closed with messages that were not sent asks first, if need be brought up for it.
    fn hold_back_quitting(&mut self, ctx: &Context) {
        let Screen::SignedIn(signed_in) = &self.snapshot.screen else { return };
        let lost = signed_in.chats.unsent > 0 && !self.nav.quits;
        if lost && ctx.input(|input| input.viewport().close_requested()) {
            self.nav.dialog = Some(dialogs::Dialog::Unsent(dialogs::Leaving::Quit));
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
            ctx.send_viewport_cmd(ViewportCommand::Focus);
            ctx.request_repaint();
        }
    }

    fn shortcuts(&self, ctx: &Context) {
        let Some(talk) = joined(&self.snapshot).map(|party| party.talk) else { return };
        if pressed_once(ctx, &MUTE) {
            self.handle.send(Command::SetMuted(!talk.muted));
        }
        if pressed_once(ctx, &DEAFEN) {
            self.handle.send(Command::SetDeafened(!talk.deafened));
        }
    }
}

/// A key held down repeats; what it switches must not.
fn pressed_once(ctx: &Context, shortcut: &KeyboardShortcut) -> bool {
    let fresh = |event: &Event| matches!(event, Event::Key { key, pressed: true, repeat: false, .. } if *key == shortcut.logical_key);
    ctx.input_mut(|input| {
        let fresh = input.events.iter().any(fresh);
        input.consume_shortcut(shortcut) && fresh
    })
}

impl eframe::App for App {
    /// Comes also where no frame is drawn. Sees every key before any widget does, on whatever page: the talk key, and the key
    /// being chosen in settings.
    fn raw_input_hook(&mut self, ctx: &Context, input: &mut egui::RawInput) {
        if let Some(looked_at) = self.look.observe(input.viewport()) {
            self.handle.send(Command::Look(looked_at));
        }
        let change = if self.settings.is_choosing_key() {
            if let Some(settings) = self.settings.choose_key(input, &self.snapshot.settings) {
                self.handle.send(Command::ChangeSettings(Box::new(settings)));
            }
            self.talk_key.release(input)
        } else {
            let key = talk_key::to_key(&self.snapshot.settings.talk_key);
            self.talk_key.observe(key, input, ctx.text_edit_focused())
        };
        if let Some(held) = change {
            self.handle.send(Command::TalkKey { held });
        }
    }

    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        self.offer.carry_out(ctx, &mut self.handle);
        self.files.carry_out(ctx, frame);
        self.follow_client(ctx);
        self.hold_back_quitting(ctx);
        let signed_in = match &self.snapshot.screen {
            Screen::SignedIn(signed_in) => Some(signed_in.as_ref()),
            Screen::Starting { .. } | Screen::SignedOut | Screen::SigningIn(_) => None,
        };
        self.pictures.take(ctx, &mut self.handle, signed_in);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        tracing::trace!(frame = ui.ctx().cumulative_frame_nr(), before = ?frame.info().cpu_usage, "drawn");
        self.shortcuts(ui.ctx());
        let snapshot = self.snapshot.clone();
        let mut cx = Cx {
            snapshot: &snapshot,
            handle: &self.handle,
            nav: &mut self.nav,
            offer: &mut self.offer,
            files: &mut self.files,
        };
        match &snapshot.screen {
            Screen::Starting { .. } | Screen::SignedOut | Screen::SigningIn(_) => {
                sign_in::show(ui, &mut cx, &mut self.sign_in);
            }
            Screen::SignedIn(signed_in) => {
                cx.nav.people_over = signed_in.people.card.is_some()
                    || matches!(cx.nav.dialog, Some(dialogs::Dialog::AddFriend(_)));
                let bar =
                    shell(ui, &mut cx, signed_in, &mut self.friends, &mut self.chats, &mut self.settings);
                card::show(ui.ctx(), &mut cx, signed_in);
                dialogs::show(ui.ctx(), &mut cx, signed_in);
                stay::dialog(ui.ctx(), &mut cx, signed_in, &mut self.sign_in.wait);
                if bar != self.bar_height {
                    // A panel has the height of the pass before: draw again now, since no later frame may come.
                    self.bar_height = bar;
                    ui.ctx().request_discard("the voice bar has a new height");
                }
                self.toasts.show(ui, &cx, signed_in, bar);
            }
        }
        capture::found_dialog(ui.ctx(), &cx);
        self.settings.follow_page(&cx);
        self.nav.typing = ui.ctx().text_edit_focused();
        self.pictures.ask(&self.handle);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.handle.send(Command::Quit);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}

/// The signed-in window: friends on the left, the page in the middle, messages on the right where there is room, the voice
/// bar below for as long as there is a party. Returns the height of the bar.
fn shell(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    signed_in: &SignedIn,
    friends: &mut friends::State,
    chats: &mut chats::State,
    settings: &mut settings::State,
) -> f32 {
    let colours = theme::palette(ui);
    let collapsed = theme::is_collapsed(ui);
    let messages = chats.settle(ui, cx, signed_in);
    let width = if collapsed { theme::SIDE_WIDTH_COLLAPSED } else { theme::SIDE_WIDTH };

    let side = Panel::left("friends")
        .exact_size(width)
        .resizable(false)
        .show_separator_line(false)
        .frame(Frame::new().fill(colours.panel))
        .show(ui, |ui| friends::show(ui, cx, signed_in, friends, collapsed))
        .response
        .rect;
    ui.painter().vline(side.right() - 0.5, side.y_range(), Stroke::new(1.0, colours.line));

    let mut bar_height = 0.0;
    if let Some(party) = cx.party() {
        let bar = Panel::bottom("voice")
            .resizable(false)
            .show_separator_line(false)
            .frame(Frame::new().fill(colours.panel))
            .show(ui, |ui| voice_bar::show(ui, cx, party))
            .response
            .rect;
        widgets::hairline(ui, bar.left(), bar.right(), bar.top() + 0.5);
        bar_height = bar.height();
    }

    if messages {
        let panel = Panel::right("messages")
            .exact_size(chats::PANEL_WIDTH)
            .resizable(false)
            .show_separator_line(false)
            .frame(Frame::new().fill(colours.panel))
            .show(ui, |ui| chats::show(ui, cx, signed_in, chats, false))
            .response
            .rect;
        ui.painter().vline(panel.left() + 0.5, panel.y_range(), Stroke::new(1.0, colours.line));
    }

    CentralPanel::no_frame().frame(Frame::new().fill(colours.background)).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        match (cx.nav.page, cx.party()) {
            (Page::Party, Some(party)) => party::show(ui, cx, signed_in, party),
            (Page::Connection, _) => connection::show(ui, cx, signed_in),
            (Page::Settings, _) => settings::show(ui, cx, signed_in, settings),
            (Page::Messages, _) => chats::show(ui, cx, signed_in, chats, true),
            (Page::Notifications, _) => notifications::show(ui, cx, signed_in),
            (Page::Parties | Page::Party, _) => home::show(ui, cx, signed_in),
        }
    });
    bar_height
}
