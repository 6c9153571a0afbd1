//! Every sentence the client can cause: what happened, what it means for you, what to press. Pure.

use std::time::Duration;

use crate::{
    client::{LinkState, Notice, Problem, ProblemKind, Remedy, VoiceStatus},
    model::{DeviceKind, Friend, PartySession, Platform, Presence, Privacy, SecretStorage, TalkMode, Theme},
    ui::display::one_line,
};

/// A problem in words: what happened, and what it means for the user.
pub fn problem(kind: &ProblemKind) -> (&'static str, String) {
    let (what, means) = match kind {
        ProblemKind::NoClientSecret => (
            "Partyline has no client secret.",
            "Signing in needs one, and it is yours to supply. The sandbox works without.",
        ),
        ProblemKind::SignInTimedOut => {
            ("The browser did not come back.", "You are not signed in. Try again and finish in the browser.")
        }
        ProblemKind::SignInRefused => {
            ("The sign-in was refused.", "You are not signed in. You can try again.")
        }
        ProblemKind::BrowserDidNotOpen => {
            ("Your browser did not open.", "Copy the link and open it yourself, or try again.")
        }
        ProblemKind::NotARedirect => (
            "That is neither an address nor a code.",
            "Copy the whole address that the browser ended on. It begins with the address of the sign-in's own page.",
        ),
        ProblemKind::RedirectOfOtherPage => (
            "That is the address of another page.",
            "Finish signing in first. The right address appears at the very end.",
        ),
        ProblemKind::RedirectOfOtherSignIn => (
            "That address belongs to an older sign-in.",
            "Each one counts once. Open the link again and paste what you get then.",
        ),
        ProblemKind::NotAnNpsso => {
            ("That is no npsso.", "Paste the value, or the whole line that the page shows.")
        }
        ProblemKind::NpssoRefused => (
            "The service does not accept this npsso.",
            "It ends when you sign out in the browser. Get a new one and try again.",
        ),
        ProblemKind::ClientRefused => (
            "The service does not accept the client secret.",
            "You can't sign in with it. Check it, or import it from a capture again.",
        ),
        ProblemKind::ClientUnusable => (
            "That can't be a client.",
            "The id and the secret have no spaces, and the redirect is an address.",
        ),
        ProblemKind::AccountNotKept => (
            "This account's sign-in could not be read.",
            "It was kept where this program can't reach it now. Sign in again.",
        ),
        ProblemKind::SecretsNotKept => (
            "Your sign-in could not be stored.",
            "It lasts until you quit. In the settings you can store it elsewhere.",
        ),
        ProblemKind::SchemeNotChanged => (
            "The desktop did not take the change.",
            "You can paste the address after signing in; that always works.",
        ),
        ProblemKind::SignInEnded => {
            ("Your sign-in has ended.", "Friends and parties stay out of reach until you sign in again.")
        }
        ProblemKind::ServiceUnreachable => {
            ("The service does not answer.", "Check your connection. What you see may be out of date.")
        }
        ProblemKind::ServiceTrouble => {
            ("The service has trouble.", "It is not on your side. Try again in a moment.")
        }
        ProblemKind::BlockedByNetworkEdge => (
            "The service refuses this network.",
            "It is about your address, not your account. Another network or no VPN may help.",
        ),
        ProblemKind::TooManyRequests { wait } => {
            return (
                "The service asks for a pause.",
                format!("Partyline is quiet for {}. Try again then.", duration(*wait)),
            );
        }
        ProblemKind::PartyEnded => ("The party has ended.", "Everyone left. You can start a new one."),
        ProblemKind::PartyFull => ("The party is full.", "You can join when somebody leaves."),
        ProblemKind::RemovedFromParty => {
            ("You were removed from the party.", "You need a new invitation to come back.")
        }
        ProblemKind::NotAllowed => (
            "The party does not allow that.",
            "You need an invitation, or a setting of the party forbids it.",
        ),
        ProblemKind::InvitationRefused => {
            ("The invitation was not delivered.", "Their privacy settings don't accept invitations from you.")
        }
        ProblemKind::FriendsNotLoaded => {
            ("Your friends could not be loaded.", "The list may be empty or out of date.")
        }
        ProblemKind::VoiceUnreachable => {
            ("Voice did not connect.", "The others can't hear you, and you can't hear them.")
        }
        ProblemKind::VoiceNotUnderstood => (
            "The party's voice speaks a language Partyline doesn't.",
            "Nobody hears you. Trying again may help.",
        ),
        ProblemKind::VoiceBroken => {
            ("Voice could not start on this computer.", "The others can't hear you. Try again.")
        }
        ProblemKind::DeviceMissing(DeviceKind::Microphone) => {
            ("There is no microphone.", "The others can't hear you. Plug one in, or choose another.")
        }
        ProblemKind::DeviceMissing(DeviceKind::Speakers) => {
            ("There are no speakers.", "You can't hear the others. Plug some in, or choose others.")
        }
        ProblemKind::SettingsNotSaved => {
            ("Your settings were not saved.", "They hold until you quit. The disk may be full or read-only.")
        }
        ProblemKind::SettingsUnreadable => {
            ("Your settings could not be read.", "The file was kept aside, and the defaults are in force.")
        }
    };
    (what, means.to_owned())
}

/// Trouble that stops something, as against trouble that passes.
pub fn is_severe(kind: &ProblemKind) -> bool {
    match kind {
        ProblemKind::NoClientSecret
        | ProblemKind::SignInEnded
        | ProblemKind::SignInRefused
        | ProblemKind::ClientRefused
        | ProblemKind::BlockedByNetworkEdge
        | ProblemKind::VoiceUnreachable
        | ProblemKind::VoiceNotUnderstood
        | ProblemKind::VoiceBroken => true,
        ProblemKind::SignInTimedOut
        | ProblemKind::BrowserDidNotOpen
        | ProblemKind::NotARedirect
        | ProblemKind::RedirectOfOtherPage
        | ProblemKind::RedirectOfOtherSignIn
        | ProblemKind::NotAnNpsso
        | ProblemKind::NpssoRefused
        | ProblemKind::ClientUnusable
        | ProblemKind::AccountNotKept
        | ProblemKind::SecretsNotKept
        | ProblemKind::SchemeNotChanged
        | ProblemKind::ServiceUnreachable
        | ProblemKind::ServiceTrouble
        | ProblemKind::TooManyRequests { .. }
        | ProblemKind::PartyEnded
        | ProblemKind::PartyFull
        | ProblemKind::RemovedFromParty
        | ProblemKind::NotAllowed
        | ProblemKind::InvitationRefused
        | ProblemKind::FriendsNotLoaded
        | ProblemKind::DeviceMissing(_)
        | ProblemKind::SettingsNotSaved
        | ProblemKind::SettingsUnreadable => false,
    }
}

/// The words on the button that helps.
pub fn remedy(problem: &Problem) -> &'static str {
    match problem.remedy() {
        Remedy::SignIn if matches!(problem.kind, ProblemKind::SignInEnded | ProblemKind::AccountNotKept) => {
            "Sign in again"
        }
        Remedy::SignIn | Remedy::RetryStart | Remedy::Refresh | Remedy::RetryVoice => "Try again",
        Remedy::OpenVoiceSettings => "Choose a device",
        Remedy::Dismiss => "Got it",
    }
}

/// What a toast says.
pub fn notice(notice: &Notice) -> String {
    match notice {
        Notice::SignedInAgain => "You are signed in again".to_owned(),
        Notice::SwitchedTo(who) => format!("You are {} now", one_line(who.as_str())),
        Notice::SecretsMoved(SecretStorage::Keyring) => "Your sign-in is kept in the keyring".to_owned(),
        Notice::SecretsMoved(SecretStorage::File) => "Your sign-in is kept in a file".to_owned(),
        Notice::SecretsMoved(SecretStorage::Memory) => "Your sign-in lasts until you quit".to_owned(),
        Notice::MemberJoined(who) => format!("{} joined the party", one_line(who.as_str())),
        Notice::MemberLeft(who) => format!("{} left the party", one_line(who.as_str())),
        Notice::OwnerChanged(who) => format!("{} is the host now", one_line(who.as_str())),
        Notice::Invited { from: Some(who), .. } => {
            format!("{} invites you to a party", one_line(who.as_str()))
        }
        Notice::Invited { from: None, .. } => "You are invited to a party".to_owned(),
        Notice::InvitationSent(who) => format!("Invitation sent to {}", one_line(who.as_str())),
        Notice::VoiceConnected => "Voice is connected".to_owned(),
        Notice::VoiceInterrupted => "Voice was interrupted. Reconnecting by itself.".to_owned(),
        Notice::DeviceLost(DeviceKind::Microphone) => "The microphone was unplugged".to_owned(),
        Notice::DeviceLost(DeviceKind::Speakers) => "The speakers were unplugged".to_owned(),
        Notice::DeviceInUse { kind: DeviceKind::Microphone, name } => {
            format!("Using the microphone {}", one_line(name))
        }
        Notice::DeviceInUse { kind: DeviceKind::Speakers, name } => {
            format!("Using the speakers {}", one_line(name))
        }
        Notice::TalkingWhileMuted => "You are muted or deafened. The others can't hear you.".to_owned(),
    }
}

pub fn platform(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::Ps4 => Some("PS4"),
        Platform::Ps5 => Some("PS5"),
        Platform::Mobile => Some("Phone"),
        Platform::Pc => Some("PC"),
        Platform::Unknown => None,
    }
}

pub fn privacy(privacy: Privacy) -> &'static str {
    match privacy {
        Privacy::InviteOnly => "Invite only",
        Privacy::FriendsCanJoin => "Friends can join",
    }
}

pub fn talk_mode(mode: TalkMode) -> &'static str {
    match mode {
        TalkMode::PushToTalk => "Push-to-talk",
        TalkMode::OpenMicrophone => "Open microphone",
    }
}

pub fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::Dark => "Dark",
        Theme::Light => "Light",
        Theme::System => "Like the system",
    }
}

pub fn link(link: LinkState) -> &'static str {
    match link {
        LinkState::Connecting => "Connecting…",
        LinkState::Live => "Online",
        LinkState::CatchingUp => "Catching up…",
    }
}

pub fn voice(voice: VoiceStatus) -> &'static str {
    match voice {
        VoiceStatus::Connecting => "voice connecting…",
        VoiceStatus::Connected => "voice connected",
        VoiceStatus::Reconnecting => "voice reconnecting…",
        VoiceStatus::Failed => "no voice",
    }
}

/// The name of a party, or whose it is.
pub fn party_name(session: &PartySession) -> String {
    let owner = session.members.iter().find(|m| Some(m.account) == session.owner);
    match owner.or(session.members.first()) {
        _ if !session.name.trim().is_empty() => one_line(&session.name),
        Some(owner) => format!("{}’s party", one_line(owner.online_id.as_str())),
        None => "Party".to_owned(),
    }
}

/// What a friend is doing, in one line.
pub fn presence(friend: &Friend, now: jiff::Timestamp) -> String {
    match &friend.presence {
        None => "…".to_owned(),
        Some(presence) if presence.availability == crate::model::Availability::Offline => {
            last_seen(presence, now)
        }
        Some(presence) => {
            let doing = presence
                .game
                .as_ref()
                .map(|game| one_line(&game.title))
                .unwrap_or_else(|| "Online".to_owned());
            match presence.platform.and_then(platform) {
                Some(platform) => format!("{doing} · {platform}"),
                None => doing,
            }
        }
    }
}

fn last_seen(presence: &Presence, now: jiff::Timestamp) -> String {
    let Some(then) = presence.last_online else { return "Offline".to_owned() };
    let minutes = now.duration_since(then).as_mins().max(0);
    match minutes {
        0..2 => "Last seen a moment ago".to_owned(),
        2..60 => format!("Last seen {minutes} minutes ago"),
        60..120 => "Last seen an hour ago".to_owned(),
        120..1440 => format!("Last seen {} hours ago", minutes / 60),
        1440..2880 => "Last seen yesterday".to_owned(),
        _ => format!("Last seen {} days ago", minutes / 1440),
    }
}

fn duration(wait: Duration) -> String {
    match wait.as_secs().max(1) {
        1 => "a second".to_owned(),
        seconds @ 2..120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// `a, b, c and 2 more`; at most three are named.
pub fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const NAMED: usize = 3;
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| one_line(name)).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Availability;

    #[test]
    fn a_pause_names_its_length() {
        let (_, means) = problem(&ProblemKind::TooManyRequests { wait: Duration::from_secs(45) });
        assert_eq!(means, "Partyline is quiet for 45 seconds. Try again then.");
        assert_eq!(duration(Duration::from_secs(150)), "3 minutes");
    }

    #[test]
    fn many_names_end_in_a_number() {
        assert_eq!(names(["Nova", "bramble"]), "Nova, bramble");
        assert_eq!(names(["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }

    #[test]
    fn the_time_since_somebody_was_here_is_rounded_to_what_matters() {
        let now: jiff::Timestamp = "2026-05-01T12:00:00Z".parse().expect("a time");
        let seen = |ago: i64| {
            let then = now - jiff::SignedDuration::from_mins(ago);
            let presence = Presence {
                availability: Availability::Offline,
                platform: None,
                game: None,
                last_online: Some(then),
            };
            last_seen(&presence, now)
        };
        assert_eq!(seen(-5), "Last seen a moment ago");
        assert_eq!(seen(30), "Last seen 30 minutes ago");
        assert_eq!(seen(130), "Last seen 2 hours ago");
        assert_eq!(seen(1500), "Last seen yesterday");
        assert_eq!(seen(4400), "Last seen 3 days ago");
    }
}
