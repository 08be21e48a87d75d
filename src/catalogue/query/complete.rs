//! What may come next while a query is being written: fields, operators, values that occur.

use std::ops::Range;

use super::Op;
use super::lexer::{Lexer, Token};
use super::print::written;
use crate::catalogue::fields::{Field, FieldKind};
use crate::catalogue::table::RunTable;

/// Suggestions at once.
const MOST: usize = 20;

/// Something that may come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The bytes of the text that it takes the place of.
    pub replaces: Range<usize>,
    /// What to write there.
    pub text: String,
    /// What it is.
    pub kind: SuggestionKind,
    /// More of it, in words.
    pub detail: String,
    /// Runs that have such a value, where that can be said.
    pub runs: Option<usize>,
}

/// What a suggestion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuggestionKind {
    /// A field.
    Field,
    /// An operator.
    Operator,
    /// A value.
    Value,
    /// A word of the language.
    Keyword,
}

/// Where the cursor is.
enum Place<'a> {
    /// In a word that may become a field.
    Term(&'a str, Range<usize>),
    /// In the value of a field.
    Value(String, &'a str, Range<usize>),
    /// Where nothing can be said.
    Nowhere,
}

/// What may stand at a place of a text, the likeliest first. `cursor` is in bytes; past the end it is the end.
#[must_use]
pub fn complete(text: &str, cursor: usize, table: &RunTable) -> Vec<Suggestion> {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    match place_of(&text[..cursor]) {
        Place::Nowhere => Vec::new(),
        Place::Term(partial, replaces) => terms(partial, &replaces, table),
        Place::Value(field, partial, replaces) if is_about_fields(&field) => {
            fields(partial, &replaces, table).into_iter().take(MOST).collect()
        }
        Place::Value(field, partial, replaces) => values(&field, partial, &replaces, table),
    }
}

fn is_about_fields(word: &str) -> bool {
    word.eq_ignore_ascii_case("has") || word.eq_ignore_ascii_case("missing")
}

fn place_of(text: &str) -> Place<'_> {
    let mut lexer = Lexer::new(text);
    loop {
        let (token, at) = match lexer.next() {
            Ok(next) => next,
            Err(_) => return Place::Nowhere,
        };
        match token {
            Token::End => return Place::Term("", text.len()..text.len()),
            Token::Word(word) => {
                let is_at_end = at.end == text.len();
                if lexer.op().is_none() {
                    if is_at_end {
                        return Place::Term(&text[at.clone()], at);
                    }
                    continue;
                }
                match lexer.value() {
                    Ok((Token::End, _)) => return Place::Value(word, "", text.len()..text.len()),
                    Ok((Token::Word(_), value)) if value.end == text.len() => {
                        return Place::Value(word, &text[value.clone()], value);
                    }
                    Ok((Token::Quoted(_) | Token::Word(_), _)) => {}
                    Ok(_) => return Place::Nowhere,
                    Err(error) => return Place::Value(word, &text[error.at.start + 1..], error.at),
                }
            }
            _ => {}
        }
    }
}

fn terms(partial: &str, replaces: &Range<usize>, table: &RunTable) -> Vec<Suggestion> {
    let mut found = Vec::new();
    if let Some(field) = table.fields().get(partial) {
        let at = replaces.end..replaces.end;
        found.extend(operators(field).into_iter().map(|op| Suggestion {
            replaces: at.clone(),
            text: op.sign().to_owned(),
            kind: SuggestionKind::Operator,
            detail: format!("{} {}", field.name, in_words(op, field.kind)),
            runs: None,
        }));
    }
    found.extend(fields(partial, replaces, table));
    let keywords = [
        ("has:", "a field that is known"),
        ("missing:", "a field that is not known"),
        ("or", "one of two conditions"),
        ("not", "the opposite of a condition"),
    ];
    let small = partial.to_lowercase();
    found.extend(keywords.into_iter().filter(|(word, _)| word.starts_with(&small)).map(|(word, detail)| Suggestion {
        replaces: replaces.clone(),
        text: word.to_owned(),
        kind: SuggestionKind::Keyword,
        detail: detail.to_owned(),
        runs: None,
    }));
    found
}

fn operators(field: &Field) -> Vec<Op> {
    match field.kind {
        FieldKind::Number | FieldKind::Time => vec![Op::Is, Op::Above, Op::AtLeast, Op::Below, Op::AtMost, Op::Differs],
        FieldKind::Words => vec![Op::Is, Op::Differs],
        FieldKind::Text => vec![Op::Is, Op::Equals, Op::Differs],
    }
}

fn in_words(op: Op, kind: FieldKind) -> &'static str {
    match (op, kind) {
        (Op::Is, FieldKind::Text) => "holds",
        (Op::Is, FieldKind::Words) => "is",
        (Op::Is, _) => "is, or lies in a range",
        (Op::Equals, _) => "is exactly",
        (Op::Differs, _) => "is known and is not",
        (Op::Below, _) => "is below",
        (Op::AtMost, _) => "is at most",
        (Op::Above, _) => "is above",
        (Op::AtLeast, _) => "is at least",
    }
}

/// Fields whose names begin with a text, then those that hold it.
fn fields(partial: &str, replaces: &Range<usize>, table: &RunTable) -> Vec<Suggestion> {
    let small = partial.to_lowercase();
    let (mut begin, mut hold) = (Vec::new(), Vec::new());
    for field in table.fields().iter().filter(|field| field.name.contains(&small) && field.name != small) {
        let unit = if field.unit.is_empty() { String::new() } else { format!(" in {}", field.unit) };
        let suggestion = Suggestion {
            replaces: replaces.clone(),
            text: field.name.clone(),
            kind: SuggestionKind::Field,
            detail: format!("{}{unit}: {}", field.kind.words(), field.origin),
            runs: Some(table.known_count(&field.name)),
        };
        if field.name.starts_with(&small) { begin.push(suggestion) } else { hold.push(suggestion) }
    }
    begin.append(&mut hold);
    begin
}

fn values(field: &str, partial: &str, replaces: &Range<usize>, table: &RunTable) -> Vec<Suggestion> {
    let Some(field) = table.fields().get(field) else { return Vec::new() };
    let small = partial.to_lowercase();
    let is_number = field.kind == FieldKind::Number;
    // No number begins with what is none, such as a range: no need to look at each of a hundred thousand.
    if is_number && !small.is_empty() && small != "-" && small.parse::<f64>().is_err() {
        return Vec::new();
    }
    let fits = |value: &str| if is_number { value.starts_with(&small) } else { value.to_lowercase().contains(&small) };
    let mut found = table.values(&field.name, fits, MOST);
    let others = field.only_words().into_iter().flatten().filter(|word| fits(word));
    let others: Vec<_> = others.filter(|word| !found.iter().any(|(value, _)| value == *word)).collect();
    found.extend(others.into_iter().map(|word| ((*word).to_owned(), 0)));
    let suggestion = |(value, runs): (String, usize)| Suggestion {
        replaces: replaces.clone(),
        text: if is_number { value } else { written(&value) },
        kind: SuggestionKind::Value,
        detail: field.unit.clone(),
        runs: Some(runs),
    };
    found.into_iter().map(suggestion).collect()
}
