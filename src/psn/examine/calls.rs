//! The calls that this client makes, each with the types it writes and reads.

use url::Url;

use super::schema::WireType;
use crate::psn::{
    endpoints::Role,
    wire::{
        bridge::{Added, Answer, Created, NewBridge, NewPeer, PeerList},
        friends::{AppearOffline, Blocks, ReceivedRequests, Summary},
        games::Titles,
        groups::{CreatedGroup, Group, Groups, NewGroup, OpenParties, PartyHistory},
        links::LinkedParty,
        messages::{Messages, NewMessage, NewReaction, SentMessage, Typing},
        miranda::CustomMessage,
        notifications::{MarkRead, Notifications},
        party::{Invitations, Parties, Sessions},
        party_requests::{BulkGet, Create, Invite, Join, LinkBridge, PatchMe, PatchSession},
        people::{Friends, Presences, Profiles},
        push::ServerAddress,
        search::{Found, Search},
        token::TokenAnswer,
    },
};

pub(super) struct Call {
    pub name: &'static str,
    pub role: Role,
    method: &'static str,
    /// `*` stands for an id.
    path: String,
    pub request: Content,
    pub answer: Content,
}

/// What a body is expected to be.
pub(super) enum Content {
    /// None, or none that this client looks at.
    Ignored,
    Json(WireType),
    /// A form that depends on what is asked for; refused in a shape of its own.
    Grant,
}

impl Call {
    pub fn matches(&self, method: &str, url: &Url) -> bool {
        let matches = |(pattern, segment): (&str, &str)| {
            if pattern == "*" { !segment.is_empty() } else { pattern == segment }
        };
        let path = url.path();
        self.method == method
            && self.path.split('/').count() == path.split('/').count()
            && self.path.split('/').zip(path.split('/')).all(matches)
    }

    fn asks(self, request: WireType) -> Self {
        Self { request: Content::Json(request), ..self }
    }

    fn answers(self, answer: WireType) -> Self {
        Self { answer: Content::Json(answer), ..self }
    }
}

/// A method and path lead to the first call that they fit.
pub(super) fn all() -> Vec<Call> {
    use Role::{Accounts, Mobile, PushDirectory, PushSocket, Web};
    let call = |name, role, method, path: &str| Call {
        name,
        role,
        method,
        path: path.to_owned(),
        request: Content::Ignored,
        answer: Content::Ignored,
    };
    let oauth = |name, method, rest| call(name, Accounts, method, &format!("/api/authz/v3/oauth{rest}"));
    let parties = |name, method, rest| call(name, Mobile, method, &format!("/api/sessionManager/v2{rest}"));
    let people = |name, method, rest| call(name, Mobile, method, &format!("/api/userProfile{rest}"));
    let groups =
        |name, method, rest| call(name, Mobile, method, &format!("/api/gamingLoungeGroups/v1{rest}"));
    let notifications =
        |name, method| call(name, Mobile, method, "/api/userNotificationManager/v1/users/me/notifications");
    let bridges =
        |name, method, rest| call(name, Mobile, method, &format!("/api/rtcBridge/v1/bridges{rest}"));
    vec![
        oauth("GET authz oauth authorize", "GET", "/authorize"),
        Call { request: Content::Grant, ..oauth("POST authz oauth token", "POST", "/token") }
            .answers(WireType::read::<TokenAnswer>()),
        parties("GET sessionManager partySessions", "GET", "/partySessions")
            .answers(WireType::read::<Sessions>()),
        parties("POST sessionManager partySessions", "POST", "/partySessions")
            .asks(WireType::written::<Create<'static>>())
            .answers(WireType::read::<Sessions>()),
        parties("POST sessionManager parties bulkGet", "POST", "/sys/gameBase/parties/bulkGet")
            .asks(WireType::written::<BulkGet>())
            .answers(WireType::read::<Parties>()),
        parties("GET sessionManager invitations", "GET", "/users/me/partySessionsInvitations")
            .answers(WireType::read::<Invitations>()),
        parties("PATCH sessionManager partySession", "PATCH", "/partySessions/*")
            .asks(WireType::written::<PatchSession<'static>>()),
        parties("POST sessionManager members", "POST", "/partySessions/*/members")
            .asks(WireType::written::<Join>()),
        parties("PATCH sessionManager members me", "PATCH", "/partySessions/*/members/me")
            .asks(WireType::written::<PatchMe>()),
        parties("DELETE sessionManager members me", "DELETE", "/partySessions/*/members/me"),
        parties("DELETE sessionManager member", "DELETE", "/partySessions/*/members/*"),
        parties("POST sessionManager invitations", "POST", "/partySessions/*/invitations")
            .asks(WireType::written::<Invite>()),
        parties("POST sessionManager bridges", "POST", "/partySessions/*/bridges")
            .asks(WireType::written::<LinkBridge>()),
        parties("POST sessionManager customMessage", "POST", "/partySessions/*/customMessage")
            .asks(WireType::read::<CustomMessage>()),
        call("GET cpss partyInfo", Web, "GET", "/api/cpss/v1/partyInfo/*")
            .answers(WireType::read::<LinkedParty>()),
        call("GET cpss share party", Mobile, "GET", "/api/cpss/v1/share/party/*"),
        call(
            "GET playerRecommendations partyHistory",
            Mobile,
            "GET",
            "/api/playerRecommendations/v1/partyHistory/me",
        )
        .answers(WireType::read::<PartyHistory>()),
        people("GET userProfile friends", "GET", "/v2/internal/users/*/friends")
            .answers(WireType::read::<Friends>()),
        people("GET userProfile profiles", "GET", "/v1/internal/users/profiles")
            .answers(WireType::read::<Profiles>()),
        people("GET userProfile basicPresences", "GET", "/v2/internal/users/basicPresences")
            .answers(WireType::read::<Presences>()),
        people("GET userProfile receivedRequests", "GET", "/v1/internal/users/me/friends/receivedRequests")
            .answers(WireType::read::<ReceivedRequests>()),
        people("PUT userProfile friend", "PUT", "/v1/internal/users/me/friends/*"),
        people("DELETE userProfile friend", "DELETE", "/v1/internal/users/me/friends/*"),
        people("GET userProfile friend summary", "GET", "/v1/internal/users/*/friends/*/summary")
            .answers(WireType::read::<Summary>()),
        people(
            "POST userProfile personalDetailSharing",
            "POST",
            "/v1/internal/users/me/friends/*/personalDetailSharing",
        ),
        people("GET userProfile blocks", "GET", "/v1/internal/users/me/blocks")
            .answers(WireType::read::<Blocks>()),
        people("PUT userProfile block", "PUT", "/v1/internal/users/me/blocks/*"),
        people("DELETE userProfile block", "DELETE", "/v1/internal/users/me/blocks/*"),
        people("GET userProfile appearOffline", "GET", "/v1/internal/users/me/userSettings/appearOffline")
            .answers(WireType::read::<AppearOffline>()),
        people("PUT userProfile appearOffline", "PUT", "/v1/internal/users/me/userSettings/appearOffline")
            .asks(WireType::written::<AppearOffline>()),
        call("GET gamelist titles", Mobile, "GET", "/api/gamelist/v2/users/*/titles")
            .answers(WireType::read::<Titles>()),
        call("POST search universalSearch", Mobile, "POST", "/api/search/v1/universalSearch")
            .asks(WireType::written::<Search<'static>>())
            .answers(WireType::read::<Found>()),
        groups("GET gamingLoungeGroups groups", "GET", "/members/me/groups")
            .answers(WireType::read::<Groups>()),
        groups("GET gamingLoungeGroups openPartySessions", "GET", "/members/me/groups/openPartySessions")
            .answers(WireType::read::<OpenParties>()),
        groups("GET gamingLoungeGroups group", "GET", "/members/me/groups/*")
            .answers(WireType::read::<Group>()),
        groups("POST gamingLoungeGroups groups", "POST", "/groups")
            .asks(WireType::written::<NewGroup>())
            .answers(WireType::read::<CreatedGroup>()),
        groups("GET gamingLoungeGroups messages", "GET", "/members/me/groups/*/threads/*/messages")
            .answers(WireType::read::<Messages>()),
        groups("POST gamingLoungeGroups messages", "POST", "/groups/*/threads/*/messages")
            .asks(WireType::written::<NewMessage<'static>>())
            .answers(WireType::read::<SentMessage>()),
        groups("POST gamingLoungeGroups typing", "POST", "/groups/*/typing")
            .asks(WireType::written::<Typing>()),
        groups("POST gamingLoungeGroups reactions", "POST", "/groups/*/threads/*/reactions")
            .asks(WireType::written::<NewReaction<'static>>()),
        notifications("GET userNotificationManager notifications", "GET")
            .answers(WireType::read::<Notifications>()),
        notifications("PUT userNotificationManager notifications", "PUT")
            .asks(WireType::written::<MarkRead<'static>>()),
        bridges("POST rtcBridge bridges", "POST", "")
            .asks(WireType::written::<NewBridge>())
            .answers(WireType::read::<Created>()),
        bridges("GET rtcBridge bridge", "GET", "/*").answers(WireType::read::<PeerList>()),
        bridges("DELETE rtcBridge bridge", "DELETE", "/*"),
        bridges("POST rtcBridge peers", "POST", "/*/peers")
            .asks(WireType::written::<NewPeer>())
            .answers(WireType::read::<Added>()),
        bridges("POST rtcBridge answer", "POST", "/*/peers/*/answer").asks(WireType::written::<Answer>()),
        bridges("DELETE rtcBridge peer", "DELETE", "/*/peers/*"),
        call("GET np serveraddr", PushDirectory, "GET", "/np/serveraddr")
            .answers(WireType::read::<ServerAddress>()),
        call("GET np pushNotification", PushSocket, "GET", "/np/pushNotification"),
    ]
}

/// The services of the mobile API that the protocol names; anything else might be an id.
const SERVICES: [&str; 10] = [
    "sessionManager",
    "userProfile",
    "rtcBridge",
    "gamingLoungeGroups",
    "playerRecommendations",
    "gamelist",
    "userNotificationManager",
    "graphql",
    "cpss",
    "search",
];

/// How a call that this client does not make is called in a report.
pub(super) fn unused(role: Role, url: &Url) -> &'static str {
    let mut segments = url.path().split('/').skip(1);
    let service = segments.next().filter(|first| *first == "api").and_then(|_| segments.next());
    service.and_then(|service| SERVICES.into_iter().find(|known| *known == service)).unwrap_or(role.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_by_method_and_path_whatever_ids_are_in_it() {
        let calls = all();
        let name = |method, path: &str| {
            let url =
                Url::parse("https://m.np.playstation.com").and_then(|url| url.join(path)).expect("a URL");
            calls.iter().find(|call| call.matches(method, &url)).map(|call| call.name)
        };
        let session = "/api/sessionManager/v2/partySessions/11111111-2222-4333-8444-555555555555";
        assert_eq!(name("PATCH", session), Some("PATCH sessionManager partySession"));
        assert_eq!(name("PATCH", &format!("{session}/members/me")), Some("PATCH sessionManager members me"));
        assert_eq!(name("GET", "/api/userProfile/v1/internal/users/profiles?accountIds=1"), {
            Some("GET userProfile profiles")
        });
        for other in [format!("{session}/members/me/x"), "/api/sessionManager/v2/partySessions/".into()] {
            assert_eq!(name("PATCH", &other), None, "{other}");
        }
    }
}
