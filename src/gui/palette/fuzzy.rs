//! How well words fit what was typed: by parts of words in any order, and by letters that follow each other.

/// How well the words fit; none when they do not. The higher the better.
#[must_use]
pub fn score(words: &str, query: &str) -> Option<i32> {
    let words = words.to_lowercase();
    let mut sum = 0;
    for part in query.to_lowercase().split_whitespace() {
        sum += part_score(&words, part)?;
    }
    // Of two that fit alike the shorter one is meant.
    Some(sum * 10 - i32::try_from(words.chars().count()).unwrap_or(i32::MAX).min(200))
}

fn part_score(words: &str, part: &str) -> Option<i32> {
    if let Some(best) = words.match_indices(part).map(|(at, _)| at_score(words, part, at)).max() {
        return Some(best);
    }
    // A number is that number and no other that has its digits.
    let is_number = part.chars().any(|letter| letter.is_ascii_digit());
    (!is_number && part.chars().count() > 1 && follows(words, part)).then_some(4)
}

fn at_score(words: &str, part: &str, at: usize) -> i32 {
    let ends_word = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
    let begins = ends_word(words[..at].chars().next_back());
    let ends = ends_word(words[at + part.len()..].chars().next());
    match (begins, ends) {
        (true, true) => 30,
        (true, false) => 22,
        _ => 12,
    }
}

/// Whether the letters stand in the words in this order, the first at the beginning of a word.
fn follows(words: &str, part: &str) -> bool {
    let letters: Vec<char> = words.chars().collect();
    let Some(first) = part.chars().next() else { return true };
    let starts = (0..letters.len()).filter(|at| letters[*at] == first && (*at == 0 || !letters[*at - 1].is_alphanumeric()));
    starts.into_iter().any(|start| {
        let mut rest = letters[start..].iter();
        part.chars().all(|wanted| rest.any(|letter| *letter == wanted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_finds_by_parts_of_words_in_any_order() {
        assert!(score("Show Purity: Lifetime trend", "life pur").is_some());
        assert!(score("Look at run 12", "").is_some());
        assert!(score("Look at run 12", "run 3").is_none());
    }

    #[test]
    fn letters_in_order_find_what_was_typed_in_haste() {
        assert!(score("Show Purity: Lifetime trend", "lftm").is_some());
        assert!(score("Show Purity: Lifetime trend", "prtytrend").is_some());
        assert!(score("Show Purity: Lifetime trend", "zz").is_none());
        assert!(score("Look at run 1234", "14").is_none(), "a number is no letters in order");
    }

    #[test]
    fn whole_words_come_before_parts_and_short_ones_before_long() {
        let best = |query: &str, offered: &[&'static str]| {
            offered.iter().copied().max_by_key(|words| score(words, query).unwrap_or(i32::MIN)).unwrap()
        };
        assert_eq!(best("run 2", &["Look at run 12", "Look at run 2", "Look at run 20"]), "Look at run 2");
        assert_eq!(best("trend", &["Show Trendy things", "Show Lifetime trend"]), "Show Lifetime trend");
    }
}
