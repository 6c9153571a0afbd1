//! Fields renamed, removed and retyped in the fixture are told at their places, and nowhere else.

use std::collections::BTreeSet;

use partyline::model::{Difference, EndpointReport, Report};
use serde_json::{Value, json};
use url::Url;

use crate::{HAR, check, check_har, fixture};

/// The entry of the first such call.
fn call<'a>(har: &'a mut Value, method: &str, path: &str, which: impl Fn(&Value) -> bool) -> &'a mut Value {
    let is_it = |entry: &Value| {
        let url = Url::parse(entry["request"]["url"].as_str().expect("a url")).expect("a url");
        entry["request"]["method"] == method && url.path().ends_with(path) && which(entry)
    };
    har["log"]["entries"].as_array_mut().expect("entries").iter_mut().find(|e| is_it(e)).expect("such a call")
}

/// Changes the JSON inside a text.
fn edit(text: &mut Value, change: impl FnOnce(&mut Value)) {
    let mut inner = serde_json::from_str(text.as_str().expect("a text")).expect("json");
    change(&mut inner);
    *text = inner.to_string().into();
}

fn rename(object: &mut Value, from: &str, to: &str) {
    object[to] = object.as_object_mut().expect("an object").remove(from).expect("the field");
}

fn remove(object: &mut Value, name: &str) {
    object.as_object_mut().expect("an object").remove(name).expect("the field");
}

fn any(_: &Value) -> bool {
    true
}

fn succeeded(entry: &Value) -> bool {
    entry["response"]["status"].as_u64().is_some_and(|status| status < 300)
}

#[test]
fn renamed_removed_and_retyped_fields_are_reported_at_exactly_their_paths() {
    let mut har: Value = serde_json::from_str(HAR).expect("json");
    let entry = call(&mut har, "POST", "/v2/partySessions", any);
    edit(&mut entry["request"]["postData"]["text"], |body| {
        rename(&mut body["v2PartySessions"][0], "sessionName", "sessionTitle");
    });
    let entry = call(&mut har, "GET", "/v2/partySessions", any);
    edit(&mut entry["response"]["content"]["text"], |body| {
        remove(&mut body["v2PartySessions"][0]["members"][0], "accountId");
    });
    let entry = call(&mut har, "GET", "/basicPresences", any);
    edit(&mut entry["response"]["content"]["text"], |body| {
        body["basicPresences"][0]["primaryPlatformInfo"]["platform"] = json!(5);
        body["basicPresences"][1]["primaryPlatformInfo"]["platform"] = json!(5);
    });
    let entry = call(&mut har, "GET", "/serveraddr", any);
    edit(&mut entry["response"]["content"]["text"], |body| body["fqdn"] = json!(["host"]));
    let entry = call(&mut har, "POST", "/oauth/token", any);
    edit(&mut entry["response"]["content"]["text"], |body| body["access_token"] = json!(5));
    let form = entry["request"]["postData"]["text"].as_str().expect("a form").replace("cid=", "ciid=");
    entry["request"]["postData"]["text"] = form.into();
    let entry = call(&mut har, "POST", "/peers", succeeded);
    edit(&mut entry["response"]["content"]["text"], |body| remove(&mut body["peer"], "offer"));
    let entry = call(&mut har, "PATCH", "/members/me", any);
    edit(&mut entry["request"]["postData"]["text"], |body| body["customData4"] = json!("bm9uc2Vuc2U="));
    let connected = |entry: &Value| entry["request"]["postData"].to_string().contains("customData3");
    let entry = call(&mut har, "PATCH", "/members/me", connected);
    edit(&mut entry["request"]["postData"]["text"], |body| body["customData3"] = json!("bm9uc2Vuc2U="));
    let entry = call(&mut har, "GET", "/friends", any);
    edit(&mut entry["response"]["content"]["text"], |body| body["friends"][0] = json!({"accountId": "1"}));
    let entry = call(&mut har, "GET", "/profiles", any);
    edit(&mut entry["response"]["content"]["text"], |body| remove(&mut body["profiles"][0], "onlineId"));
    let entry = call(&mut har, "DELETE", "", |entry| entry["response"]["status"] == 404);
    let deleted = entry["request"]["url"].as_str().expect("a url").contains("/peers/");
    edit(&mut entry["response"]["content"]["text"], |body| {
        body["error"]["code"] = json!("2290002");
        body["error"]["1234567890123456789"] = json!("somebody");
    });
    let entry = call(&mut har, "GET", "/pushNotification", any);
    let messages = entry["_webSocketMessages"].as_array_mut().expect("messages");
    let kind = "psn:sessionManager:sys:v2:ps:members:created";
    let joined = messages.iter_mut().find(|m| m["data"].as_str().is_some_and(|data| data.contains(kind)));
    edit(&mut joined.expect("somebody joined")["data"], |frame| {
        let data = &mut frame["body"]["data"];
        rename(&mut data["members"][0], "customData4", "customData9");
        data["sessionId"] = json!(12);
    });
    let mut event = |kind: &str, change: fn(&mut Value)| {
        let of = |m: &Value| m["data"].as_str().is_some_and(|data| data.contains(kind));
        let message = messages.iter_mut().find(|message| of(message)).expect("such an event");
        edit(&mut message["data"], |frame| change(&mut frame["body"]["data"]));
    };
    event("ps:m:customData3:updated", |data| remove(data, "sessionId"));
    event("ps:members:deleted", |data| data["sessionId"] = json!("no/id"));

    let (clean, changed) = (check(&fixture()), check_har(&har));
    let delete = if deleted { "DELETE rtcBridge peer" } else { "DELETE rtcBridge bridge" };
    let mut expected: Vec<String> = [
        "POST sessionManager partySessions: 1 missing request v2PartySessions[].sessionName",
        "POST sessionManager partySessions: 1 unknown request v2PartySessions[].sessionTitle",
        "GET sessionManager partySessions: 1 missing answer v2PartySessions[].members[].accountId",
        "GET userProfile basicPresences: 2 number instead of string answer basicPresences[].primaryPlatformInfo.platform",
        "GET np serveraddr: 1 array instead of string answer fqdn",
        "POST authz oauth token: 1 number instead of string answer access_token",
        "POST authz oauth token: 1 missing request cid",
        "POST authz oauth token: 1 unknown request ciid",
        "POST rtcBridge peers: 1 missing answer peer.offer",
        "PATCH sessionManager members me: 1 undecodable request customData4",
        "PATCH sessionManager members me: 1 undecodable request customData3",
        "push ps:m:customData3:updated: 1 missing message body.data.sessionId",
        "push ps:members:deleted: 1 unacceptable message body.data.sessionId",
        "GET userProfile friends: 1 object instead of string or integer answer friends[]",
        "push ps:members:created: 1 unknown message body.data.members[].customData9",
        "push ps:members:created: 1 number instead of string message body.data.sessionId",
    ]
    .map(str::to_owned)
    .into();
    expected.push(format!("{delete}: 1 string instead of integer answer error.code"));
    expected.push(format!("{delete}: 1 unknown answer error.<key>"));
    assert_eq!(findings(&changed), expected.into_iter().collect(), "{changed}");

    // What is optional is no finding, and still told.
    let newly: BTreeSet<_> = absent(&changed).difference(&absent(&clean)).cloned().collect();
    let gone: Vec<_> = newly.iter().map(|line| line.split(' ').next_back().unwrap_or_default()).collect();
    let expected = ["profiles[].onlineId", "body.data.sessionId", "body.data.members[].customData4"];
    assert_eq!(gone, expected, "{newly:?}");

    let failed: BTreeSet<_> = changed.endpoints.iter().filter(|e| e.failed > 0).map(|e| e.name).collect();
    // The tolerant types read the others in spite of the differences.
    let hopeless = [
        "POST sessionManager partySessions",
        "PATCH sessionManager members me",
        "GET np serveraddr",
        "POST authz oauth token",
        "POST rtcBridge peers",
        "push ps:members:created",
        "push ps:m:customData3:updated",
        "push ps:members:deleted",
        delete,
    ];
    assert_eq!(failed, hopeless.into());
}

fn findings(report: &Report) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for endpoint in &report.endpoints {
        for finding in &endpoint.findings {
            let what = match &finding.difference {
                Difference::Mistyped { expected, found } => format!("{found} instead of {expected}"),
                other => other.to_string(),
            };
            lines.insert(format!(
                "{}: {} {what} {} {}",
                endpoint.name, finding.count, finding.part, finding.path
            ));
        }
    }
    lines
}

fn absent(report: &Report) -> BTreeSet<String> {
    let of = |e: &EndpointReport| {
        let name = e.name;
        e.absent.iter().map(move |a| format!("{name}: {} {} {}", a.count, a.part, a.path)).collect::<Vec<_>>()
    };
    report.endpoints.iter().flat_map(of).collect()
}
