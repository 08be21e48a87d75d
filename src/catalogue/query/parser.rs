//! Signs and words into a query.

use std::ops::Range;

use super::lexer::{Lexer, Token};
use super::literal::literal_of;
use super::{Op, Query, QueryError};
use crate::catalogue::fields::{Field, Fields};

/// Parentheses and minus signs in each other, at most.
const DEEPEST: usize = 64;
/// A query is at most so long.
const LONGEST_BYTES: usize = 10_000;

/// Reads a query; the empty one asks nothing and finds every run.
///
/// # Errors
/// With the place, what was expected there, and the fields or values there are.
pub fn parse(text: &str, fields: &Fields) -> Result<Query, QueryError> {
    if text.len() > LONGEST_BYTES {
        let what = format!("the query has {} bytes, at most {LONGEST_BYTES} are read", text.len());
        return Err(QueryError::new(text, 0..text.len(), what, None));
    }
    let mut parser = Parser { lexer: Lexer::new(text), fields };
    if text.trim().is_empty() {
        return Ok(Query::Everything);
    }
    let query = parser.any(0)?;
    match parser.lexer.next()? {
        (Token::End, _) => Ok(query),
        (Token::Close, at) => Err(parser.error(at, "a parenthesis is closed that was not opened", None)),
        (_, at) => Err(parser.error(at, "expected 'or', or a condition", None)),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    fields: &'a Fields,
}

fn is_keyword(token: &Token, keyword: &str) -> bool {
    matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
}

impl Parser<'_> {
    fn error(&self, at: Range<usize>, what: impl Into<String>, hint: Option<String>) -> QueryError {
        QueryError::new(self.lexer.text(), at, what, hint)
    }

    fn peek(&self) -> Result<Token, QueryError> {
        Ok(self.lexer.clone().next()?.0)
    }

    fn any(&mut self, depth: usize) -> Result<Query, QueryError> {
        let mut parts = vec![self.all(depth)?];
        while is_keyword(&self.peek()?, "or") {
            self.lexer.next()?;
            parts.push(self.all(depth)?);
        }
        Ok(Query::any(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Query, QueryError> {
        let mut parts = vec![self.term(depth)?];
        loop {
            let next = self.peek()?;
            if is_keyword(&next, "and") {
                self.lexer.next()?;
            } else if matches!(next, Token::End | Token::Close) || is_keyword(&next, "or") {
                return Ok(Query::all(parts));
            }
            parts.push(self.term(depth)?);
        }
    }

    fn term(&mut self, depth: usize) -> Result<Query, QueryError> {
        let (token, at) = self.lexer.next()?;
        if depth > DEEPEST {
            return Err(self.error(at, format!("more than {DEEPEST} parentheses and minus signs in each other"), None));
        }
        let is_not = is_keyword(&token, "not");
        match token {
            Token::Minus => Ok(Query::Not(Box::new(self.term(depth + 1)?))),
            _ if is_not => Ok(Query::Not(Box::new(self.term(depth + 1)?))),
            Token::Open => {
                let inner = self.any(depth + 1)?;
                match self.lexer.next()? {
                    (Token::Close, _) => Ok(inner),
                    _ => Err(self.error(at, "a parenthesis is opened and never closed", None)),
                }
            }
            Token::Quoted(text) if text.is_empty() => Err(self.error(at, "there is nothing between the quotes", None)),
            Token::Quoted(text) => Ok(Query::Free(text)),
            Token::Word(word) if word.eq_ignore_ascii_case("or") || word.eq_ignore_ascii_case("and") => {
                let hint = Some(format!("to search for the word itself, write \"{word}\""));
                Err(self.error(at, format!("expected a condition beside '{word}'"), hint))
            }
            Token::Word(word) => match self.lexer.op() {
                None => Ok(Query::Free(word)),
                Some(op) => self.test(&word, at, op),
            },
            Token::Op(op) => Err(self.error(at, format!("expected a field before '{}'", op.sign()), Some(self.all_fields()))),
            Token::Close => Err(self.error(at, "expected a condition before ')'", None)),
            Token::End => Err(self.error(at, "expected a condition: a field with a value such as flag:OK, or a word", None)),
        }
    }

    fn test(&mut self, name: &str, at: Range<usize>, op: Op) -> Result<Query, QueryError> {
        let is_missing = name.eq_ignore_ascii_case("missing");
        if is_missing || name.eq_ignore_ascii_case("has") {
            let (field, field_at) = self.value(name, op)?;
            if op != Op::Is {
                return Err(self.error(at, format!("'{name}' asks with ':', such as {name}:drift_field"), None));
            }
            let field = self.field(&field, field_at)?.name.clone();
            return Ok(if is_missing { Query::Missing(field) } else { Query::Has(field) });
        }
        let field = self.field(name, at.clone())?.clone();
        let (written, value_at) = self.value(name, op)?;
        let literal = literal_of(&field, op, &written).map_err(|(what, hint)| self.error(value_at, what, hint))?;
        Ok(Query::Test { field: field.name, op, literal })
    }

    fn value(&mut self, name: &str, op: Op) -> Result<(String, Range<usize>), QueryError> {
        let (token, at) = self.lexer.value()?;
        match token {
            Token::Word(text) | Token::Quoted(text) if !text.is_empty() => Ok((text, at)),
            _ => {
                let hint = format!("to ask whether there is one, write has:{name} or missing:{name}");
                Err(self.error(at, format!("expected a value behind '{name}{}'", op.sign()), Some(hint)))
            }
        }
    }

    fn field(&self, name: &str, at: Range<usize>) -> Result<&Field, QueryError> {
        self.fields.get(name).ok_or_else(|| {
            let meant = self.fields.nearest(name).map(|meant| format!("did you mean {meant}? ")).unwrap_or_default();
            self.error(at, format!("there is no field {name:?}"), Some(format!("{meant}{}", self.all_fields())))
        })
    }

    fn all_fields(&self) -> String {
        format!("there are: {}", self.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", "))
    }
}
