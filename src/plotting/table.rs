//! A Figure's numbers as CSV and JSON.

use monitasks::figure::{Figure, Layer};

use super::PlotError;

/// A figure's numbers as CSV: a block per layer, led by lines that begin with `#`. A missing number is an empty field.
#[must_use]
pub fn csv(figure: &Figure) -> String {
    with_head(figure, "")
}

/// The same with where it comes from: its parts a line each, and all of it as JSON in a line that begins with `# provenance: `.
#[must_use]
pub fn signed_csv(figure: &Figure, parts: &[String], provenance: &str) -> String {
    let parts: String = parts.iter().map(|part| format!("# {}\n", one_line(part))).collect();
    with_head(figure, &format!("{parts}# provenance: {}\n", one_line(provenance)))
}

fn with_head(figure: &Figure, head: &str) -> String {
    let mut out = format!("# {}\n", one_line(&figure.title));
    for note in &figure.notes {
        out.push_str(&format!("# {}\n", one_line(note)));
    }
    out.push_str(head);
    if let Some(reason) = &figure.empty {
        out.push_str(&format!("# nothing to draw: {}\n", one_line(reason)));
    }
    for line in &figure.statistics {
        out.push_str(&format!("# {}: {}\n", one_line(&line.name), one_line(&line.value)));
    }
    for plot in figure.panels.iter().flat_map(|panels| &panels.plots) {
        out.push_str(&csv(plot));
    }
    let axes = [figure.x.title(), figure.y.title()];
    for layer in &figure.layers {
        out.push_str(&block(layer, &axes));
    }
    out
}

/// A figure as JSON, laid out as `monitasks::figure::Figure` is; numbers that are not finite are null.
///
/// # Errors
/// When the figure can't be written as JSON.
pub fn json(figure: &Figure) -> Result<String, PlotError> {
    Ok(serde_json::to_string_pretty(figure)? + "\n")
}

fn block(layer: &Layer, axes: &[String; 2]) -> String {
    let [x, y] = [field(&axes[0], "x"), field(&axes[1], "y")];
    let (head, rows): (String, Vec<String>) = match layer {
        Layer::Points { label, points, .. } => (
            format!("# points: {}\n{x},{y},error", one_line(label)),
            points.iter().map(|point| format!("{},{},{}", number(point.x), number(point.y), number(point.y_error))).collect(),
        ),
        Layer::Line { label, points, .. } => (
            format!("# line: {}\n{x},{y}", one_line(label)),
            points.iter().map(|[x, y]| format!("{},{}", number(*x), number(*y))).collect(),
        ),
        Layer::Steps { label, edges, values, .. } => (
            format!("# histogram: {}\nlow edge,high edge,{y}", one_line(label)),
            edges
                .windows(2)
                .zip(values)
                .map(|(edge, value)| format!("{},{},{}", number(edge[0]), number(edge[1]), number(*value)))
                .collect(),
        ),
        Layer::Map(map) => (
            format!("# map\n{x},{y},{}", field(&map.z.title(), "value")),
            map.values
                .iter()
                .take(map.columns.saturating_mul(map.rows))
                .enumerate()
                .map(|(index, value)| {
                    let centre = |range: [f64; 2], place: usize, of: usize| {
                        range[0] + (range[1] - range[0]) * (place as f64 + 0.5) / of as f64
                    };
                    let x = centre(map.x_range, index % map.columns, map.columns);
                    let y = centre(map.y_range, index / map.columns, map.rows);
                    format!("{},{},{}", number(x), number(y), number(f64::from(*value)))
                })
                .collect(),
        ),
        Layer::Rule { label, at, .. } => (format!("# rule\n{}", field(label, "at")), vec![number(*at)]),
        Layer::Text { x: at_x, y: at_y, text } => {
            (format!("# text\n{x},{y},text"), vec![format!("{},{},{}", number(*at_x), number(*at_y), field(text, ""))])
        }
    };
    let mut out = head + "\n";
    for row in rows {
        out.push_str(&row);
        out.push('\n');
    }
    out
}

fn number(value: f64) -> String {
    if value.is_nan() { String::new() } else { value.to_string() }
}

fn field(text: &str, otherwise: &str) -> String {
    let text = if text.is_empty() { otherwise } else { text };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use monitasks::figure::{Axis, Ink, Point};

    use super::*;

    #[test]
    fn a_missing_number_is_an_empty_field() {
        let figure = Figure::new("Lifetime", Axis::integer("run"), Axis::linear("electron lifetime", "ms")).with(Layer::Points {
            label: "view 0".into(),
            ink: Ink::Series(0),
            points: vec![Point { x: 1.0, y: 2.5, y_error: f64::NAN }],
        });
        assert_eq!(csv(&figure), "# Lifetime\n# points: view 0\nrun,electron lifetime [ms],error\n1,2.5,\n");
        let back: serde_json::Value = serde_json::from_str(&json(&figure).unwrap()).unwrap();
        assert_eq!(back["layers"][0]["points"][0]["y"], 2.5);
        assert!(back["layers"][0]["points"][0]["y_error"].is_null());
    }

    #[test]
    fn a_field_with_commas_is_quoted() {
        assert_eq!(field("a, \"b\"", ""), "\"a, \"\"b\"\"\"");
    }
}
