//! The text of a query into signs and words.

use std::ops::Range;

use super::{Op, QueryError};

/// A sign or a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    /// `-` before what is not to hold.
    Minus,
    Op(Op),
    /// A word without quotes.
    Word(String),
    /// A text in quotes.
    Quoted(String),
    End,
}

/// Reads tokens one at a time: what a word may hold depends on whether it is a value.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Lexer { text, at: 0 }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The next token of a term, with its bytes.
    pub(super) fn next(&mut self) -> Result<(Token, Range<usize>), QueryError> {
        self.skip_blanks();
        let from = self.at;
        let Some(letter) = self.rest().chars().next() else { return Ok((Token::End, from..from)) };
        if let Some(op) = self.op() {
            return Ok((Token::Op(op), from..self.at));
        }
        let single = match letter {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            '-' => Some(Token::Minus),
            '"' => return self.quoted(),
            _ => None,
        };
        if let Some(token) = single {
            self.at += 1;
            return Ok((token, from..self.at));
        }
        let rest = self.rest();
        let begins_op = |at: usize| Op::ALL.iter().any(|op| rest[at..].starts_with(op.sign()));
        let is_end = |(at, letter): (usize, char)| letter.is_whitespace() || matches!(letter, '(' | ')' | '"') || begins_op(at);
        Ok(self.word(is_end))
    }

    /// The operator that comes next, if one does.
    pub(super) fn op(&mut self) -> Option<Op> {
        let blanks = self.rest().len() - self.rest().trim_start().len();
        let rest = self.rest().trim_start();
        let op = Op::ALL.into_iter().find(|op| rest.starts_with(op.sign()))?;
        self.at += blanks + op.sign().len();
        Some(op)
    }

    /// The value behind an operator: in quotes, or up to a blank or parenthesis; `:` and `-` are letters of it.
    pub(super) fn value(&mut self) -> Result<(Token, Range<usize>), QueryError> {
        self.skip_blanks();
        match self.rest().chars().next() {
            None => Ok((Token::End, self.at..self.at)),
            Some('(') => Ok((Token::Open, self.at..self.at + 1)),
            Some(')') => Ok((Token::Close, self.at..self.at + 1)),
            Some('"') => self.quoted(),
            Some(_) => Ok(self.word(|(_, letter)| letter.is_whitespace() || matches!(letter, '(' | ')' | '"'))),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn word(&mut self, is_end: impl Fn((usize, char)) -> bool) -> (Token, Range<usize>) {
        let from = self.at;
        let rest = self.rest();
        let length = rest.char_indices().find(|place| is_end(*place)).map_or(rest.len(), |(at, _)| at);
        self.at += length;
        (Token::Word(rest[..length].to_owned()), from..self.at)
    }

    fn quoted(&mut self) -> Result<(Token, Range<usize>), QueryError> {
        let from = self.at;
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at = from + at + 1;
                    return Ok((Token::Quoted(text), from..self.at));
                }
                '\\' => text.extend(letters.next().map(|(_, letter)| letter)),
                letter => text.push(letter),
            }
        }
        let hint = Some("close it with \"; a quote inside is written \\\"".into());
        Err(QueryError::new(self.text, from..self.text.len(), "a quote is opened and never closed", hint))
    }
}
