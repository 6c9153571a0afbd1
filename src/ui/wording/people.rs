//! People and parties in a line of text. Pure.

use super::platform;
use crate::{
    client::AppearOffline,
    model::{Availability, FriendSummary, PartySession, PlayedTitle, Presence},
    ui::display::one_line,
};

/// The name of a party, or whose it is.
pub fn party_name(session: &PartySession) -> String {
    let owner = session.members.iter().find(|m| Some(m.account) == session.owner);
    match owner.or(session.members.first()) {
        _ if !session.name.trim().is_empty() => one_line(&session.name),
        Some(owner) => format!("{}’s party", one_line(owner.online_id.as_str())),
        None => "Party".to_owned(),
    }
}

/// What somebody is doing, in one line.
pub fn presence(presence: Option<&Presence>, now: jiff::Timestamp) -> String {
    match presence {
        None => "…".to_owned(),
        Some(presence) if presence.availability == Availability::Offline => last_seen(presence, now),
        Some(presence) => {
            let game = presence.game.as_ref();
            let doing = game.map_or_else(|| "Online".to_owned(), |game| one_line(&game.title));
            match presence.platform.and_then(platform) {
                Some(platform) => format!("{doing} · {platform}"),
                None => doing,
            }
        }
    }
}

fn last_seen(presence: &Presence, now: jiff::Timestamp) -> String {
    match presence.last_online {
        Some(then) => format!("Last seen {}", ago(then, now)),
        None => "Offline".to_owned(),
    }
}

/// How long something is past, rounded to what matters.
pub fn ago(then: jiff::Timestamp, now: jiff::Timestamp) -> String {
    let minutes = now.duration_since(then).as_mins().max(0);
    match minutes {
        0..2 => "a moment ago".to_owned(),
        2..60 => format!("{minutes} minutes ago"),
        60..120 => "an hour ago".to_owned(),
        120..1440 => format!("{} hours ago", minutes / 60),
        1440..2880 => "yesterday".to_owned(),
        _ => format!("{} days ago", minutes / 1440),
    }
}

/// Others see the user as offline, or will in a moment.
pub fn is_hidden(state: AppearOffline) -> bool {
    match state {
        AppearOffline::Unknown => false,
        AppearOffline::Is(hidden) | AppearOffline::Changing(hidden) | AppearOffline::Fixed(hidden) => hidden,
    }
}

/// What the choice means as it stands.
pub fn appear_offline(state: AppearOffline) -> &'static str {
    match state {
        AppearOffline::Unknown => "The service has not said how it is",
        AppearOffline::Is(true) => "Nobody sees that you are here",
        AppearOffline::Is(false) => "Friends see that you are here",
        AppearOffline::Changing(_) => "Waiting for the service",
        AppearOffline::Fixed(_) => "Change it in the phone app or on a console",
    }
}

/// Whether the real name is shared, as the service's own word says. One that is not known says nothing.
pub fn is_real_name_shared(summary: &FriendSummary) -> bool {
    summary.real_name_sharing.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("shared"))
}

/// `Speaks en-US, de`; at most three. Empty where none is known.
pub fn languages(languages: &[String]) -> String {
    match names(languages.iter().map(String::as_str)) {
        none if none.is_empty() => none,
        languages => format!("Speaks {languages}"),
    }
}

/// `12 friends · 3 of yours`. Empty where neither is known.
pub fn friends_of(summary: &FriendSummary) -> String {
    let count = |count: u32| format!("{count} {}", if count == 1 { "friend" } else { "friends" });
    match (summary.friends, summary.mutual_friends) {
        (Some(all), Some(mutual)) => format!("{} · {mutual} of them yours too", count(all)),
        (Some(all), None) => count(all),
        (None, Some(mutual)) => format!("{} in common", count(mutual)),
        (None, None) => String::new(),
    }
}

/// `2 hours ago · 14 times`. Empty where neither is known.
pub fn played(title: &PlayedTitle, now: jiff::Timestamp) -> String {
    let last = title.last_played.map(|then| ago(then, now));
    let times = title.times_played.filter(|times| *times > 0).map(|times| match times {
        1 => "once".to_owned(),
        times => format!("{times} times"),
    });
    last.into_iter().chain(times).collect::<Vec<_>>().join(" · ")
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
