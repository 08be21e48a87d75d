//! The options of `dqmon plot` that choose what is seen of a plot.

use monitasks::figure::Figure;
use monitasks::views::{Against, Exact, LogAxes, MOST_RUNS, Place, PlotChoices, Shape, TrendAxis};
use monitasks::vocab::{Processing, Run};

use super::Failure;
use crate::snapshot::{PlotView, Snapshot};

/// What is seen of a plot.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ChoiceArgs {
    /// What a trend is drawn against: start, end, processed (stamps of data and of processing), run or sequence.
    #[arg(long, value_name = "WHAT", value_parser = parse_axis)]
    axis: Option<TrendAxis>,
    /// These runs over each other, up to 8.
    #[arg(long, value_name = "RUN,RUN", value_delimiter = ',')]
    runs: Vec<Run>,
    /// Compare with the newest result of this run, or with this processing of it; side by side unless --with says otherwise.
    #[arg(long, value_name = "RUN[-pN]", value_parser = parse_against)]
    against: Option<Against>,
    /// Only results of this processing.
    #[arg(long, value_name = "N")]
    processing: Option<u32>,
    /// The trend of one place of the plot: a series and its x, for a map its x and y.
    #[arg(long, value_name = "SERIES:X[:Y]", value_parser = parse_place)]
    at: Option<Place>,
    /// How often each value occurs.
    #[arg(long, conflicts_with = "small")]
    histogram: bool,
    /// A small plot for each series, all with the same axes.
    #[arg(long)]
    small: bool,
    /// Axes by the logarithm: x, y, z (the colours of a map).
    #[arg(long, value_name = "AXES", value_parser = parse_log)]
    log: Option<LogAxes>,
    /// A box with number, mean, RMS and others.
    #[arg(long)]
    statistics: bool,
    /// LEMs by this numbering of the detector's file alone.
    #[arg(long, value_name = "NAME")]
    numbering: Option<String>,
}

impl ChoiceArgs {
    /// As plots have them.
    ///
    /// # Errors
    /// When the detector has no such numbering, with those that it has, or when too many runs are named.
    pub fn choices(&self, snapshot: &Snapshot) -> Result<PlotChoices, Failure> {
        if self.runs.len() > MOST_RUNS {
            return Err(Failure(format!("{} runs over each other; at most {MOST_RUNS} can be told apart", self.runs.len())));
        }
        if let Some(name) = &self.numbering {
            let numberings =
                snapshot.workspace.as_ref().map(|facts| facts.detector.lems.numberings.as_slice()).unwrap_or_default();
            if !numberings.iter().any(|known| known.name == *name) {
                let known: Vec<&str> = numberings.iter().map(|known| known.name.as_str()).collect();
                return Err(Failure(format!("no numbering {name:?} of LEMs; there are: {}", known.join(", "))));
            }
        }
        let shape = match (self.histogram, self.small) {
            (true, _) => Shape::Histogram,
            (_, true) => Shape::Small,
            _ => Shape::AsDrawn,
        };
        Ok(PlotChoices {
            axis: self.axis.unwrap_or_default(),
            runs: self.runs.clone(),
            against: self.against,
            processing: self.processing.map(Processing),
            place: self.at.clone(),
            shape,
            log: self.log.unwrap_or_default(),
            statistics: self.statistics,
            numbering: self.numbering.clone(),
        })
    }

    /// What a plot is shown with when nothing says it: with another result chosen, that one beside it.
    #[must_use]
    pub fn view(&self, otherwise: PlotView) -> PlotView {
        if self.against.is_some() { PlotView::SideBySide } else { otherwise }
    }
}

/// Says on standard error that the result asked for was not compared; that is a finding.
#[must_use]
pub fn is_refused(figure: &Figure, choices: &PlotChoices) -> bool {
    if choices.against.is_none() {
        return false;
    }
    let refused = figure.notes.iter().filter(|note| note.starts_with("not compared: "));
    refused.inspect(|note| eprintln!("dqmon: {note}")).count() > 0
}

fn parse_axis(text: &str) -> Result<TrendAxis, String> {
    let all = TrendAxis::ALL;
    let found = all.into_iter().find(|axis| axis.name() == text);
    found.ok_or_else(|| format!("expected one of {}", all.map(TrendAxis::name).join(", ")))
}

fn parse_against(text: &str) -> Result<Against, String> {
    Against::parse(text).ok_or_else(|| format!("{text:?} is neither a run nor a processing of one; write run5 or run5-p2"))
}

/// `view 0:512` or `effective gain:25:75`; the series' name may hold colons itself.
fn parse_place(text: &str) -> Result<Place, String> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).map(Exact);
    let parsed = text.rsplit_once(':').and_then(|(before, last)| {
        let last = number(last)?;
        match before.rsplit_once(':').and_then(|(series, x)| Some((series, number(x)?))) {
            Some((series, x)) => Some(Place { series: series.to_owned(), x, y: Some(last) }),
            None => Some(Place { series: before.to_owned(), x: last, y: None }),
        }
    });
    parsed.ok_or_else(|| format!("{text:?} is no place; write the series and its x, e.g. \"view 0:512\""))
}

fn parse_log(text: &str) -> Result<LogAxes, String> {
    let mut log = LogAxes::default();
    for letter in text.chars().filter(|letter| *letter != ',') {
        match letter {
            'x' => log.x = true,
            'y' => log.y = true,
            'z' => log.z = true,
            _ => return Err("axes are x, y and z, such as y or x,y".into()),
        }
    }
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_series_with_one_number_or_two() {
        let place = |series: &str, x, y: Option<f64>| Ok(Place { series: series.into(), x: Exact(x), y: y.map(Exact) });
        assert_eq!(parse_place("view 0:512"), place("view 0", 512.0, None));
        assert_eq!(parse_place("effective gain:25:-7.5"), place("effective gain", 25.0, Some(-7.5)));
        for wrong in ["view 0", "view 0:x", ":", "view 0:NaN"] {
            assert!(parse_place(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_log("x,z"), Ok(LogAxes { x: true, y: false, z: true }));
        assert!(parse_log("w").is_err() && parse_axis("weather").is_err() && parse_against("p3").is_err());
    }
}
