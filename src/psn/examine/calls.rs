//! The calls that this client makes, each with the types it writes and reads.

use url::Url;

use super::schema::WireType;
use crate::psn::{
    endpoints::Role,
    wire::{
        bridge::{Added, Answer, Created, NewBridge, NewPeer, PeerList},
        miranda::CustomMessage,
        party::{
            BulkGet, Create, Invitations, Invite, Join, LinkBridge, LinkedParty, Parties, PatchMe,
            PatchSession, Sessions,
        },
        people::{Friends, Presences, Profiles},
        push::ServerAddress,
        token::TokenAnswer,
    },
};

pub(super) struct Call {
    pub name: &'static str,
    pub role: Role,
    method: &'static str,
    /// `*` stands for an id.
    path: &'static str,
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

    pub fn form(&self) -> bool {
        matches!(self.request, Content::Grant)
    }

    fn asks(self, request: WireType) -> Self {
        Self { request: Content::Json(request), ..self }
    }

    fn answers(self, answer: WireType) -> Self {
        Self { answer: Content::Json(answer), ..self }
    }
}

/// The more particular before the more general.
pub(super) fn all() -> Vec<Call> {
    use Role::{Accounts, Mobile, PushDirectory, PushSocket, Web};
    let call = |name, role, method, path| Call {
        name,
        role,
        method,
        path,
        request: Content::Ignored,
        answer: Content::Ignored,
    };
    let token = call("POST authz oauth token", Accounts, "POST", "/api/authz/v3/oauth/token");
    let token = Call { request: Content::Grant, ..token };
    vec![
        call("GET authz oauth authorize", Accounts, "GET", "/api/authz/v3/oauth/authorize"),
        token.answers(WireType::read::<TokenAnswer>()),
        call("GET sessionManager partySessions", Mobile, "GET", "/api/sessionManager/v2/partySessions")
            .answers(WireType::read::<Sessions>()),
        call("POST sessionManager partySessions", Mobile, "POST", "/api/sessionManager/v2/partySessions")
            .asks(WireType::written::<Create<'static>>())
            .answers(WireType::read::<Sessions>()),
        call(
            "POST sessionManager parties bulkGet",
            Mobile,
            "POST",
            "/api/sessionManager/v2/sys/gameBase/parties/bulkGet",
        )
        .asks(WireType::written::<BulkGet>())
        .answers(WireType::read::<Parties>()),
        call(
            "GET sessionManager partySessionsInvitations",
            Mobile,
            "GET",
            "/api/sessionManager/v2/users/me/partySessionsInvitations",
        )
        .answers(WireType::read::<Invitations>()),
        call("PATCH sessionManager partySession", Mobile, "PATCH", "/api/sessionManager/v2/partySessions/*")
            .asks(WireType::written::<PatchSession<'static>>()),
        call("POST sessionManager members", Mobile, "POST", "/api/sessionManager/v2/partySessions/*/members")
            .asks(WireType::written::<Join>()),
        call(
            "PATCH sessionManager members me",
            Mobile,
            "PATCH",
            "/api/sessionManager/v2/partySessions/*/members/me",
        )
        .asks(WireType::written::<PatchMe>()),
        call(
            "DELETE sessionManager members me",
            Mobile,
            "DELETE",
            "/api/sessionManager/v2/partySessions/*/members/me",
        ),
        call(
            "POST sessionManager invitations",
            Mobile,
            "POST",
            "/api/sessionManager/v2/partySessions/*/invitations",
        )
        .asks(WireType::written::<Invite>()),
        call("POST sessionManager bridges", Mobile, "POST", "/api/sessionManager/v2/partySessions/*/bridges")
            .asks(WireType::written::<LinkBridge>()),
        call(
            "POST sessionManager customMessage",
            Mobile,
            "POST",
            "/api/sessionManager/v2/partySessions/*/customMessage",
        )
        .asks(WireType::read::<CustomMessage>()),
        call("GET cpss partyInfo", Web, "GET", "/api/cpss/v1/partyInfo/*")
            .answers(WireType::read::<LinkedParty>()),
        call("GET userProfile friends", Mobile, "GET", "/api/userProfile/v2/internal/users/*/friends")
            .answers(WireType::read::<Friends>()),
        call("GET userProfile profiles", Mobile, "GET", "/api/userProfile/v1/internal/users/profiles")
            .answers(WireType::read::<Profiles>()),
        call(
            "GET userProfile basicPresences",
            Mobile,
            "GET",
            "/api/userProfile/v2/internal/users/basicPresences",
        )
        .answers(WireType::read::<Presences>()),
        call("POST rtcBridge bridges", Mobile, "POST", "/api/rtcBridge/v1/bridges")
            .asks(WireType::written::<NewBridge>())
            .answers(WireType::read::<Created>()),
        call("GET rtcBridge bridge", Mobile, "GET", "/api/rtcBridge/v1/bridges/*")
            .answers(WireType::read::<PeerList>()),
        call("DELETE rtcBridge bridge", Mobile, "DELETE", "/api/rtcBridge/v1/bridges/*"),
        call("POST rtcBridge peers", Mobile, "POST", "/api/rtcBridge/v1/bridges/*/peers")
            .asks(WireType::written::<NewPeer>())
            .answers(WireType::read::<Added>()),
        call("POST rtcBridge answer", Mobile, "POST", "/api/rtcBridge/v1/bridges/*/peers/*/answer")
            .asks(WireType::written::<Answer>()),
        call("DELETE rtcBridge peer", Mobile, "DELETE", "/api/rtcBridge/v1/bridges/*/peers/*"),
        call("GET np serveraddr", PushDirectory, "GET", "/np/serveraddr")
            .answers(WireType::read::<ServerAddress>()),
        call("GET np pushNotification", PushSocket, "GET", "/np/pushNotification"),
    ]
}

/// The services of the mobile API that the protocol names; anything else might be an id.
const SERVICES: [&str; 9] = [
    "sessionManager",
    "userProfile",
    "rtcBridge",
    "gamingLoungeGroups",
    "playerRecommendations",
    "gamelist",
    "userNotificationManager",
    "graphql",
    "cpss",
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
