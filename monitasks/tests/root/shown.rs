//! A ROOT file as a task: an item for each histogram and graph.

use monitasks::figure::Layer;
use monitasks::format::root::{Product, RootFile, write};
use monitasks::task::{MonTask, TaskContext};
use monitasks::tasks::root_objects::RootObjects;

use super::sample;
use super::small_detector::small_detector;

#[test]
fn each_histogram_and_graph_is_an_item_and_trees_are_none() {
    let bytes = sample("lz4");
    let task = RootObjects::new("run7.root", &bytes[..]).unwrap();
    let names: Vec<&str> = task.info().items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names.len(), 17, "{names:?}");
    for name in ["h1d", "profile", "graph_asymm", "sub/deep/h_deep", "twice"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(!names.contains(&"t") && !names.contains(&"sub/deep/note"));
}

#[test]
fn a_file_with_nothing_to_show_says_what_it_has() {
    let stamp = "2019-05-16T19:52:00Z".parse().unwrap();
    let nothing: [Product; 0] = [];
    let bytes = write("empty.root", "", stamp, &nothing).unwrap();
    let error = RootObjects::new("empty.root", &bytes[..]).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("nothing in it"), "{error}");
}

#[test]
fn an_item_is_drawn_from_the_file_and_a_damaged_one_says_why() {
    let mut bytes = sample("none");
    let detector = small_detector();
    let context = TaskContext { detector: &detector, now: "2019-05-16T19:52:00Z".parse().unwrap() };
    let figure = RootObjects::new("a", &bytes[..]).unwrap().draw("h2d", &[], &context);
    assert!(matches!(&figure.layers[..], [Layer::Map(map)] if (map.columns, map.rows) == (4, 3)), "{figure:?}");
    let file = RootFile::open(&bytes[..]).unwrap();
    let key = file.find("h2d").unwrap().key.clone();
    bytes[key.seek as usize + key.key_bytes + 5] ^= 0xFF;
    let figure = RootObjects::new("a", &bytes[..]).unwrap().draw("h2d", &[], &context);
    assert!(figure.empty.is_some_and(|why| why.contains("version")), "{:?}", figure.title);
}
