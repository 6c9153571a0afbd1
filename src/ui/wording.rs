//! Every sentence the client can cause: what happened, what it means for you, what to press. Pure.

pub mod connection;
pub mod keeping;
pub mod links;
pub mod messages;
pub mod parties;
pub mod people;
pub mod voice_path;

use std::time::Duration;

pub use people::{ago, names, party_name, presence};

use crate::{
    client::{LinkState, Notice, Place, Problem, ProblemKind, Remedy, VoiceStatus},
    model::{DeviceKind, Platform, Privacy, SecretStorage, TalkMode, Theme},
    ui::display::one_line,
};

/// A problem in words: what happened, and what it means for the user where it did.
pub fn problem(kind: &ProblemKind, place: Place) -> (&'static str, String) {
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
        ProblemKind::SecretsNotForgotten => (
            "Something of your sign-in is still stored.",
            "The place it is in, most often a locked keyring, did not let it go. Unlock it and sign out once more.",
        ),
        ProblemKind::ProfileInUse => (
            "Another Partyline has this profile.",
            "Accounts of this window last until you quit it. Start one of the two with --profile and a name.",
        ),
        ProblemKind::SignInCancelled => {
            ("You gave the sign-in up.", "Nothing was stored. The link in your browser counts no more.")
        }
        ProblemKind::SchemeNotChanged => (
            "The desktop did not take the change.",
            "You can paste the address after signing in; that always works.",
        ),
        ProblemKind::SignInEnded => {
            ("Your sign-in has ended.", "Friends and parties stay out of reach until you sign in again.")
        }
        ProblemKind::ServiceUnreachable if place == Place::Starting => {
            ("The service does not answer.", "Check your connection. Partyline goes on trying by itself.")
        }
        ProblemKind::ServiceUnreachable if place == Place::SignIn => {
            ("The service does not answer.", "You are not signed in. Check your connection and try again.")
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
            ("You are not in the party any more.", "Somebody removed you, or you left it on another device.")
        }
        ProblemKind::BetweenParties => (
            "You are in no party now.",
            "You left yours, and the other one did not let you in. You can go back while yours is in the list.",
        ),
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
        ProblemKind::NobodyByThatName => {
            ("Nobody was found by that name.", "Check the spelling; the online id has to be exact.")
        }
        ProblemKind::RequestRefused => {
            ("The request was not sent.", "Their settings don't accept requests, or you asked before.")
        }
        ProblemKind::AlreadyFriends => ("You are friends already.", "They are in your list of friends."),
        ProblemKind::NotOffered => {
            ("The service does not let Partyline do this.", "It works in the phone app or on a console.")
        }
        ProblemKind::MessageNotSent => ("The message was not sent.", "You can send it again."),
        ProblemKind::ChatGone => {
            ("This conversation is gone.", "You left it, or somebody removed you from it.")
        }
        ProblemKind::ChatsNotLoaded => {
            ("Your messages could not be loaded.", "The list may be empty or out of date.")
        }
        ProblemKind::LinkOfNoParty => {
            ("The link leads nowhere.", "Its party may be over. Ask for a new one.")
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
        ProblemKind::DeviceMissing(kind, trouble) => voice_path::device_trouble(*kind, *trouble),
        ProblemKind::RecordingFailed => (
            "The recording could not be written.",
            "The disk may be full, or the folder read-only. What was written so far is kept, and voice goes on.",
        ),
        ProblemKind::SettingsNotSaved => {
            ("Your settings were not saved.", "They hold until you quit. The disk may be full or read-only.")
        }
        ProblemKind::NotesNotSaved => (
            "Favourites, volumes and read marks were not saved.",
            "They hold until you quit. The disk may be full or read-only.",
        ),
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
        | ProblemKind::SecretsNotForgotten
        | ProblemKind::ProfileInUse
        | ProblemKind::SignInCancelled
        | ProblemKind::SchemeNotChanged
        | ProblemKind::ServiceUnreachable
        | ProblemKind::ServiceTrouble
        | ProblemKind::TooManyRequests { .. }
        | ProblemKind::PartyEnded
        | ProblemKind::PartyFull
        | ProblemKind::RemovedFromParty
        | ProblemKind::BetweenParties
        | ProblemKind::NotAllowed
        | ProblemKind::InvitationRefused
        | ProblemKind::FriendsNotLoaded
        | ProblemKind::NobodyByThatName
        | ProblemKind::RequestRefused
        | ProblemKind::AlreadyFriends
        | ProblemKind::NotOffered
        | ProblemKind::MessageNotSent
        | ProblemKind::ChatGone
        | ProblemKind::ChatsNotLoaded
        | ProblemKind::LinkOfNoParty
        | ProblemKind::DeviceMissing(..)
        | ProblemKind::RecordingFailed
        | ProblemKind::SettingsNotSaved
        | ProblemKind::NotesNotSaved
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
        Remedy::OpenVoiceSettings if problem.kind == ProblemKind::RecordingFailed => "Choose a folder",
        Remedy::OpenVoiceSettings => "Choose a device",
        Remedy::Dismiss => "Got it",
    }
}

/// What a toast says.
pub fn notice(notice: &Notice) -> String {
    match notice {
        Notice::SignInCancelled => "You gave the sign-in up. Nothing changed.".to_owned(),
        Notice::SignedInAgain => "You are signed in again".to_owned(),
        Notice::SwitchedTo(who) => format!("You are {} now", one_line(who.as_str())),
        Notice::SecretsMoved(SecretStorage::Keyring) => "Your sign-in is kept in the keyring".to_owned(),
        Notice::SecretsMoved(SecretStorage::File) => "Your sign-in is kept in a file".to_owned(),
        Notice::SecretsMoved(SecretStorage::Memory) => "Your sign-in lasts until you quit".to_owned(),
        Notice::MemberJoined(who) => format!("{} joined the party", one_line(who.as_str())),
        Notice::MemberLeft(who) => format!("{} left the party", one_line(who.as_str())),
        Notice::OwnPartyNow => "You are the host now".to_owned(),
        Notice::OwnerChanged(who) => format!("{} is the host now", one_line(who.as_str())),
        Notice::Invited { from: Some(who), .. } => {
            format!("{} invites you to a party", one_line(who.as_str()))
        }
        Notice::Invited { from: None, .. } => "You are invited to a party".to_owned(),
        Notice::InvitationSent(who) => format!("Invitation sent to {}", one_line(who.as_str())),
        Notice::InvitationsSent(count) => format!("{count} invitations sent"),
        Notice::PartyRenamed(name) if name.as_str().trim().is_empty() => {
            "The party has no name now".to_owned()
        }
        Notice::PartyRenamed(name) => format!("The party is called {} now", one_line(name.as_str())),
        Notice::PartyLinkReady(_) => "The link to the party is ready".to_owned(),
        Notice::FriendRequestFrom(who) => format!("{} wants to be your friend", one_line(who.as_str())),
        Notice::FriendRequestSent(who) => format!("Request sent to {}", one_line(who.as_str())),
        Notice::NewFriend(who) => format!("{} is your friend now", one_line(who.as_str())),
        Notice::Message { from, kind, text, .. } => messages::arrived(from, *kind, text),
        Notice::Notified { title } => one_line(title.as_str()),
        Notice::VoiceConnected => "Voice is connected".to_owned(),
        Notice::VoiceInterrupted => "Voice was interrupted. Reconnecting by itself.".to_owned(),
        Notice::NothingToRecord => "You are in no party. There is nothing to record.".to_owned(),
        Notice::Recorded(file) => match file.file_name() {
            Some(name) => format!("The recording is saved as {}", one_line(&name.to_string_lossy())),
            None => "The recording is saved".to_owned(),
        },
        Notice::DeviceLost(DeviceKind::Microphone) => "The microphone was unplugged".to_owned(),
        Notice::DeviceLost(DeviceKind::Speakers) => "The speakers were unplugged".to_owned(),
        Notice::DeviceLost(DeviceKind::PartyOutput) => "The party output was unplugged".to_owned(),
        Notice::DeviceInUse { kind, name, refused: Some(refused) } => {
            voice_path::stand_in(*kind, *refused, name)
        }
        Notice::DeviceInUse { kind: DeviceKind::Microphone, name, .. } => {
            format!("Using the microphone {}", one_line(name))
        }
        Notice::DeviceInUse { kind: DeviceKind::Speakers, name, .. } => {
            format!("Using the speakers {}", one_line(name))
        }
        Notice::DeviceInUse { kind: DeviceKind::PartyOutput, name, .. } => {
            format!("The party is played on {} as well", one_line(name))
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
        TalkMode::VoiceActivation => "Voice activation",
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

/// How the line to the service is, and since when where that matters.
pub fn link_since(link: LinkState, since: &str) -> String {
    match link {
        LinkState::Connecting => "Connecting…".to_owned(),
        LinkState::Live => "Live".to_owned(),
        LinkState::CatchingUp => format!("Catching up since {since}"),
        LinkState::Offline => format!("Offline since {since}"),
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

fn duration(wait: Duration) -> String {
    match wait.as_secs().max(1) {
        1 => "a second".to_owned(),
        seconds @ 2..120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_names_its_length() {
        let (_, means) =
            problem(&ProblemKind::TooManyRequests { wait: Duration::from_secs(45) }, Place::Window);
        assert_eq!(means, "Partyline is quiet for 45 seconds. Try again then.");
        assert_eq!(duration(Duration::from_secs(150)), "3 minutes");
    }
}
