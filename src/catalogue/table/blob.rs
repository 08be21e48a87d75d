//! The words of a column's entries in one piece, so that one search goes through all of them.

use memchr::memmem::Finder;

/// Stands around each word. No text of a run list holds it: lines with such bytes are refused.
const EDGE: u8 = 0;

/// Words of entries, in small letters, one behind the other, each with an edge before and behind it.
#[derive(Debug, Clone, Default)]
pub(super) struct WordBlob {
    bytes: Vec<u8>,
    /// Where each entry begins.
    begins: Vec<usize>,
}

impl WordBlob {
    /// Adds the words of the next entry.
    pub(super) fn push(&mut self, words: &[String]) {
        self.begins.push(self.bytes.len());
        for word in words {
            self.bytes.push(EDGE);
            // What can't be told from an edge is left out of searches.
            self.bytes.extend(word.bytes().map(|byte| if byte == EDGE { b' ' } else { byte }));
            self.bytes.push(EDGE);
        }
    }

    pub(super) fn length_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Which entries have a word that holds this text.
    pub(super) fn holding(&self, text: &str) -> Vec<bool> {
        if text.contains(char::from(EDGE)) {
            return vec![false; self.begins.len()];
        }
        self.found(text.as_bytes())
    }

    /// Which entries have a word that is exactly this.
    pub(super) fn being(&self, text: &str) -> Vec<bool> {
        let edge = char::from(EDGE);
        if text.contains(edge) {
            return vec![false; self.begins.len()];
        }
        if text.is_empty() {
            // Two edges side by side also stand between any two words.
            return (0..self.begins.len()).map(|entry| self.has_empty_word(entry)).collect();
        }
        self.found(format!("{edge}{text}{edge}").as_bytes())
    }

    fn has_empty_word(&self, entry: usize) -> bool {
        let end = self.begins.get(entry + 1).copied().unwrap_or(self.bytes.len());
        let mut left = &self.bytes[self.begins[entry]..end];
        while let Some(length) = left.get(1..).and_then(|word| word.iter().position(|byte| *byte == EDGE)) {
            if length == 0 {
                return true;
            }
            left = &left[length + 2..];
        }
        false
    }

    fn found(&self, needle: &[u8]) -> Vec<bool> {
        let mut found = vec![false; self.begins.len()];
        if needle.is_empty() || self.begins.is_empty() {
            return found;
        }
        let finder = Finder::new(needle);
        let mut from = 0;
        while let Some(at) = self.bytes.get(from..).and_then(|rest| finder.find(rest)).map(|at| from + at) {
            let entry = self.begins.partition_point(|begin| *begin <= at) - 1;
            found[entry] = true;
            // One hit in an entry is enough.
            from = self.begins.get(entry + 1).copied().unwrap_or(self.bytes.len());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn one_search_finds_what_a_look_at_each_entry_finds(
            entries in prop::collection::vec(prop::collection::vec("[abé]{0,3}", 0..4), 0..12),
            text in "[abé]{0,3}",
        ) {
            let mut blob = WordBlob::default();
            entries.iter().for_each(|words| blob.push(words));
            let holding: Vec<bool> = entries.iter().map(|words| words.iter().any(|word| word.contains(&text))).collect();
            let being: Vec<bool> = entries.iter().map(|words| words.contains(&text)).collect();
            prop_assert_eq!(blob.being(&text), being);
            if !text.is_empty() {
                prop_assert_eq!(blob.holding(&text), holding);
            }
        }
    }
}
