//! Job scripts: a template with `@words@`, and text made safe for the shell.

use std::collections::BTreeMap;
use std::path::Path;

/// The shipped template.
pub const SHIPPED_TEMPLATE: &str = include_str!("../../assets/job_templates/local.sh");

/// What stands for the words of a template, each already fit for the shell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScriptWords {
    words: BTreeMap<&'static str, String>,
}

/// A template that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A word that stands for nothing.
    #[error("job script template refused: @{word}@ stands for nothing, there are {known}: line {line}")]
    UnknownWord {
        /// The word.
        word: String,
        /// Its line, from 1.
        line: usize,
        /// The words there are.
        known: String,
    },
    /// No `#!` line: the operating system would not know what runs it.
    #[error("job script template refused: its first line must begin with '#!'")]
    NoInterpreter,
}

impl ScriptWords {
    /// Lets a word stand for one argument.
    pub fn argument(&mut self, word: &'static str, text: &str) {
        self.words.insert(word, quoted(text));
    }

    /// Lets a word stand for several arguments.
    pub fn arguments<'a>(&mut self, word: &'static str, texts: impl IntoIterator<Item = &'a str>) {
        self.words.insert(word, texts.into_iter().map(quoted).collect::<Vec<_>>().join(" "));
    }

    /// The script of a template.
    ///
    /// # Errors
    /// When the template can't be used; with the words there are.
    pub fn fill(&self, template: &str) -> Result<String, TemplateError> {
        if !template.starts_with("#!") {
            return Err(TemplateError::NoInterpreter);
        }
        let mut script = String::with_capacity(template.len());
        for (line, text) in (1..).zip(template.split_inclusive('\n')) {
            self.fill_line(text, line, &mut script)?;
        }
        Ok(script)
    }

    /// `@word@` is replaced; an `@` that opens no word stands for itself, as in a mail address.
    fn fill_line(&self, text: &str, line: usize, script: &mut String) -> Result<(), TemplateError> {
        let mut rest = text;
        while let Some(at) = rest.find('@') {
            let after = &rest[at + 1..];
            let word = after.split_once('@').map(|(word, _)| word).filter(|word| is_word(word));
            script.push_str(&rest[..at]);
            match word {
                Some(word) => {
                    let value = self.words.get(word).ok_or_else(|| TemplateError::UnknownWord {
                        word: word.to_owned(),
                        line,
                        known: self.words.keys().map(|word| format!("@{word}@")).collect::<Vec<_>>().join(", "),
                    })?;
                    // Comments are for people: the lines that explain the words keep them.
                    if text.starts_with("# ") && line > 2 {
                        script.push_str(&rest[at..at + word.len() + 2]);
                    } else {
                        script.push_str(value);
                    }
                    rest = &after[word.len() + 1..];
                }
                None => {
                    script.push('@');
                    rest = after;
                }
            }
        }
        script.push_str(rest);
        Ok(())
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// One argument for the shell: as it is when nothing in it means anything to a shell, else in single quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,+%".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// As [`quoted`], for a text that need not be UTF-8, as paths.
#[must_use]
pub fn quoted_bytes(text: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in text {
        match byte {
            b'\'' => quoted.extend(br"'\''"),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// A path as text for a script.
#[must_use]
pub fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> ScriptWords {
        let mut words = ScriptWords::default();
        words.argument("job", text);
        words.arguments("command", ["printf", "%s|", text]);
        words
    }

    #[test]
    fn an_unknown_word_is_refused_with_its_line_and_the_words_there_are() {
        let error = words("x").fill("#!/bin/sh\n@comand@\n").unwrap_err();
        let expected = "job script template refused: @comand@ stands for nothing, there are @command@, @job@: line 2";
        assert_eq!(error.to_string(), expected);
        assert_eq!(words("x").fill("@command@"), Err(TemplateError::NoInterpreter));
    }

    #[test]
    fn a_lone_sign_stands_for_itself() {
        let script = words("x").fill("#!/bin/sh\nmail prod@host -s @job@ a@b.c \"$@\"\n").unwrap();
        assert!(script.contains("mail prod@host -s x"), "{script}");
        assert!(script.ends_with("\"$@\"\n"), "{script}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
        #[test]
        fn a_shell_gets_back_the_very_text(text in "[^\0]{0,40}") {
            let script = words(&text).fill("#!/bin/sh\n@command@").unwrap();
            let output = std::process::Command::new("/bin/sh").arg("-c").arg(&script).output().unwrap();
            proptest::prop_assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{text}|"));
        }
    }
}
