//! What the backend answers to a request: its words in the book say whether anything was done.

/// Before the words of an answer when nothing was done.
const NOT_DONE: &str = "not done: ";

/// Before the words of an answer when some of it was done and some was not.
const IN_PART: &str = "in part: ";

/// What came of a request: what was done, and what was not with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    done: Vec<String>,
    undone: Vec<String>,
}

impl Answer {
    /// Something was done.
    #[must_use]
    pub fn done(words: impl Into<String>) -> Self {
        Answer { done: vec![words.into()], undone: Vec::new() }
    }

    /// Something was not done, for a reason.
    #[must_use]
    pub fn not_done(words: impl Into<String>) -> Self {
        Answer { done: Vec::new(), undone: vec![words.into()] }
    }

    /// Takes over what came of another part of the request.
    pub fn add(&mut self, other: Answer) {
        self.done.extend(other.done);
        self.undone.extend(other.undone);
    }

    /// This answer, or another one when there was nothing to say.
    #[must_use]
    pub fn or(self, other: Answer) -> Self {
        if self == Answer::default() { other } else { self }
    }

    /// Whether anything was done.
    #[must_use]
    pub fn has_done(&self) -> bool {
        !self.done.is_empty()
    }

    /// What of it was not done.
    #[must_use]
    pub fn without_done(self) -> Self {
        Answer { done: Vec::new(), ..self }
    }

    /// As it stands in the book.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.done.join("; "), self.undone.join("; ")) {
            (done, undone) if undone.is_empty() => done,
            (done, undone) if done.is_empty() => format!("{NOT_DONE}{undone}"),
            (done, undone) => format!("{IN_PART}{done}; {NOT_DONE}{undone}"),
        }
    }
}

/// What came of a request, as told from its words in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came<'a> {
    /// All was done.
    Done(&'a str),
    /// Some was done, and some was not.
    InPart(&'a str),
    /// Nothing was done, for this reason.
    NotDone(&'a str),
}

impl<'a> Came<'a> {
    /// Reads an answer of the book.
    #[must_use]
    pub fn of(words: &'a str) -> Self {
        match (words.strip_prefix(NOT_DONE), words.strip_prefix(IN_PART)) {
            (Some(why), _) => Came::NotDone(why),
            (None, Some(words)) => Came::InPart(words),
            (None, None) => Came::Done(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_whether_anything_was_done() {
        let (done, undone) = (Answer::done("a cancelled"), Answer::not_done("b not cancelled: no answer"));
        assert_eq!(Came::of(&done.words()), Came::Done("a cancelled"));
        assert_eq!(Came::of(&undone.words()), Came::NotDone("b not cancelled: no answer"));
        let mut both = done.clone();
        both.add(undone);
        assert_eq!(Came::of(&both.words()), Came::InPart("a cancelled; not done: b not cancelled: no answer"));
        assert_eq!(Answer::default().or(done.clone()), done);
    }
}
