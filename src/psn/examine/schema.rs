//! A wire type as a schema, and a body held against it: every difference, where a parser would stop at the first.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use super::format;
use crate::model::Difference;

pub(super) struct WireType {
    schema: Value,
    read: Option<Read>,
}

/// Reads a body as the running client does.
type Read = fn(&Value) -> Result<(), Refused>;

/// Where the running client gave up.
pub(super) struct Refused {
    pub difference: Difference,
    pub at: String,
}

/// What is told of a body, with paths like `members[].onlineId`.
pub(super) enum Told {
    Difference(Difference, String),
    /// An optional field that is not there.
    Absent(String),
}

impl WireType {
    /// A type that the client reads.
    pub fn read<T: JsonSchema + DeserializeOwned>() -> Self {
        Self::read_by::<T>(|value| match serde_path_to_error::deserialize::<_, T>(value) {
            Ok(_) => Ok(()),
            Err(error) => Err(Refused { difference: Difference::Unacceptable, at: path_of(error.path()) }),
        })
    }

    /// A type of which `read` wants more than its shape.
    pub fn read_by<T: JsonSchema>(read: Read) -> Self {
        let schema = SchemaSettings::default().with(|s| s.inline_subschemas = true).for_deserialize();
        Self { schema: schema.into_generator().into_root_schema_for::<T>().into(), read: Some(read) }
    }

    /// A type that the client only writes.
    pub fn written<T: JsonSchema>() -> Self {
        let schema = SchemaSettings::default().with(|s| s.inline_subschemas = true).for_serialize();
        Self { schema: schema.into_generator().into_root_schema_for::<T>().into(), read: None }
    }

    /// Tells every difference; whether the body can be read as the type.
    pub fn examine(&self, value: &Value, path: &str, told: &mut dyn FnMut(Told)) -> bool {
        let mut essential = false;
        let mut note = |it: Told| {
            essential |= matches!(&it, Told::Difference(difference, _) if *difference != Difference::Unknown);
            told(it);
        };
        walk(&self.schema, value, path, false, &mut note);
        match self.read.map(|read| read(value)) {
            Some(Ok(())) => true,
            Some(Err(_)) if essential => false,
            Some(Err(Refused { difference, at })) => {
                told(Told::Difference(difference, joined(path, &at)));
                false
            }
            None => !essential,
        }
    }
}

fn walk(schema: &Value, value: &Value, path: &str, optional: bool, told: &mut dyn FnMut(Told)) {
    let schema = alternative(schema, value);
    let Some(accepted) = types(schema) else { return };
    if value.is_null() && optional {
        return;
    }
    if !accepted.iter().any(|kind| is_of(value, kind)) {
        let expected = accepted.into_iter().filter(|kind| *kind != "null").collect::<Vec<_>>().join(" or ");
        told(Told::Difference(Difference::Mistyped { expected, found: type_of(value) }, path.to_owned()));
        return;
    }
    match value {
        Value::Object(fields) => walk_fields(schema, fields, path, told),
        Value::Array(elements) => {
            let path = format!("{path}[]");
            if let Some(schema) = schema.get("items") {
                elements.iter().for_each(|element| walk(schema, element, &path, false, told));
            }
        }
        _ => {}
    }
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        format::examine(format, value, path, told);
    }
}

fn walk_fields(schema: &Value, fields: &Map<String, Value>, path: &str, told: &mut dyn FnMut(Told)) {
    let listed = |list: &str, name: &str| {
        let names = schema.get(list).and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|listed| listed == name))
    };
    let known = schema.get("properties").and_then(Value::as_object);
    for (name, schema) in known.into_iter().flatten() {
        let (path, optional) = (joined(path, name), !listed("required", name));
        match fields.get(name) {
            Some(value) => walk(schema, value, &path, optional, told),
            None if optional => told(Told::Absent(path)),
            None => told(Told::Difference(Difference::Missing, path)),
        }
    }
    let is_known =
        |name: &str| known.is_some_and(|known| known.contains_key(name)) || listed("x-not-read", name);
    let unknown: Vec<_> = fields.iter().filter(|(name, _)| !is_known(name)).collect();
    let is_map = unknown.len() > MAX_UNKNOWN || unknown.len() == fields.len() && are_of_one_type(&unknown);
    for (name, value) in &unknown {
        let is_entry = is_map || unknown.iter().any(|(other, it)| other != name && are_alike(value, it));
        let name = if is_entry { KEY } else { shown(name) };
        told(Told::Difference(Difference::Unknown, joined(path, name)));
    }
}

/// Nothing known, and all of it the same: a map by who knows what. One field alone cannot be told from it.
fn are_of_one_type(unknown: &[(&String, &Value)]) -> bool {
    let mut types = unknown.iter().map(|(_, value)| type_of(value));
    let first = types.next();
    types.all(|kind| Some(kind) == first)
}

/// Two objects with fields in common: entries of a map, beside fields that are known.
fn are_alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => one.keys().any(|name| other.contains_key(name)),
        _ => false,
    }
}

/// Of several shapes the one that is more than nothing.
fn alternative<'a>(schema: &'a Value, value: &Value) -> &'a Value {
    let several = schema.get("anyOf").and_then(Value::as_array);
    let fits = |schema: &&Value| types(schema).is_none_or(|kinds| kinds.contains(&"null") == value.is_null());
    several.and_then(|several| several.iter().find(fits)).unwrap_or(schema)
}

/// `None`: anything goes.
fn types(schema: &Value) -> Option<Vec<&str>> {
    match schema.get("type")? {
        Value::String(kind) => Some(vec![kind]),
        kinds => Some(kinds.as_array()?.iter().filter_map(Value::as_str).collect()),
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        kind => type_of(value) == kind,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Stands for a name that is not shown.
pub(super) const KEY: &str = "<key>";
/// So many fields that nobody knows make a map: some objects are keyed by account.
pub(super) const MAX_UNKNOWN: usize = 8;
/// Longest field name that is shown.
const MAX_NAME: usize = 41;
/// Trailing digits that are shown.
const MAX_DIGITS: usize = 2;
/// That many hex digits in a row may be an id.
const ID_DIGITS: usize = 8;

/// A field's name, unless it might be somebody's. The service's own are `camelCase` or `snake_case`, the former at times with
/// a version; an online id has dashes, capitals and digits as it likes.
fn shown(name: &str) -> &str {
    let version = |name: &str| matches!(name.as_bytes(), [b'v', b'1'..=b'9', b'A'..=b'Z', ..]);
    let word = name.get(2..).filter(|_| version(name)).unwrap_or(name);
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = word.len() - stem.len();
    let is_camel = stem.bytes().all(|byte| byte.is_ascii_alphabetic()) && digits <= MAX_DIGITS;
    let is_snake = stem.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && digits == 0;
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let may_be_id = name.split(|c: char| !c.is_ascii_hexdigit()).any(|run| run.len() >= ID_DIGITS);
    let is_plain = begins && (is_camel || is_snake) && !may_be_id && name.len() <= MAX_NAME;
    if is_plain { name } else { KEY }
}

pub(super) fn joined(path: &str, name: &str) -> String {
    match (path, name) {
        ("", name) => name.to_owned(),
        (path, "") => path.to_owned(),
        (path, name) if name.starts_with('[') => format!("{path}{name}"),
        (path, name) => format!("{path}.{name}"),
    }
}

fn path_of(path: &Path) -> String {
    path.iter().fold(String::new(), |path, segment| match segment {
        Segment::Seq { .. } => path + "[]",
        Segment::Map { key } => joined(&path, shown(key)),
        Segment::Enum { .. } | Segment::Unknown => path,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::psn::wire::{party::Sessions, party_requests::Create};

    fn told(kind: &WireType, value: &Value) -> (bool, Vec<String>) {
        let mut all = Vec::new();
        let read = kind.examine(value, "", &mut |told| match told {
            Told::Difference(difference, path) => all.push(format!("{difference} {path}")),
            Told::Absent(_) => {}
        });
        (read, all)
    }

    #[test]
    fn every_difference_is_told_with_its_path() {
        let answer = json!({"v2PartySessions": [
            {"sessionId": "s", "maxMembers": true, "newField": 1, "members": [
                {"onlineId": 5, "accountId": "1"}, {"accountId": []}, {"onlineId": "no account"}]},
            {"sessionId": 7, "owner": {"accountId": 12, "1234567890123456789": {}}},
            {"sessionId": "not/an id", "maxMembers": "many", "owner": {"accountId": "somebody"}},
        ]});
        let (read, differences) = told(&WireType::read::<Sessions>(), &answer);
        assert!(read, "a tolerant type");
        let at = |what: &str| what.replace("v2.", "v2PartySessions[].");
        assert_eq!(
            differences,
            [
                "mistyped v2.maxMembers",
                "mistyped v2.members[].onlineId",
                "mistyped v2.members[].accountId",
                "missing v2.members[].accountId",
                "unknown v2.newField",
                "unknown v2.owner.<key>",
                "mistyped v2.sessionId",
                "unacceptable v2.maxMembers",
                "unacceptable v2.owner.accountId",
                "unacceptable v2.sessionId",
            ]
            .map(at)
        );
    }

    #[test]
    fn what_the_client_writes_differs_in_nothing() {
        use crate::{
            model::Privacy,
            psn::wire::{
                custom_data::VoiceState,
                party_requests::{NewMember, NewSession},
            },
        };
        let me = NewMember::me(uuid::Uuid::nil(), &VoiceState::default());
        let body = Create { sessions: [NewSession::new("", Privacy::InviteOnly, 16, me)] };
        let body = serde_json::to_value(body).expect("serializes");
        assert_eq!(told(&WireType::written::<Create<'static>>(), &body), (true, vec![]));
    }

    #[test]
    fn the_keys_of_a_map_are_not_shown_whatever_they_look_like() {
        let paths = |owner: Value| {
            let answer = json!({"v2PartySessions": [{"sessionId": "s", "owner": owner}]});
            let mut paths = told(&WireType::read::<Sessions>(), &answer).1;
            paths.retain(|path| path.starts_with("unknown"));
            paths
        };
        let key = "unknown v2PartySessions[].owner.<key>";
        assert_eq!(paths(json!({"nova": {"a": 1}, "marlow": {"b": 2}})), [key; 2], "nothing known in it");
        assert_eq!(paths(json!({"nova": 1})), [key], "nor here");
        let beside = json!({"accountId": "1", "nova": {"a": 1, "b": 2}, "marlow": {"a": 3}});
        assert_eq!(paths(beside), [key; 2], "alike, beside a known one");
        let many: Map<_, _> = ('a'..='i').map(|name| (name.to_string(), json!(1))).collect();
        let mut with_known = many.clone();
        with_known.insert("accountId".into(), json!("1"));
        assert_eq!(paths(with_known.into()), [key; 9], "too many");
        let fields = json!({"accountId": "1", "newField": {"a": 1}, "other": 1});
        let expected = ["newField", "other"].map(|name| key.replace("<key>", name));
        assert_eq!(paths(fields), expected);
    }

    #[test]
    fn names_that_may_be_somebodys_are_not_shown() {
        for fine in ["customData4", "_x", "refresh_token_expires_in", "v2PartySessions", "slot12"] {
            assert_eq!(shown(fine), fine);
        }
        let plain = ["", "1a", "a b", "naïve", "id123", "x\n", "\u{1b}[31m", &"g".repeat(42)];
        let ids = ["Canary-bird-4711", "marlow_87", "Nova", "nova-x", "a1b2", "deadbeefcafe", "v12Crew"];
        let uuids = ["5a4db0c5-0000-4000-8000-70617274796c", "f0a4db0c5000040008000706172747961"];
        for odd in plain.iter().chain(&ids).chain(&uuids) {
            assert_eq!(shown(odd), KEY, "{odd}");
        }
    }
}
