//! WebRTC as the sandbox uses it, for the bridge and for residents who talk directly: one voice each way, and a data
//! channel whose close says goodbye. The only place here that names the crates behind it, apart from RTP packets.

mod connection;
mod stack;

pub(super) use connection::{Connection, Health, Outlet, RtcError};
pub(super) use stack::{AUDIO_LEVEL, Media, PAYLOAD_SIGNATURE, Voices, codec, extension_id, with_ptime};
