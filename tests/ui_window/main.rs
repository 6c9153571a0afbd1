//! The window as its user meets it: what is on screen, and what pressing it asks of the client. No display needed;
//! every run also checks that each input has a name for screen readers.

mod captures;
mod card;
mod chats;
mod first_run;
mod friends;
mod home;
mod links;
mod notifications;
mod party;
mod settings;
mod sign_in;
mod stage;
mod stay;
mod toasts;
mod voice_path;
mod whole_window;
