//! What people write: cleaned of what no screen, database or page should meet, and bounded. Words that stand for choices.

/// Longest text of several lines, in letters.
pub const LONGEST_TEXT: usize = 4_000;

/// Longest line, in letters.
pub const LONGEST_LINE: usize = 300;

/// Longest name of a person, role, subsystem, in letters.
pub const LONGEST_NAME: usize = 100;

/// A text that can't be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordingError {
    /// Nothing was written.
    #[error("{what} is missing")]
    Missing {
        /// What the text is: `the comment`.
        what: &'static str,
    },
    /// Too much was written.
    #[error("{what} has {found} letters, at most {most} are kept; put the rest into a file and name it")]
    TooLong {
        /// What the text is.
        what: &'static str,
        /// Its letters.
        found: usize,
        /// How many it may have.
        most: usize,
    },
}

/// Control characters, and those that turn the direction of what stands around them.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A text in one line: what is not seen becomes a blank, blanks become one.
#[must_use]
pub fn one_line(text: &str) -> String {
    let seen: String = text.chars().map(|letter| if is_unseen(letter) { ' ' } else { letter }).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of several lines: line ends stay, what else is not seen goes.
#[must_use]
pub fn paragraph(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let seen: String = line.chars().map(|letter| if is_unseen(letter) { ' ' } else { letter }).collect();
        seen.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// A line that may be empty.
///
/// # Errors
/// When it is longer than that many letters.
pub fn line(what: &'static str, text: &str, most: usize) -> Result<String, WordingError> {
    bounded(what, one_line(text), most)
}

/// A line that says something.
///
/// # Errors
/// When it is empty or too long.
pub fn needed_line(what: &'static str, text: &str, most: usize) -> Result<String, WordingError> {
    needed(what, line(what, text, most)?)
}

/// A comment that may be empty.
///
/// # Errors
/// When it is too long.
pub fn comment(what: &'static str, text: &str) -> Result<String, WordingError> {
    bounded(what, paragraph(text), LONGEST_TEXT)
}

/// A comment that says something.
///
/// # Errors
/// When it is empty or too long.
pub fn needed_comment(what: &'static str, text: &str) -> Result<String, WordingError> {
    needed(what, comment(what, text)?)
}

fn bounded(what: &'static str, text: String, most: usize) -> Result<String, WordingError> {
    let found = text.chars().count();
    if found > most { Err(WordingError::TooLong { what, found, most }) } else { Ok(text) }
}

fn needed(what: &'static str, text: String) -> Result<String, WordingError> {
    if text.is_empty() { Err(WordingError::Missing { what }) } else { Ok(text) }
}

/// A choice of a few, each a word in the book and on the screen.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$doc:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $value,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[$name] = &[$($name::$value,)+];

            /// Its word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $($name::$value => $word,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                $name::ALL.iter().copied().find(|value| value.word() == text).ok_or_else(|| {
                    let known = $name::ALL.iter().map(|value| value.word()).collect::<Vec<_>>().join(", ");
                    format!("{text:?} is no {}; there are: {known}", $what)
                })
            }
        }
    };
}

pub(super) use choice;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is written, nothing unseen comes through, and cleaning twice changes nothing.
        #[test]
        fn nothing_unseen_comes_through(text in any::<String>()) {
            let (line, text) = (one_line(&text), paragraph(&text));
            prop_assert!(!line.chars().any(is_unseen));
            prop_assert!(!text.chars().any(|letter| letter != '\n' && is_unseen(letter)));
            prop_assert_eq!(one_line(&line), line.clone());
            prop_assert_eq!(paragraph(&text), text);
        }
    }

    #[test]
    fn what_is_too_long_is_refused_and_never_cut_in_silence() {
        assert_eq!(needed_line("the name", " a\0b\n ", 10), Ok("a b".into()));
        assert_eq!(needed_line("the name", "\u{202e}\0", 10), Err(WordingError::Missing { what: "the name" }));
        let long = "x".repeat(10_000);
        assert!(comment("the comment", &long).unwrap_err().to_string().contains("10000 letters, at most 4000"));
        assert_eq!(comment("the comment", "a\r\nb\u{7}\n"), Ok("a\nb".into()));
    }
}
