//! Facts of a run as typed values: what a run list says of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A value as it is understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A number, in its field's unit.
    Number(f64),
    /// A number that is only known to be above this: `> 21000`.
    Above(f64),
    /// A number that is only known to be below this.
    Below(f64),
    /// A number that is only known to lie between these, both of which it may be: `10-20`.
    Between(f64, f64),
    /// Text.
    Text(String),
    /// Words, each with a meaning of its own.
    Words(Vec<String>),
    /// A day, in the site's time zone.
    Day(Date),
    /// An instant, in UTC.
    At(Timestamp),
}

/// One thing that is known of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is.
    pub value: Value,
    /// Unit of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// As a person wrote it, when that says more than the value: `~ 20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
}

/// All facts of a run, by the names of their fields: the body of an entry in the book.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunFacts(pub BTreeMap<String, Fact>);

impl Value {
    /// The lowest and highest that it can be: numbers in their unit, days and instants in seconds since 1970 UTC; none of
    /// words. A day of the site reaches from 0 h to 24 h as if it were one in UTC.
    #[must_use]
    pub fn span(&self) -> Option<(f64, f64)> {
        match self {
            Value::Number(number) => Some((*number, *number)),
            Value::Above(low) => Some((low.next_up(), f64::INFINITY)),
            Value::Below(high) => Some((f64::NEG_INFINITY, high.next_down())),
            Value::Between(low, high) => Some((*low, *high)),
            Value::Day(day) => Some(day_span_s(*day)),
            Value::At(stamp) => {
                let at_s = stamp.as_second() as f64 + f64::from(stamp.subsec_nanosecond()) * 1e-9;
                Some((at_s, at_s))
            }
            Value::Text(_) | Value::Words(_) => None,
        }
    }

    /// Its words; a text is one.
    #[must_use]
    pub fn words(&self) -> &[String] {
        match self {
            Value::Text(text) => std::slice::from_ref(text),
            Value::Words(words) => words,
            _ => &[],
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Number(number) => write!(f, "{number}"),
            Value::Above(low) => write!(f, "> {low}"),
            Value::Below(high) => write!(f, "< {high}"),
            Value::Between(low, high) => write!(f, "{low}..{high}"),
            Value::Text(text) => f.write_str(text),
            Value::Words(words) => f.write_str(&words.join(" ")),
            Value::Day(day) => write!(f, "{day}"),
            Value::At(stamp) => write!(f, "{stamp}"),
        }
    }
}

impl Fact {
    /// A fact that was written as it is.
    #[must_use]
    pub fn of(value: Value) -> Self {
        Fact { value, unit: None, written: None }
    }

    /// What people read: as it was written, else the value.
    #[must_use]
    pub fn text(&self) -> String {
        self.written.clone().unwrap_or_else(|| self.value.to_string())
    }

    /// The same with its unit: `560 V/cm`.
    #[must_use]
    pub fn with_unit(&self) -> String {
        match &self.unit {
            Some(unit) if self.written.is_none() => format!("{} {unit}", self.value),
            _ => self.text(),
        }
    }
}

/// First and last instant of a day in UTC, seconds since 1970; the last is a nanosecond before the next day.
pub(super) fn day_span_s(day: Date) -> (f64, f64) {
    let days = i64::from(day.since(jiff::civil::date(1970, 1, 1)).map_or(0, |span| span.get_days()));
    let first_s = (days * 86_400) as f64;
    (first_s, (first_s + 86_400.0).next_down())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back_from_json_as_they_were() {
        let facts = RunFacts(BTreeMap::from([
            ("drift_field".into(), Fact { unit: Some("V/cm".into()), ..Fact::of(Value::Number(560.0)) }),
            ("events".into(), Fact { written: Some("> 21000".into()), ..Fact::of(Value::Above(21_000.0)) }),
            ("range".into(), Fact::of(Value::Between(-1.5, 1e300))),
            ("trigger".into(), Fact::of(Value::Words(vec!["CRT".into(), "PMT".into()]))),
            ("date".into(), Fact::of(Value::Day(jiff::civil::date(2017, 10, 1)))),
            ("started".into(), Fact::of(Value::At("2017-10-01T12:00:00Z".parse().unwrap()))),
            ("remark".into(), Fact::of(Value::Text("=1+1".into()))),
        ]));
        let text = serde_json::to_string(&facts).unwrap();
        assert_eq!(serde_json::from_str::<RunFacts>(&text).unwrap(), facts, "{text}");
    }

    #[test]
    fn what_is_above_a_number_is_not_that_number() {
        let (low, high) = Value::Above(21_000.0).span().unwrap();
        assert!(low > 21_000.0 && high.is_infinite());
        let (first_s, last_s) = Value::Day(jiff::civil::date(2017, 10, 1)).span().unwrap();
        assert_eq!(first_s, 1_506_816_000.0);
        assert!(last_s < first_s + 86_400.0 && last_s > first_s + 86_399.0);
        assert_eq!(Value::Day(jiff::civil::date(1969, 12, 31)).span().unwrap().0, -86_400.0);
    }
}
