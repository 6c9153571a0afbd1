//! Readers for fields that come in more than one shape.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use serde_json::Value;

use crate::model::{AccountId, SessionId};

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
