//! Graphs: points with or without errors.

use serde::Serialize;

use super::error::RootError;
use super::object::{Object, Value};

/// Points (`TGraph`, `TGraphErrors`, `TGraphAsymmErrors`); all rows have one length, those of errors may be empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Graph {
    /// Its class.
    pub class: String,
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Titles of its x and y axes, empty when it has none.
    pub axis_titles: [String; 2],
    /// Abscissas.
    pub x: Vec<f64>,
    /// Ordinates.
    pub y: Vec<f64>,
    /// Errors of x downwards and upwards.
    pub x_errors: [Vec<f64>; 2],
    /// Errors of y downwards and upwards.
    pub y_errors: [Vec<f64>; 2],
}

impl Graph {
    pub(super) fn of(object: &Object) -> Result<Graph, RootError> {
        let points = object.count("fNpoints").map_err(|_| RootError::Unsupported("no graph".into()))?;
        let row = |name: &str| -> Result<Vec<f64>, RootError> {
            let values = object.numbers(name)?;
            match values.len() == points {
                true => Ok(values),
                false => Err(RootError::Missing(format!("{} values of {name} for {points} points", values.len()))),
            }
        };
        let errors = |both: &str, [low, high]: [&str; 2]| -> Result<[Vec<f64>; 2], RootError> {
            match (object.get(both), object.get(low)) {
                (Some(_), _) => row(both).map(|errors| [errors.clone(), errors]),
                (None, Some(_)) => Ok([row(low)?, row(high)?]),
                (None, None) => Ok([Vec::new(), Vec::new()]),
            }
        };
        // "title;x title;y title": the frame drawn around it has the titles, or the title itself.
        let title = object.text("fTitle")?;
        let mut parts = title.split(';').map(str::to_owned);
        let title = parts.next().unwrap_or_default();
        let mut axis_titles = [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()];
        if let Some(Value::Object(frame)) = object.get("fHistogram") {
            for (title, axis) in axis_titles.iter_mut().zip(["fXaxis", "fYaxis"]) {
                if title.is_empty() {
                    *title = frame.inside(axis)?.text("fTitle")?.to_owned();
                }
            }
        }
        Ok(Graph {
            class: object.class.to_string(),
            name: object.text("fName")?.to_owned(),
            title,
            axis_titles,
            x: row("fX")?,
            y: row("fY")?,
            x_errors: errors("fEX", ["fEXlow", "fEXhigh"])?,
            y_errors: errors("fEY", ["fEYlow", "fEYhigh"])?,
        })
    }
}
