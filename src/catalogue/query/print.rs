//! A query as the text that means it.

use std::fmt;

use super::Query;

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Query::Everything => Ok(()),
            Query::All(parts) => joined(f, parts, " ", |part| matches!(part, Query::Any(_))),
            Query::Any(parts) => joined(f, parts, " or ", |_| false),
            Query::Not(inner) if matches!(**inner, Query::All(_) | Query::Any(_)) => write!(f, "-({inner})"),
            Query::Not(inner) => write!(f, "-{inner}"),
            Query::Free(text) => f.write_str(&written(text)),
            Query::Test { field, op, literal } => write!(f, "{field}{}{}", op.sign(), written(&literal.written)),
            Query::Has(field) => write!(f, "has:{field}"),
            Query::Missing(field) => write!(f, "missing:{field}"),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Query], between: &str, in_parentheses: impl Fn(&Query) -> bool) -> fmt::Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            f.write_str(between)?;
        }
        if in_parentheses(part) {
            write!(f, "({part})")?;
        } else {
            write!(f, "{part}")?;
        }
    }
    Ok(())
}

/// A word or value, in quotes where it needs them.
pub(super) fn written(text: &str) -> String {
    let is_plain = text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '/' | '+'))
        && text.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
        && !["or", "and", "not"].iter().any(|keyword| text.eq_ignore_ascii_case(keyword));
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}
