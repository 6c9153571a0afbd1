//! Readers for fields that come in more than one shape.

use std::borrow::Cow;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serializer, de::Error};
use serde_json::Value;

use crate::model::{AccountId, ImageUrl, SessionId, is_path_segment};

/// The shape of what `account` reads.
impl JsonSchema for AccountId {
    fn schema_name() -> Cow<'static, str> {
        "AccountId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "format": "accountId" })
    }
}

/// The shape of what [`number`] reads.
pub struct NumberOrText;

impl JsonSchema for NumberOrText {
    fn schema_name() -> Cow<'static, str> {
        "NumberOrText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "format": "number" })
    }
}

/// The shape of what [`millis`] reads.
pub struct Millis;

impl JsonSchema for Millis {
    fn schema_name() -> Cow<'static, str> {
        "Millis".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "format": "millis" })
    }
}

/// The shape of what [`date`] reads.
pub struct Date;

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "format": "date" })
    }
}

fn account_of(value: &Value) -> Option<AccountId> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64().map(AccountId),
        _ => None,
    }
}

/// An account id as a string or a number.
pub fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccountId, D::Error> {
    account_of(&Value::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not an account id"))
}

/// An account id, or nothing.
pub fn maybe_account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AccountId>, D::Error> {
    Ok(account_of(&Value::deserialize(deserializer)?))
}

/// A list of account ids; what is none of one is left out.
pub fn accounts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AccountId>, D::Error> {
    Ok(Vec::<Value>::deserialize(deserializer)?.iter().filter_map(account_of).collect())
}

/// Account ids are JSON strings on the wire.
pub fn as_string<S: Serializer>(account: &AccountId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(account)
}

/// Leaves out the elements that do not parse: one odd entry must not hide the rest.
pub fn each<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> Deserialize<'a>,
{
    let values = Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect())
}

/// An id that becomes part of an address: letters, digits and dashes alone, so that it cannot climb out of its place.
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    if SessionId::is_well_formed(&id) { Ok(id) } else { Err(D::Error::custom("not an id")) }
}

/// An [`id`], or nothing.
pub fn maybe_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(cut(Value::deserialize(deserializer)?, MAX_TEXT).filter(|id| SessionId::is_well_formed(id)))
}

/// A [`segment`], or nothing.
pub fn maybe_segment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(cut(Value::deserialize(deserializer)?, MAX_TEXT).filter(|id| is_path_segment(id)))
}

/// Whatever does not parse is as good as absent: an odd extra must not take the rest with it.
pub fn maybe<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> Deserialize<'a>,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

/// A number, as such or as a string; anything else is as good as absent.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64().and_then(|n| n.try_into().ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

/// A moment in milliseconds since 1970, as a number or a string; anything else is as good as absent.
pub fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(millis_of(&Value::deserialize(deserializer)?))
}

fn millis_of(value: &Value) -> Option<Timestamp> {
    let millis = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    Timestamp::from_millisecond(millis?).ok()
}

/// A moment as RFC 3339 has it, or in milliseconds; anything else is as good as absent.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value.as_str().and_then(|text| text.parse().ok()).or_else(|| millis_of(&value)))
}

/// Longest name that is kept; the service's own limits are far below.
const MAX_TEXT: usize = 128;

/// Longest prose that is kept.
const MAX_PROSE: usize = 4096;

/// A text, cut to what may be shown; anything else is as good as absent.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(cut(Value::deserialize(deserializer)?, MAX_TEXT))
}

/// A text that somebody wrote at length.
pub fn prose<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(cut(Value::deserialize(deserializer)?, MAX_PROSE))
}

fn cut(value: Value, chars: usize) -> Option<String> {
    match value {
        Value::String(text) => Some(text.chars().take(chars).collect()),
        _ => None,
    }
}

/// The address of a picture; anything else is as good as absent.
pub fn image<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ImageUrl>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_str().and_then(|text| text.parse().ok()))
}

/// An id of a group or thread that becomes part of an address.
pub fn segment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    if is_path_segment(&id) { Ok(id) } else { Err(D::Error::custom("not an id")) }
}

/// An id that becomes part of a query or a body, where it may hold anything: as a text or a number, and not endless.
pub fn opaque<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = match Value::deserialize(deserializer)? {
        Value::String(id) => id,
        Value::Number(id) => id.to_string(),
        _ => return Err(D::Error::custom("not an id")),
    };
    if is_opaque_id(&id) { Ok(id) } else { Err(D::Error::custom("not an id")) }
}

pub fn is_opaque_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 256 && !id.chars().any(char::is_control)
}

/// A secret that goes into a header: visible ASCII, and not endless.
pub fn header_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = String::deserialize(deserializer)?;
    if is_header_value(&value) { Ok(value) } else { Err(D::Error::custom("not a header value")) }
}

/// A [`header_value`], or nothing.
pub fn maybe_header_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(value) => Ok(Some(value).filter(|value| is_header_value(value))),
        _ => Ok(None),
    }
}

pub fn is_header_value(text: &str) -> bool {
    text.len() <= 4096 && text.bytes().all(|b| b.is_ascii_graphic())
}
