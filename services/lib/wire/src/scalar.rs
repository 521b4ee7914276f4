//! Money, X ids and times in their wire form: texts, so that no JSON reader can round them.

use std::fmt;

use auction_core::{BidderId, Timestamp, Wei};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// Digits of the largest 256-bit number.
const MAX_AMOUNT_DIGITS: usize = 78;

/// Whole wei as a decimal string: `"1500000000000000000"`. No sign, dot, exponent or leading `+`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(pub Wei);

/// A numeric X account id as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct XId(pub BidderId);

/// An instant as RFC 3339 in UTC with milliseconds: `"2026-11-24T18:00:00.000Z"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub Timestamp);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0.0) {
            Ok(instant) => write!(f, "{instant:.3}"),
            // Our own instants end at the year 9999; beyond it the last one stands for "never".
            Err(_) => f.write_str("9999-12-31T23:59:59.999Z"),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Serialize for XId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads a scalar from a JSON string only; numbers are refused because a reader on the way may have rounded them.
struct FromText<T> {
    expected: &'static str,
    read: fn(&str) -> Result<T, String>,
}

impl<T> Visitor<'_> for FromText<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(FromText { expected: "a decimal string of whole wei", read: read_amount })
    }
}

impl<'de> Deserialize<'de> for XId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(FromText { expected: "an X account id as a string", read: read_x_id })
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(FromText { expected: "an RFC 3339 time", read: read_time })
    }
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

fn read_amount(text: &str) -> Result<Amount, String> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("\"{}\" is not an amount: write whole wei with the digits 0 to 9 only", shown(text)));
    }
    if text.len() > MAX_AMOUNT_DIGITS {
        return Err(format!("\"{}\" does not fit 256 bits", shown(text)));
    }
    text.parse().map(Amount).map_err(|_| format!("\"{}\" does not fit 256 bits", shown(text)))
}

fn read_x_id(text: &str) -> Result<XId, String> {
    let bad =
        || format!("\"{}\" is not an X account id: write its number, from 1, with the digits 0 to 9 only", shown(text));
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    // X's ids have 63 bits, and SQL's integers too; none is zero.
    match text.parse::<i64>() {
        Ok(id @ 1..) => Ok(XId(BidderId(id.unsigned_abs()))),
        Ok(_) | Err(_) => Err(bad()),
    }
}

impl std::str::FromStr for XId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        read_x_id(text)
    }
}

impl std::str::FromStr for Amount {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        read_amount(text)
    }
}

fn read_time(text: &str) -> Result<Time, String> {
    let instant: jiff::Timestamp =
        text.parse().map_err(|_| format!("\"{}\" is not a time: write RFC 3339 with a zone", shown(text)))?;
    Ok(Time(Timestamp(instant.as_millisecond())))
}

fn text_schema(pattern: &str, example: &str, description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
        .description(Some(description))
        .examples([serde_json::Value::from(example)])
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        text_schema("^[0-9]{1,78}$", "1500000000000000000", "Whole wei as a decimal string.").into()
    }
}

impl PartialSchema for XId {
    fn schema() -> RefOr<Schema> {
        text_schema("^[0-9]{1,20}$", "2244994945", "A numeric X account id as a string.").into()
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339 in UTC with milliseconds."))
            .examples([serde_json::Value::from("2026-11-24T18:00:00.000Z")])
            .into()
    }
}

impl ToSchema for Amount {}
impl ToSchema for XId {}
impl ToSchema for Time {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_string_of_digits_and_nothing_else() {
        let two_to_256 = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
        for bad in ["1e3", "-1", "+1", "1.0", "", " 1", "1 ", "0x10", "١", "1_000", two_to_256, &"9".repeat(300)] {
            let error = serde_json::from_value::<Amount>(bad.into()).unwrap_err().to_string();
            assert!(error.contains("amount") || error.contains("256 bits"), "{bad}: {error}");
        }
        for bad in [serde_json::json!(5), serde_json::json!(1.5), serde_json::json!(null), serde_json::json!(["1"])] {
            assert!(serde_json::from_value::<Amount>(bad).is_err());
        }
        let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        let amount: Amount = serde_json::from_value(most.into()).unwrap();
        assert_eq!(serde_json::to_value(amount).unwrap(), most);
    }

    #[test]
    fn a_time_always_shows_milliseconds() {
        assert_eq!(serde_json::to_value(Time(Timestamp(0))).unwrap(), "1970-01-01T00:00:00.000Z");
        let time: Time = serde_json::from_value("2026-11-24T19:00:00.5+01:00".into()).unwrap();
        assert_eq!(serde_json::to_value(time).unwrap(), "2026-11-24T18:00:00.500Z");
        assert_eq!(Time(Timestamp(i64::MAX)).to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn an_x_id_keeps_all_its_digits() {
        let id: XId = serde_json::from_value("9223372036854775807".into()).unwrap();
        assert_eq!(serde_json::to_value(id).unwrap(), "9223372036854775807");
        assert!(serde_json::from_value::<XId>("9223372036854775808".into()).is_err());
        assert!(serde_json::from_value::<XId>(7.into()).is_err());
        assert!(serde_json::from_value::<XId>("+7".into()).is_err());
        assert!(serde_json::from_value::<XId>("0".into()).is_err(), "nobody on X has it");
    }
}
