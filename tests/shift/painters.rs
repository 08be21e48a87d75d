//! Every kind of layer and scale goes through the painters, and what a reader needs is there afterwards: titles with units,
//! names, marks. A painter is a function from a figure to the words and the number of marks it drew; the table runs them all.

use dqmon::plotting::{self, Look};
use monitasks::figure::{Across, Axis, Figure, Ink, Layer, Map, Panels, Point, Scale, Statistic};
use proptest::prelude::*;

/// What a painter drew.
struct Drawn {
    words: String,
    marks: usize,
}

/// A painter under test.
type Painter = (&'static str, fn(&Figure) -> Drawn);

/// All painters. The window's stands beside this one.
const PAINTERS: &[Painter] = &[("svg", by_svg)];

fn by_svg(figure: &Figure) -> Drawn {
    let text = plotting::svg(figure, (640, 420), Look::Dark);
    let inside = text.split("<g clip-path").nth(1).unwrap_or_default().split("</g>").next().unwrap_or_default();
    let marks = ["<circle", "<path", "<rect", "<image", "<line", "<text"].iter().map(|mark| inside.matches(mark).count()).sum();
    Drawn { words: text, marks }
}

const SCALES: [Scale; 4] = [Scale::Linear, Scale::Log, Scale::UtcTime, Scale::Integer];

fn layers() -> Vec<(&'static str, Layer)> {
    let ink = Ink::Series(0);
    let label = || "view 0".to_owned();
    let points = vec![Point { x: 1.0, y: 2.0, y_error: 0.5 }, Point { x: 3.0, y: 4.0, y_error: f64::NAN }];
    let line = vec![[1.0, 2.0], [2.0, f64::NAN], [3.0, 4.0], [4.0, 3.0]];
    let map = |columns: usize, rows: usize| Map {
        columns,
        rows,
        x_range: [1.0, 3.0],
        y_range: [1.0, 4.0],
        values: (0..columns * rows).map(|value| if value == 1 { f32::NAN } else { value as f32 }).collect(),
        z: Axis::linear("effective gain", "fC"),
        cell_texts: if rows == 2 { (1..=4).map(|lem| format!("LEM {lem}")).collect() } else { Vec::new() },
    };
    vec![
        ("points", Layer::Points { label: label(), ink, points }),
        ("line", Layer::Line { label: label(), ink: Ink::Fit, points: line }),
        ("steps", Layer::Steps { label: label(), ink, edges: vec![1.0, 2.0, 3.0, 4.0], values: vec![5.0, f64::NAN, 7.0] }),
        ("few cells", Layer::Map(map(2, 2))),
        ("many cells", Layer::Map(map(80, 70))),
        ("rule across x", Layer::Rule { label: "trigger".into(), ink: Ink::Reference, across: Across::X, at: 2.0 }),
        ("rule across y", Layer::Rule { label: "expected".into(), ink: Ink::Reference, across: Across::Y, at: 3.0 }),
        ("text", Layer::Text { x: 2.0, y: 3.0, text: "dead strips\nsince run 840".into() }),
    ]
}

/// The words of a layer that a reader has to find.
fn words_of(layer: &Layer) -> Vec<String> {
    match layer {
        Layer::Points { label, .. } | Layer::Line { label, .. } | Layer::Steps { label, .. } | Layer::Rule { label, .. } => {
            vec![label.clone()]
        }
        Layer::Map(map) => map.cell_texts.iter().cloned().chain([map.z.title()]).collect(),
        Layer::Text { text, .. } => text.lines().map(str::to_owned).collect(),
    }
}

fn axis(label: &str, unit: &str, scale: Scale) -> Axis {
    Axis { label: label.into(), unit: unit.into(), scale, range: None }
}

#[test]
fn every_layer_on_every_scale_is_drawn_with_its_words() {
    // A rule alone says nothing of data; points stand beside it.
    let beside = Layer::Points { label: String::new(), ink: Ink::Faint, points: vec![Point { x: 1.5, y: 1.5, y_error: 0.0 }] };
    for (name, paint) in PAINTERS {
        for scale in SCALES {
            for (kind, layer) in layers() {
                let figure = |layers: Vec<Layer>| {
                    let empty =
                        Figure::new("Purity", axis("drift time", "us", scale), axis("lifetime", "ms", scale)).note("run840");
                    layers.into_iter().fold(empty, Figure::with)
                };
                let with = paint(&figure(vec![beside.clone(), layer.clone()]));
                let without = paint(&figure(vec![beside.clone()]));
                let wanted = ["Purity", "drift time [us]", "lifetime [ms]", "run840"].map(str::to_owned);
                for words in wanted.into_iter().chain(words_of(&layer)) {
                    assert!(with.words.contains(&words), "{name}: {kind} on {scale:?} lacks {words:?}");
                }
                assert!(with.marks > without.marks, "{name}: {kind} on {scale:?} left no mark");
            }
        }
    }
}

#[test]
fn the_box_of_numbers_and_small_plots_are_drawn_with_their_words() {
    let points = |label: &str| Layer::Points {
        label: label.into(),
        ink: Ink::Series(0),
        points: vec![Point { x: 1.0, y: 2.0, y_error: 0.5 }, Point { x: 3.0, y: 4.0, y_error: f64::NAN }],
    };
    let plot = |title: &str| {
        let mut figure =
            Figure::new(title, axis("run", "", Scale::Integer), axis("lifetime", "ms", Scale::Linear)).with(points("a"));
        figure.statistics = vec![Statistic::heading("of all"), Statistic::new("mean", "2.94 ms")];
        figure
    };
    for (name, paint) in PAINTERS {
        let alone = paint(&plot("Purity"));
        let plots = (0..12).map(|lem| plot(&format!("LEM {lem}"))).collect();
        let mut grid = Figure { layers: Vec::new(), statistics: Vec::new(), ..plot("Gain") };
        grid.panels = Some(Panels { columns: 4, has_one_x: true, has_one_y: true, plots });
        let drawn = paint(&grid);
        for words in ["of all", "mean", "2.94 ms"] {
            assert!(alone.words.contains(words), "{name} lacks {words}");
        }
        for lem in 0..12 {
            assert!(drawn.words.contains(&format!(">LEM {lem}<")), "{name} lacks the plot of LEM {lem}");
        }
        assert!(drawn.words.contains(">Gain<") && drawn.marks > 0, "{name}");
    }
    assert_eq!(plotting::csv(&plot("Purity")).matches("# mean: 2.94 ms").count(), 1);
}

#[test]
fn an_empty_figure_says_what_would_fill_it() {
    for (name, paint) in PAINTERS {
        let drawn = paint(&Figure::empty("Purity", "No result yet."));
        assert!(drawn.words.contains("No result yet."), "{name}");
    }
}

#[test]
fn a_figure_without_a_number_reads_as_no_data() {
    let points = vec![Point { x: 1.0, y: f64::NAN, y_error: 1.0 }];
    let figure = Figure::new("Purity", Axis::integer("run"), Axis::linear("lifetime", "ms")).with(Layer::Points {
        label: "view 0".into(),
        ink: Ink::Series(0),
        points,
    });
    assert!(by_svg(&figure).words.contains("NO DATA"));
}

#[test]
fn the_same_figure_gives_the_same_text() {
    let figure = Figure::new("Lifetime", Axis::integer("run"), Axis::linear("electron lifetime", "ms"))
        .note("run3-p1-g0")
        .with(Layer::Rule { label: "expected".into(), ink: Ink::Reference, across: Across::Y, at: 3.0 })
        .with(Layer::Points {
            label: "view 0".into(),
            ink: Ink::Series(0),
            points: (1..4).map(|run| Point { x: f64::from(run), y: 2.0 + f64::from(run) / 4.0, y_error: 0.25 }).collect(),
        });
    insta::assert_snapshot!(plotting::svg(&figure, (320, 220), Look::Light));
}

#[test]
fn one_odd_point_in_a_million_is_drawn() {
    let mut points: Vec<Point> = (0..1_000_000).map(|x| Point { x: f64::from(x), y: f64::from(x % 7), y_error: 0.0 }).collect();
    points[333_333].y = 5000.0;
    let figure = Figure::new("t", Axis::linear("x", ""), Axis::linear("y", "").range(0.0, 6000.0)).with(Layer::Points {
        label: String::new(),
        ink: Ink::Series(0),
        points,
    });
    let svg = plotting::svg(&figure, (640, 420), Look::Dark);
    let heights: Vec<f64> = svg.split("cy=\"").skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect();
    let highest = heights.iter().copied().fold(f64::MAX, f64::min);
    assert!(heights.len() < 3000, "{} discs", heights.len());
    assert_eq!(heights.iter().filter(|height| **height < highest + 100.0).count(), 1);
}

/// The colours of a rendered figure's pixels.
fn pixels(figure: &Figure) -> Vec<[u8; 3]> {
    let file = plotting::png(&plotting::svg(figure, (420, 320), Look::Dark), 1.0).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut bytes).unwrap();
    bytes.chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
}

#[test]
fn one_hot_or_cold_cell_of_half_a_million_is_seen() {
    let (columns, rows) = (320, 1667);
    let map = |odd: f32| {
        let mut values = vec![0.0f32; columns * rows];
        values[700 * columns + 123] = odd;
        let z = Axis::linear("sample", "ADC counts").range(-50.0, 50.0);
        let map = Map { columns, rows, x_range: [0.0, 320.0], y_range: [0.0, 667.0], values, z, cell_texts: Vec::new() };
        Figure::new("Event", Axis::linear("strip", ""), Axis::linear("time", "us")).with(Layer::Map(map))
    };
    let usual = pixels(&map(0.0));
    for odd in [50.0, -50.0, f32::INFINITY] {
        let differing = usual.iter().zip(pixels(&map(odd))).filter(|(one, other)| **one != *other).count();
        assert!(differing > 0, "a cell of {odd} left no trace");
    }
}

#[test]
fn no_data_in_a_map_does_not_look_like_a_value() {
    let map = |value: f32| {
        let z = Axis::linear("gain", "").range(0.0, 1.0);
        let map =
            Map { columns: 1, rows: 1, x_range: [0.0, 1.0], y_range: [0.0, 1.0], values: vec![value], z, cell_texts: Vec::new() };
        Figure::new("g", Axis::linear("x", ""), Axis::linear("y", "")).with(Layer::Map(map))
    };
    let grey = plotting::palette::ground(Look::Dark).no_data;
    let count = |figure: &Figure| pixels(figure).iter().filter(|pixel| **pixel == grey).count();
    assert!(count(&map(f32::NAN)) > 1000);
    assert_eq!(count(&map(0.0)), 0);
}

fn odd_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(1e308),
        Just(-1e308),
        Just(0.0),
        Just(5e-324),
        -10.0..10.0f64
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,40}", Just("a\u{0}b\u{1b}\n<&>\"".to_owned()), "[a-z ]{0,400}"]
}

fn any_axis() -> impl Strategy<Value = Axis> {
    let range = proptest::option::of([odd_number(), odd_number()]);
    (any_text(), any_text(), proptest::sample::select(SCALES.to_vec()), range).prop_map(|(label, unit, scale, range)| Axis {
        label,
        unit,
        scale,
        range,
    })
}

fn any_layer() -> impl Strategy<Value = Layer> {
    let numbers = || proptest::collection::vec(odd_number(), 0..6);
    let points = proptest::collection::vec((odd_number(), odd_number(), odd_number()), 0..6);
    let ink = Ink::Series(3);
    prop_oneof![
        (any_text(), points).prop_map(move |(label, points)| {
            let points = points.into_iter().map(|(x, y, y_error)| Point { x, y, y_error }).collect();
            Layer::Points { label, ink, points }
        }),
        (any_text(), proptest::collection::vec([odd_number(), odd_number()], 0..6))
            .prop_map(move |(label, points)| Layer::Line { label, ink, points }),
        (any_text(), numbers(), numbers()).prop_map(move |(label, edges, values)| Layer::Steps { label, ink, edges, values }),
        (
            0usize..70,
            prop_oneof![0usize..70, Just(usize::MAX)],
            [odd_number(), odd_number()],
            [odd_number(), odd_number()],
            numbers(),
            any_axis()
        )
            .prop_map(|(columns, rows, x_range, y_range, values, z)| {
                let values = values.into_iter().map(|value| value as f32).cycle().take(3000).collect();
                Layer::Map(Map { columns, rows, x_range, y_range, values, z, cell_texts: vec!["a\nb".into()] })
            }),
        (any_text(), any::<bool>(), odd_number()).prop_map(move |(label, is_x, at)| {
            Layer::Rule { label, ink, across: if is_x { Across::X } else { Across::Y }, at }
        }),
        (any_text(), odd_number(), odd_number()).prop_map(|(text, x, y)| Layer::Text { x, y, text }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_figure_becomes_a_picture(
        words in (any_text(), any_text()),
        axes in (any_axis(), any_axis()),
        layers in proptest::collection::vec(any_layer(), 0..5),
        size in (0u32..500, 0u32..400),
    ) {
        let figure = Figure { layers, notes: vec![words.1], ..Figure::new(words.0, axes.0, axes.1) };
        let svg = plotting::svg(&figure, size, Look::Light);
        prop_assert!(!svg.contains("NaN") || figure.title.contains("NaN"));
        let drawn = plotting::png(&svg, 1.0);
        prop_assert!(drawn.is_ok(), "{:?}", drawn.err());
        prop_assert!(plotting::csv(&figure).starts_with("# "));
        prop_assert!(plotting::json(&figure).is_ok());
    }
}
