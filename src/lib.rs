//! Partyline: a native desktop client for PlayStation Network parties.
//!
//! # The map
//!
//! | module | owns |
//! |---|---|
//! | [`model`] | plain values: ids, party, member, friend, settings. No I/O, no wire shapes |
//! | [`psn`] | the network service: endpoints, HTTP, tokens, one file per API, push |
//! | [`voice`] | media: negotiation, peer, codec, jitter buffer, mixer, gate, the voice thread, sound cards |
//! | [`store`] | the settings file, the vault of tokens and secrets, and where things live on disk |
//! | [`desktop`] | the operating system: the browser, the sign-in's scheme, other starts of this program |
//! | [`capture`] | HAR files: read as a stream, bounded whatever they hold |
//! | [`client`] | the async core: commands in, snapshots out; owns every task but those of the media |
//! | [`ui`] | egui: one file per screen, widgets, theme, wording |
//! | [`headless`] | the same client without a window: a script and a report |
//! | [`sandbox`] | a small PSN that runs on this machine (cargo feature `sandbox`) |
//!
//! # The rule
//!
//! `{ ui, headless } → client → { psn, voice, store, desktop, capture } → model`. Brothers do not import each other, nothing imports
//! `ui`, the client never imports `sandbox` (only the binary starts it), and the sandbox never imports
//! `psn`, so that one misreading of the protocol cannot hide on both sides. `tests/dependency_rule.rs` keeps it.
//!
//! # How it flows
//!
//! ```text
//! ui ──Command──▶ client ──Effect──▶ tasks in psn / voice / store / desktop
//! ▲                │  ▲──────────Input (result, push event, timer, voice event)
//! ├── Snapshot ────┘   what is true now: watch<Arc<Snapshot>>, immutable, one writer
//! ├── Notice           what happened once
//! └── Meters           sampled levels: atomics
//! ```
//!
//! Decisions are one pure function, `client::state::State::handle(input, now) -> Vec<Effect>`; everything around it
//! carries out effects and reports back.
//!
//! # Threads
//!
//! | thread | work | never |
//! |---|---|---|
//! | main | egui; draws only when a [`client::Waker`] asks | network, files, locks |
//! | `client` and its workers | the loop that decides; HTTP, push, RTP in and out | touch samples |
//! | `voice` | 10 ms tick: gate, encode; decode, conceal, mix | await, network |
//! | `client-secrets` | keyring and file of secrets, which may block | decide |
//! | `headless-input` | stdin, which may block | decide |
//! | `ui-fonts` | lists the fonts of the system, once a glyph is missing | draw |
//! | sound card callbacks, `voice-capture` | copy between the device and a lock-free ring | lock, allocate, log |
//! | `voice-devices`, `voice-microphone`, `voice-speakers` | list, open and reopen sound cards, which may block | touch samples |

pub mod capture;
pub mod client;
pub mod desktop;
pub mod headless;
pub mod model;
pub mod psn;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod store;
pub mod ui;
pub mod voice;
