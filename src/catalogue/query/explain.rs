//! A query in words.

use super::{Meaning, Op, Query};
use crate::catalogue::fields::{FieldKind, Fields};

/// What a query asks, as a person would say it: `runs of which trigger is CRT, and drift_field is above 500 V/cm`.
#[must_use]
pub fn explain(query: &Query, fields: &Fields) -> String {
    match query {
        Query::Everything => "all runs".into(),
        query => format!("runs of which {}", words(query, fields)),
    }
}

fn words(query: &Query, fields: &Fields) -> String {
    match query {
        Query::Everything => "anything holds".into(),
        Query::All(parts) => joined(parts, ", and ", fields),
        Query::Any(parts) => format!("either {}", joined(parts, " or ", fields)),
        Query::Not(inner) => format!("it is not so that {}", grouped(inner, fields)),
        Query::Free(text) => format!("a text holds {text:?}"),
        Query::Has(field) => format!("{field} is known"),
        Query::Missing(field) => format!("{field} is not known"),
        Query::Test { field, op, literal } => {
            let known = fields.get(field);
            let is_text = known.is_some_and(|field| field.kind == FieldKind::Text);
            let unit =
                known.map(|field| field.unit.as_str()).filter(|unit| !unit.is_empty() && !literal.written.ends_with(*unit));
            let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
            let is_range = matches!(literal.meaning, Meaning::Span(low, high) if low < high);
            let how = match op {
                Op::Is if is_text => "holds",
                Op::Is | Op::Equals if is_range => "lies in",
                Op::Is | Op::Equals => "is",
                Op::Differs if is_range => "is known and lies outside",
                Op::Differs => "is known and is not",
                Op::Below => "is below",
                Op::AtMost => "is at most",
                Op::Above => "is above",
                Op::AtLeast => "is at least",
            };
            let value = if is_text { format!("{:?}", literal.written) } else { literal.written.clone() };
            format!("{field} {how} {value}{unit}")
        }
    }
}

fn grouped(query: &Query, fields: &Fields) -> String {
    match query {
        Query::All(_) | Query::Any(_) => format!("({})", words(query, fields)),
        _ => words(query, fields),
    }
}

fn joined(parts: &[Query], between: &str, fields: &Fields) -> String {
    parts.iter().map(|part| grouped(part, fields)).collect::<Vec<_>>().join(between)
}
