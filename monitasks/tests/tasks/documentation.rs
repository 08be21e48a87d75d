//! What `docs/add-a-task.md` shows is what is compiled and tested here.

const PAGE: &str = include_str!("../../../docs/add-a-task.md");
const EXAMPLE: &str = include_str!("example_task.rs");

#[test]
fn the_page_shows_the_example_as_it_is_compiled() {
    assert!(PAGE.contains(&format!("```rust\n{EXAMPLE}```\n")), "docs/add-a-task.md and tests/tasks/example_task.rs differ");
}

#[test]
fn the_page_names_no_word_that_the_contract_lacks() {
    for word in ["`monitasks/src/registry.rs`", "`built_in_at`", "`DQMON_BLESS=1`", "`ReadError::Incomplete`", "`Figure::empty`"]
    {
        assert!(PAGE.contains(word), "the page has lost {word}");
    }
    let contract = include_str!("../../src/task.rs");
    for method in ["fn info(", "fn read(", "fn draw(", "fn glance("] {
        assert!(contract.contains(method) && EXAMPLE.contains(method), "{method}");
    }
}
