//! What the user chose. Serialized by `store` as the settings file; unknown fields are ignored, missing ones default.

use std::{net::Ipv6Addr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Activation, Processing, RecordingFormat, SecretStorage};

/// A sound device by choice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// Follow what the system uses.
    #[default]
    Default,
    /// Pinned by the host's stable id (see [`super::SoundDevice::id`]).
    Device(String),
}

/// When the microphone is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TalkMode {
    #[default]
    PushToTalk,
    /// While somebody speaks into it, see [`Activation`].
    VoiceActivation,
    OpenMicrophone,
}

/// The key held to talk, by its name in the W3C UI Events `code` vocabulary (`ControlRight`, `F8`, `KeyT`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TalkKey(pub String);

impl Default for TalkKey {
    /// Types nothing by itself and sits under the right hand.
    fn default() -> Self {
        Self("ControlRight".into())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    Dark,
    Light,
    System,
}

/// Everything the user can set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub microphone: DeviceChoice,
    pub speakers: DeviceChoice,
    pub talk_mode: TalkMode,
    pub talk_key: TalkKey,
    /// How long the microphone stays on after the key is released, in milliseconds; 0–1000.
    pub release_hold_millis: u16,
    pub activation: Activation,
    pub processing: Processing,
    /// Audio in one packet where the other side leaves it to us: 10, 20 or 40 ms. Shorter is sooner there, and costs more.
    pub frame_millis: u32,
    /// Everybody is about equally loud.
    pub level_voices: bool,
    /// Where this computer asks how others see it, as `host:port`; not used in a sandbox. Empty: those who are not in the same
    /// network may not be reached.
    pub stun_servers: Vec<String>,
    /// What the party says is played there as well, for a stream; `None`: nowhere else.
    pub party_output: Option<DeviceChoice>,
    pub recording_format: RecordingFormat,
    /// `None`: the user's own folder for music.
    pub recording_folder: Option<PathBuf>,
    pub theme: Theme,
    /// Size of everything in the window; 0.75–2.0.
    pub scale: f32,
    /// Where secrets live, if the user was asked; the keyring otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_storage: Option<SecretStorage>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            microphone: DeviceChoice::Default,
            speakers: DeviceChoice::Default,
            talk_mode: TalkMode::PushToTalk,
            talk_key: TalkKey::default(),
            release_hold_millis: 200,
            activation: Activation::default(),
            processing: Processing::default(),
            frame_millis: 20,
            level_voices: true,
            stun_servers: vec!["stun.cloudflare.com:3478".into(), "stun.l.google.com:19302".into()],
            party_output: None,
            recording_format: RecordingFormat::default(),
            recording_folder: None,
            theme: Theme::Dark,
            scale: 1.0,
            secret_storage: None,
        }
    }
}

impl Settings {
    pub const MAX_STUN_SERVERS: usize = 4;
    /// Characters: the longest host name and a port.
    pub const MAX_STUN_LENGTH: usize = 260;

    pub fn release_hold(&self) -> Duration {
        Duration::from_millis(u64::from(self.release_hold_millis))
    }

    /// Whether this is `host:port`, the host being a name, an IPv4 address, or an IPv6 address in brackets.
    pub fn is_stun_server(server: &str) -> bool {
        let Some((host, port)) = server.rsplit_once(':').filter(|_| server.len() <= Self::MAX_STUN_LENGTH)
        else {
            return false;
        };
        let is_host = match host.strip_prefix('[') {
            Some(inside) => inside.strip_suffix(']').is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok()),
            None => {
                let is_label = |label: &str| {
                    !label.is_empty()
                        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                };
                host.split('.').all(is_label)
            }
        };
        // "+1" is a number for `parse`.
        let is_port =
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0);
        is_host && is_port
    }

    /// The same settings with every number inside its range: a file edited by hand must not break the window.
    pub fn clamped(mut self) -> Self {
        self.release_hold_millis = self.release_hold_millis.min(1000);
        self.activation = self.activation.clamped();
        self.frame_millis = match self.frame_millis {
            ..15 => 10,
            15..30 => 20,
            _ => 40,
        };
        self.stun_servers.retain(|server| Self::is_stun_server(server));
        self.stun_servers.truncate(Self::MAX_STUN_SERVERS);
        self.scale = if self.scale.is_finite() { self.scale.clamp(0.75, 2.0) } else { 1.0 };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stun_server_is_a_host_and_a_port() {
        for good in ["stun.example.org:3478", "192.0.2.7:19302", "[2001:db8::7]:3478", "localhost:1"] {
            assert!(Settings::is_stun_server(good), "{good}");
        }
        let long = format!("{}:3478", "a".repeat(300));
        for bad in [
            "",
            "stun.example.org",
            ":3478",
            "a b:3478",
            "a..b:1",
            "a:0",
            "a:70000",
            "a:+1",
            "[::1:3478",
            &long,
        ] {
            assert!(!Settings::is_stun_server(bad), "{bad}");
        }
    }

    #[test]
    fn what_no_server_can_be_called_is_left_out_of_the_file() {
        let stun_servers = ["one.example:1", "no port", "two.example:2", "c:3", "d:4", "e:5"];
        let settings =
            Settings { stun_servers: stun_servers.map(String::from).to_vec(), ..Settings::default() };
        assert_eq!(settings.clamped().stun_servers, ["one.example:1", "two.example:2", "c:3", "d:4"]);
    }
}
