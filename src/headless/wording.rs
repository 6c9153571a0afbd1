//! What a log or a terminal says of a state or a trouble: the window has its own sentences. Pure.

use crate::{
    client::{MemberReach, ProblemKind, Unreachable, VoiceStatus, WayBack},
    model::{DeviceKind, Platform},
};

/// What went wrong, and for a sign-in what to do about it.
pub fn problem(kind: &ProblemKind) -> String {
    let sentence = match kind {
        ProblemKind::SignInRefused => {
            "the sign-in was refused, by you or by the service; nobody is signed in"
        }
        ProblemKind::SignInTimedOut => "the browser did not come back in time; nobody is signed in",
        ProblemKind::BrowserDidNotOpen => {
            "no browser could be opened here; open the link yourself, on another device too"
        }
        ProblemKind::NotARedirect => {
            "that is neither an address nor a code; paste the whole address that the browser ended on"
        }
        ProblemKind::RedirectOfOtherPage => {
            "that is the address of another page; the right one appears when you have signed in there"
        }
        ProblemKind::RedirectOfOtherSignIn => {
            "that address belongs to another sign-in; open the link again and paste what you get then"
        }
        ProblemKind::NotAnNpsso => "that is no npsso; paste the value, or the whole line that the page shows",
        ProblemKind::NpssoRefused => {
            "the service does not accept this npsso; it ends when you sign out in the browser"
        }
        ProblemKind::NoClientSecret => "there is no client secret to sign in with",
        ProblemKind::ClientRefused => "the service does not accept the client secret",
        ProblemKind::DeviceMissing(DeviceKind::Microphone, _) => {
            "there is no microphone; voice goes on without"
        }
        ProblemKind::DeviceMissing(DeviceKind::Speakers | DeviceKind::PartyOutput, _) => {
            "there is no speaker; voice goes on without"
        }
        kind => return name_in_words(kind),
    };
    sentence.to_owned()
}

fn name_in_words(kind: &ProblemKind) -> String {
    let mut words = String::new();
    for c in format!("{kind:?}").chars().take_while(|c| c.is_alphanumeric()) {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}

/// Where the browser's answer is waited for besides stdin.
pub fn way_back(way_back: WayBack) -> &'static str {
    match way_back {
        WayBack::Loopback => "loopback",
        WayBack::Scheme => "scheme",
        WayBack::Paste => "paste",
    }
}

pub fn what_to_paste(way_back: WayBack) -> &'static str {
    match way_back {
        WayBack::Loopback | WayBack::Paste => "the address that the browser ended on",
        WayBack::Scheme => {
            "the address that the browser ended on (Chrome shows it in its developer tools alone: press F12 \
             before you sign in, then it is the last line of Network)"
        }
    }
}

pub fn voice(status: VoiceStatus) -> &'static str {
    match status {
        VoiceStatus::Connecting => "connecting",
        VoiceStatus::Connected => "connected",
        VoiceStatus::Reconnecting => "reconnecting",
        VoiceStatus::Failed => "failed",
    }
}

pub fn device(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Microphone => "microphone",
        DeviceKind::Speakers => "speaker",
        DeviceKind::PartyOutput => "party output",
    }
}

pub fn reach(reach: MemberReach) -> &'static str {
    match reach {
        MemberReach::Connecting => "connecting",
        MemberReach::Direct => "direct",
        MemberReach::Bridge => "bridge",
        MemberReach::Reconnecting => "reconnecting",
        MemberReach::Unreachable(why) => match why {
            Unreachable::VoiceOff => "voice off",
            Unreachable::NoAnswer => "no answer",
            Unreachable::NoPath => "no path",
            Unreachable::NotUnderstood => "not understood",
            Unreachable::NotPassedOn => "not passed on",
            Unreachable::Lost => "lost",
        },
    }
}

pub fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::Ps4 => "PS4",
        Platform::Ps5 => "PS5",
        Platform::Mobile => "MOBILE_APP",
        Platform::Pc => "PSPC",
        Platform::Unknown => "unknown",
    }
}
