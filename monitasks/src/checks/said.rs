//! What a verdict has to say beside its state and reason, a line each: for people, in the window and in a terminal.

use super::verdict::{LookedAt, Statistic, Verdict, number};

impl Verdict {
    /// Statistics, what was looked at, reference and masks, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let statistics = self.statistics.iter().map(Statistic::words);
        let looked_at = self.looked_at.iter().map(LookedAt::words);
        let reference = self.reference.iter().map(|used| format!("reference: {}, valid for {}", used.label, used.runs.words()));
        let masks = self.masks.iter().map(|mask| format!("left out: {} by {}: {}", mask.left_out, mask.name, mask.reason));
        statistics.chain(looked_at).chain(reference).chain(masks).collect()
    }
}

impl LookedAt {
    fn words(&self) -> String {
        let judged = if self.judged == 1 { "1 place".to_owned() } else { format!("{} places", self.judged) };
        let missing = if self.missing > 0 { format!(", {} without a number", self.missing) } else { String::new() };
        let name = if self.series.is_empty() { "the plot" } else { &self.series };
        format!("looked at {name}: {judged}{missing}")
    }
}

impl Statistic {
    /// For people: `view 0: chi2 / ndf = 12.3 / 10, p = 0.266`.
    #[must_use]
    pub fn words(&self) -> String {
        let of = |series: &str| if series.is_empty() { String::new() } else { format!("{series}: ") };
        match self {
            Statistic::Chi2 { series, chi2, ndf, p } => {
                format!("{}chi2 / ndf = {} / {ndf}, p = {}", of(series), number(*chi2, ""), number(*p, ""))
            }
            Statistic::Kolmogorov { series, d, effective_entries, p, at_x } => format!(
                "{}largest distance {} at {}, of {} effective entries, p = {}",
                of(series),
                number(*d, ""),
                number(*at_x, ""),
                number(*effective_entries, ""),
                number(*p, "")
            ),
            Statistic::Step { series, recent, before, sigma, sigmas } => format!(
                "{}{} lately, {} before, sigma {}: {} sigmas",
                of(series),
                number(*recent, ""),
                number(*before, ""),
                number(*sigma, ""),
                number(*sigmas, "")
            ),
            Statistic::Slope { series, slope, error } => {
                format!("{}slope {} ± {}", of(series), number(*slope, ""), number(*error, ""))
            }
            Statistic::Age { age_s } => format!("age of the newest data: {age_s:.0} s"),
        }
    }
}
