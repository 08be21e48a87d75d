//! Histograms and graphs as ROOT writes them.

use super::super::graph::Graph;
use super::super::histogram::{Histogram, HistogramAxis};
use super::classes::version;
use super::out::{ObjectBits, Out};

/// Stands for "as the data have it" in the limits of a plot.
const BY_DATA: f64 = -1111.0;

/// Of objects that a plot may hold: they tell when they go.
const IN_PLOTS: ObjectBits = ObjectBits { number: 0, bits: 0x0300_0008 };

/// The class that a histogram is written as.
pub(super) fn histogram_class(histogram: &Histogram) -> &'static str {
    if histogram.axes.len() == 1 { "TH1D" } else { "TH2D" }
}

/// A histogram of one or two axes, its contents in double precision.
pub(super) fn write_histogram(histogram: &Histogram, out: &mut Out) {
    let class = histogram_class(histogram);
    out.object(version(class), |out| {
        if class == "TH1D" {
            write_bins(histogram, out);
        } else {
            out.object(version("TH2"), |out| {
                write_bins(histogram, out);
                out.f64(1.0); // what it is scaled by
                (4..7).for_each(|place| out.f64(histogram.sums.get(place).copied().unwrap_or(0.0)));
            });
        }
        out.array(&histogram.contents);
    });
}

/// What all histograms have.
fn write_bins(histogram: &Histogram, out: &mut Out) {
    out.object(version("TH1"), |out| {
        out.named(IN_PLOTS, &histogram.name, &histogram.title);
        write_look(out);
        out.i32(histogram.contents.len() as i32);
        let none = HistogramAxis::new(1, 0.0, 1.0);
        let with_values_title = HistogramAxis { title: histogram.value_title.clone(), ..none.clone() };
        let [x, y, z] = match histogram.axes.as_slice() {
            [x, y] => [x, y, &with_values_title],
            [x, ..] => [x, &with_values_title, &none],
            [] => [&none; 3],
        };
        for (name, axis) in [("xaxis", x), ("yaxis", y), ("zaxis", z)] {
            write_axis(name, axis, out);
        }
        out.i16(0);
        out.i16(1000); // place and width of bars
        out.f64(histogram.entries);
        (0..4).for_each(|place| out.f64(histogram.sums.get(place).copied().unwrap_or(0.0)));
        out.numbers(&[BY_DATA, BY_DATA, 0.0]); // highest, lowest, norm
        out.array(&[]); // contour levels
        out.array(&histogram.squares);
        out.text(""); // how to draw it
        out.object(version("TList"), |out| out.list_start(0)); // functions
        out.i32(0);
        out.u8(0); // no buffer
        out.i32(0); // errors of the normal kind
        out.i32(2); // overflows count in the statistics as the reader's program likes
    });
}

fn write_axis(name: &str, axis: &HistogramAxis, out: &mut Out) {
    out.object(version("TAxis"), |out| {
        out.named(ObjectBits { number: 0, bits: 0x0300_0000 }, name, &axis.title);
        out.object(version("TAttAxis"), |out| {
            out.i32(510); // divisions
            [1, 1, 42].iter().for_each(|value| out.i16(*value)); // colours, font
            [0.005, 0.035, 0.03, 1.0, 0.035].iter().for_each(|value| out.f32(*value)); // distances and sizes
            [1, 42].iter().for_each(|value| out.i16(*value)); // the title's colour and font
        });
        out.i32(axis.bins as i32);
        out.f64(axis.low);
        out.f64(axis.high);
        out.array(&axis.edges);
        out.i32(0);
        out.i32(0); // first and last bin shown: all
        out.i16(0);
        out.u8(0); // no time
        out.text("");
        if axis.labels.is_empty() {
            out.nothing();
        } else {
            write_labels(&axis.labels, out);
        }
        out.nothing(); // no labels changed by hand
    });
}

fn write_labels(labels: &[(usize, String)], out: &mut Out) {
    out.pointer("THashList", version("TList"), |out| {
        out.list_start(labels.len());
        for (bin, label) in labels {
            out.pointer("TObjString", version("TObjString"), |out| {
                out.root_object(ObjectBits { number: *bin as u32, bits: 0x0300_0000 });
                out.text(label);
            });
            out.text(""); // how to draw it
        }
    });
}

/// Line, area and marker as they are by default.
fn write_look(out: &mut Out) {
    out.object(version("TAttLine"), |out| [602, 1, 1].iter().for_each(|value| out.i16(*value)));
    out.object(version("TAttFill"), |out| [0, 1001].iter().for_each(|value| out.i16(*value)));
    out.object(version("TAttMarker"), |out| {
        out.i16(1);
        out.i16(1);
        out.f32(1.0);
    });
}

/// A graph with symmetric errors; errors that it lacks are written as 0.
pub(super) fn write_graph(graph: &Graph, out: &mut Out) {
    let zeros = vec![0.0; graph.x.len()];
    let or_zeros = |errors: &[f64], out: &mut Out| {
        out.u8(u8::from(!zeros.is_empty()));
        out.numbers(if errors.is_empty() { &zeros } else { errors });
    };
    out.object(version("TGraphErrors"), |out| {
        out.object(version("TGraph"), |out| {
            let [x, y] = &graph.axis_titles;
            let titles = if x.is_empty() && y.is_empty() { String::new() } else { format!(";{x};{y}") };
            out.named(IN_PLOTS, &graph.name, &(graph.title.clone() + &titles));
            write_look(out);
            out.i32(graph.x.len() as i32);
            or_zeros(&graph.x, out);
            or_zeros(&graph.y, out);
            out.pointer("TList", version("TList"), |out| out.list_start(0)); // functions
            out.nothing(); // no frame
            out.numbers(&[BY_DATA, BY_DATA]); // lowest and highest
            out.text(""); // how to draw it
        });
        or_zeros(&graph.x_errors[0], out);
        or_zeros(&graph.y_errors[0], out);
    });
}
