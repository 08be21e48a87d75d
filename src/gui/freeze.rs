//! Plots that stand still while data go on: the tree, banners and alarms are those of now.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::figure::Figure;

use crate::snapshot::{FigureKey, Snapshot};

/// The moment at which plots stand still.
#[derive(Debug)]
pub struct Frozen {
    /// When.
    pub at: Timestamp,
    /// Results that were known then.
    results: usize,
    /// Plots of that moment; one that is looked at later joins as it is then.
    figures: BTreeMap<FigureKey, Arc<Figure>>,
    verdicts: BTreeMap<FigureKey, Arc<Vec<monitasks::checks::verdict::Verdict>>>,
    /// The newest snapshot with those plots.
    shown: Option<(Arc<Snapshot>, Arc<Snapshot>)>,
}

fn results(snapshot: &Snapshot) -> usize {
    snapshot.tasks.iter().map(|task| task.results).sum()
}

impl Frozen {
    /// The plots of a snapshot stand still from now on.
    #[must_use]
    pub fn of(snapshot: &Snapshot, at: Timestamp) -> Self {
        let (figures, verdicts) = (snapshot.figures.clone(), snapshot.verdicts.clone());
        Frozen { at, results: results(snapshot), figures, verdicts, shown: None }
    }

    /// The newest snapshot with the plots of then.
    pub fn over(&mut self, newest: &Arc<Snapshot>) -> Arc<Snapshot> {
        if let Some((from, shown)) = &self.shown
            && Arc::ptr_eq(from, newest)
        {
            return shown.clone();
        }
        for (key, figure) in &newest.figures {
            self.figures.entry(key.clone()).or_insert_with(|| figure.clone());
        }
        for (key, verdicts) in &newest.verdicts {
            self.verdicts.entry(key.clone()).or_insert_with(|| verdicts.clone());
        }
        let mut shown = Snapshot::clone(newest);
        shown.figures.clone_from(&self.figures);
        shown.verdicts.clone_from(&self.verdicts);
        let shown = Arc::new(shown);
        self.shown = Some((newest.clone(), shown.clone()));
        shown
    }

    /// `frozen at 14:03:20 UTC, 2 new results since`.
    #[must_use]
    pub fn words(&self, newest: &Snapshot) -> String {
        let new = results(newest).saturating_sub(self.results);
        format!("frozen at {} UTC, {} since", super::words::utc_time(self.at), super::words::count(new, "new result"))
    }
}
