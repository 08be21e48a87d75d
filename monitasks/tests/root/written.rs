//! What is written is read back; what can't be written is refused.

use monitasks::format::root::{Graph, Histogram, HistogramAxis, Product, RootFile, write};
use proptest::prelude::*;

fn stamp() -> jiff::Timestamp {
    "2019-05-16T19:52:00Z".parse().unwrap()
}

fn read_back(products: &[Product]) -> Vec<u8> {
    let bytes = write("test.root", "a test", stamp(), products).unwrap();
    let file = RootFile::open(&bytes[..]).unwrap();
    assert_eq!(file.faults().count(), 0);
    assert_eq!(file.entries().len(), products.len());
    for product in products {
        let entry = file.find(product.name()).unwrap();
        match product {
            Product::Histogram(histogram) => assert_eq!(&file.histogram(entry).unwrap(), histogram),
            Product::Graph(graph) => assert_eq!(&file.graph(entry).unwrap(), graph),
        }
    }
    bytes
}

fn map() -> Histogram {
    let rows = HistogramAxis::new(4, -1.0, 1.0).title("y [cm]").labels((0..4).map(|row| format!("row {row}")));
    let mut map = Histogram::new("gain", "LEM gain", vec![HistogramAxis::new(3, 0.0, 150.0).title("x [cm]"), rows]);
    map.value_title = "gain".into();
    for (column, row) in (1..=3).flat_map(|column| (1..=4).map(move |row| (column, row))) {
        map.set(&[column, row], (10 * column + row) as f64, 0.5);
    }
    map
}

fn graph() -> Graph {
    let errors = vec![0.5, 0.25];
    Graph {
        class: "TGraphErrors".into(),
        name: "trend".into(),
        title: "lifetime".into(),
        axis_titles: ["run".into(), "lifetime [us]".into()],
        x: vec![1.0, 2.0],
        y: vec![3.0, 4.0],
        x_errors: [vec![0.0; 2], vec![0.0; 2]],
        y_errors: [errors.clone(), errors],
    }
}

#[test]
fn a_map_with_labels_and_a_graph_are_read_back() {
    let bytes = read_back(&[Product::Histogram(map()), Product::Graph(graph())]);
    assert_eq!(bytes, read_back(&[Product::Histogram(map()), Product::Graph(graph())]), "same content, other bytes");
    read_back(&[]);
}

#[test]
fn a_bin_is_where_it_was_set() {
    let map = map();
    let place = map.place(&[2, 3]).unwrap();
    assert_eq!((map.value(place), map.error(place), map.entries), (23.0, 0.5, 12.0));
    assert_eq!(map.inside().map(|place| map.value(place)).sum::<f64>(), map.integral());
    assert_eq!([map.place(&[5, 1]), map.place(&[1]), map.place(&[1, 6])], [None; 3]);
    assert_eq!(map.place(&[4, 5]), Some(map.contents.len() - 1));
}

#[test]
fn what_has_no_words_in_the_format_is_refused_with_its_name() {
    let refused = |product: Product| write("a.root", "", stamp(), &[product]).unwrap_err().to_string();
    let cube = Histogram::new("cube", "", vec![HistogramAxis::new(1, 0.0, 1.0); 3]);
    assert!(refused(Product::Histogram(cube)).contains("'cube'"));
    let mut short = map();
    short.contents.pop();
    assert!(refused(Product::Histogram(short)).contains("'gain'"));
    let mut uneven = graph();
    uneven.y_errors[1] = vec![1.0, 1.0];
    assert!(refused(Product::Graph(uneven)).contains("not symmetric"));
    let mut long = graph();
    long.title = "x".repeat(40_000);
    assert!(refused(Product::Graph(long)).contains("longer than"));
    let twice = write("a.root", "", stamp(), &[Product::Graph(graph()), Product::Graph(graph())]).unwrap_err().to_string();
    assert!(twice.contains("'trend'"), "{twice}");
}

/// An axis with or without edges of its own.
fn axis() -> impl Strategy<Value = HistogramAxis> {
    let even = (1usize..40, -1e6..1e6, 1e-3..1e3).prop_map(|(bins, low, width)| HistogramAxis::new(bins, low, low + width));
    let uneven = proptest::collection::vec(0.1f64..10.0, 1..20).prop_map(|widths| {
        let mut edges = vec![-3.0];
        widths.iter().for_each(|width| edges.push(edges[edges.len() - 1] + width));
        HistogramAxis { edges: edges.clone(), ..HistogramAxis::new(edges.len() - 1, edges[0], edges[edges.len() - 1]) }
    });
    (prop_oneof![even, uneven], ".{0,300}", proptest::collection::vec("[a-z]{0,3}", 0..5))
        .prop_map(|(axis, title, labels)| axis.title(title).labels(labels))
}

proptest! {
    #[test]
    fn any_histogram_is_read_back(
        axes in proptest::collection::vec(axis(), 1..=2),
        title in ".{0,300}",
        seed in any::<u64>(),
        has_squares in any::<bool>(),
    ) {
        let mut histogram = Histogram::new("h", title, axes);
        let number = |place: usize| (seed.wrapping_mul(place as u64 + 1) % 100_000) as f64 / 7.0 - 3e3;
        histogram.contents.iter_mut().enumerate().for_each(|(place, content)| *content = number(place));
        if has_squares {
            histogram.squares = histogram.contents.iter().map(|content| content.abs()).collect();
        }
        histogram.entries = number(5);
        histogram.sums.iter_mut().enumerate().for_each(|(place, sum)| *sum = number(place));
        read_back(&[Product::Histogram(histogram)]);
    }
}
