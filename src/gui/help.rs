//! Help by topic: the sections of the shifter's guide, read in the window.

const GUIDE: &str = include_str!("../../docs/shifter.md");

/// The topics, in the order of the guide.
pub fn topics() -> impl Iterator<Item = &'static str> {
    GUIDE.lines().filter_map(|line| line.strip_prefix("## "))
}

/// What the guide says of a topic, without what is for other readers: pictures, comments.
#[must_use]
pub fn text(topic: &str) -> Option<String> {
    let mut lines = GUIDE.lines().skip_while(|line| line.strip_prefix("## ") != Some(topic));
    lines.next()?;
    let of_topic = lines.take_while(|line| !line.starts_with("## "));
    let shown = of_topic.filter(|line| !line.starts_with("![") && !line.starts_with("<!--"));
    let plain: Vec<String> = shown.map(|line| line.replace("**", "").replace('`', "")).collect();
    Some(plain.join("\n").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_topic_of_the_guide_has_words() {
        assert!(topics().count() > 8);
        for topic in topics() {
            assert!(text(topic).is_some_and(|text| text.len() > 40), "{topic}");
        }
        assert_eq!(text("no such topic"), None);
    }
}
