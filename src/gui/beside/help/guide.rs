//! The shifter's guide, as it stands in the docs, cut into parts that can be searched and read in the window.

/// The guide's text.
const GUIDE: &str = include_str!("../../../../docs/shifter.md");

/// The guide: parts by heading.
#[derive(Debug, Clone)]
pub struct Guide {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    blocks: Vec<Block>,
    /// All its words, in lower case.
    words: String,
}

/// A piece of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A point of a list.
    Point(String),
    /// A row of a table.
    Row(Vec<String>),
    /// A line of a terminal.
    Code(String),
}

/// The topics of the guide, in its order.
pub fn topics() -> impl Iterator<Item = &'static str> {
    GUIDE.lines().filter_map(|line| line.strip_prefix("## "))
}

impl Guide {
    /// Reads the guide.
    #[must_use]
    pub fn read() -> Self {
        let mut parts = vec![Vec::new()];
        for block in blocks(GUIDE) {
            if matches!(block, Block::Heading(_)) {
                parts.push(Vec::new());
            }
            if let Some(part) = parts.last_mut() {
                part.push(block);
            }
        }
        let parts = parts.into_iter().filter(|blocks: &Vec<Block>| !blocks.is_empty());
        let part =
            |blocks: Vec<Block>| Part { words: blocks.iter().map(Block::words).collect::<String>().to_lowercase(), blocks };
        Guide { parts: parts.map(part).collect() }
    }

    /// The parts that have every word of a query; all of them for an empty one.
    pub fn parts<'a>(&'a self, query: &str) -> impl Iterator<Item = &'a [Block]> {
        let wanted: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let has = move |part: &&Part| wanted.iter().all(|word| part.words.contains(word));
        self.parts.iter().filter(has).map(|part| part.blocks.as_slice())
    }
}

impl Block {
    fn words(&self) -> String {
        match self {
            Block::Heading(text) | Block::Text(text) | Block::Point(text) | Block::Code(text) => format!("{text}\n"),
            Block::Row(cells) => format!("{}\n", cells.join(" ")),
        }
    }
}

/// The pieces of a text in the form that the docs are written in.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut is_code = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            is_code = !is_code;
            blocks.extend(open.take());
        } else if is_code {
            blocks.push(Block::Code(line.to_owned()));
        } else if trimmed.is_empty() || trimmed.starts_with("![") || trimmed.starts_with("<!--") {
            blocks.extend(open.take());
        } else if let Some(heading) = trimmed.strip_prefix('#') {
            blocks.extend(open.take());
            blocks.push(Block::Heading(plain(heading.trim_start_matches('#').trim())));
        } else if trimmed.starts_with('|') {
            blocks.extend(open.take());
            if !trimmed.starts_with("|--") {
                let cells = trimmed.trim_matches('|').split(" | ").map(|cell| plain(cell.trim()));
                blocks.push(Block::Row(cells.collect()));
            }
        } else if let Some(point) = point_of(trimmed) {
            blocks.extend(open.take());
            open = Some(Block::Point(plain(point)));
        } else {
            match &mut open {
                Some(Block::Text(text) | Block::Point(text)) => {
                    text.push(' ');
                    *text += &plain(trimmed);
                }
                _ => open = Some(Block::Text(plain(trimmed))),
            }
        }
    }
    blocks.extend(open);
    blocks
}

/// What stands behind the mark of a list's point.
fn point_of(line: &str) -> Option<&str> {
    let numbered = || {
        let (number, rest) = line.split_once(". ")?;
        number.parse::<u32>().ok().map(|_| rest)
    };
    line.strip_prefix("- ").or_else(numbered)
}

/// Words without the marks of bold, code and links.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('[') {
        match behind.split_once("](").and_then(|(words, link)| Some((words, link.split_once(')')?.1))) {
            Some((words, after)) if !words.contains(']') => {
                out += before;
                out += words;
                rest = after;
            }
            _ => {
                out += before;
                out.push('[');
                rest = behind;
            }
        }
    }
    out += rest;
    out.replace("**", "").replace(['`', '*'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_is_read_whole_without_its_marks_and_found_by_words() {
        let guide = Guide::read();
        assert!(guide.parts("").count() > 8);
        let found: Vec<_> = guide.parts("ALARM acknowledge").collect();
        assert!(!found.is_empty() && found.len() < guide.parts("").count());
        assert_eq!(guide.parts("no such word as qwertz").count(), 0);
        for block in guide.parts("").flatten().filter(|block| !matches!(block, Block::Code(_))) {
            let words = block.words();
            assert!(!words.contains("**") && !words.contains("](") && !words.contains("<!--"), "{words}");
        }
    }

    #[test]
    fn marks_of_links_bold_and_code_go_and_the_words_stay() {
        assert_eq!(plain("a **check** of [its `kind`](checks.md#x) in `[alarms]`"), "a check of its kind in [alarms]");
        assert_eq!(plain("| [   ] |"), "| [   ] |");
        let read = blocks("# Head\n\none\ntwo\n\n- a\n  b\n- c\n\n| x | y |\n|---|---|\n```sh\ndqmon `x`\n```\n");
        let text = |text: &str| text.to_owned();
        let expected = [
            Block::Heading(text("Head")),
            Block::Text(text("one two")),
            Block::Point(text("a b")),
            Block::Point(text("c")),
            Block::Row(vec![text("x"), text("y")]),
            Block::Code(text("dqmon `x`")),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn each_topic_is_found_by_its_name() {
        let guide = Guide::read();
        assert!(topics().count() > 8);
        for topic in topics() {
            let is_it = |part: &[Block]| part.first() == Some(&Block::Heading(topic.to_owned())) && part.len() > 1;
            assert!(guide.parts(topic).any(is_it), "{topic}");
        }
    }
}
