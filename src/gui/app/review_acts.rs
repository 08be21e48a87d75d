//! What keys and buttons of a review ask, done.

use super::DqmonApp;
use crate::engine::{Command, DecisionCommand, Evidence, SubsystemMark};
use crate::gui::decide_card;
use crate::gui::review::{self, Choice, Fate, Meaning, Review, ReviewAction, Sent};
use crate::gui::scene::Scene;
use crate::gui::state::{Page, RunChoice};
use crate::snapshot::{FigureKey, ReviewPlot, Snapshot};
use monitasks::vocab::Processing;

impl DqmonApp {
    /// Takes what the snapshot has new into a review, and looks at its run.
    pub(super) fn follow_review(&mut self, snapshot: &Snapshot) {
        let Some(review) = &mut self.review else { return };
        review.follow(snapshot);
        if let Some(entry) = review.entry() {
            self.choice = RunChoice::Fixed(entry.run);
        }
    }

    /// The figures of all plots of a review, so that the next one is there at once.
    pub(super) fn reviewed_keys(&self) -> Vec<FigureKey> {
        let plots = self.review.iter().flat_map(|review| &review.plots);
        let mut keys: Vec<FigureKey> = plots
            .map(|ReviewPlot { pane, .. }| FigureKey {
                run: self.choice.fixed(),
                lane: self.lane.clone(),
                view: pane.view,
                ..FigureKey::newest(&pane.task, &pane.item)
            })
            .chain(self.review.iter().flat_map(|review| review.layout.watched(self.choice.fixed(), self.lane.as_deref())))
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// Does what a review was asked for.
    pub(super) fn review_act(&mut self, action: ReviewAction, scene: &mut Scene<'_>) {
        match action {
            ReviewAction::Start(subsystem) => self.start_review(subsystem, scene.snapshot),
            ReviewAction::Stop => {
                self.review = None;
                self.choice = RunChoice::Newest;
            }
            ReviewAction::Decide(choice) => self.decide_in_review(choice, scene),
            ReviewAction::Undo => self.undo_in_review(scene),
            ReviewAction::Tick | ReviewAction::StepPlot(_) | ReviewAction::TurnTo(_) | ReviewAction::Leave => {
                let Some(review) = &mut self.review else { return };
                match action {
                    ReviewAction::Tick => review.tick(scene.now),
                    ReviewAction::StepPlot(by) => review.step_plot(by),
                    ReviewAction::TurnTo(plot) => review.turn_to(plot),
                    _ => leave(review),
                }
            }
        }
        self.follow_review(scene.snapshot);
    }

    fn start_review(&mut self, subsystem: Option<String>, snapshot: &Snapshot) {
        self.state.page = Page::Monitor;
        match &mut self.review {
            Some(review) if review.subsystem == subsystem => {
                if review.entry().is_none() {
                    review.go_on();
                }
            }
            _ => self.review = Some(Review::of(snapshot, subsystem)),
        }
    }

    fn decide_in_review(&mut self, choice: Choice, scene: &mut Scene<'_>) {
        let Some(review) = &mut self.review else { return };
        let (Some(entry), Some(meaning)) = (review.entry().cloned(), review.meaning(choice)) else { return };
        if review.sent.is_some() {
            return;
        }
        let missing = review.missing();
        if let Some(first) = missing.first() {
            let plot = &review.plots[*first].pane;
            let count = crate::gui::words::count(missing.len(), "plot");
            review.told = Some(format!("Look first at {count}: press Space at each. The next is {}/{}.", plot.task, plot.item));
            review.turn_to(*first);
            return;
        }
        let needs_comment = choice == Choice::Third && meaning != Meaning::Mark(SubsystemMark::DetStudy);
        let Some(row) = scene.choice.row(scene.snapshot).filter(|row| row.run == entry.run) else {
            review.told = Some("The run is being read: a moment.".into());
            return;
        };
        let judged = scene.snapshot.judged.clone().filter(|judged| judged.run == row.run);
        let of = (row, judged.as_deref());
        if let Some(hindrance) =
            scene.read_only().map(str::to_owned).or(decide_card::hindrance(scene, of, &self.state, &self.draft))
        {
            review.told = Some(hindrance);
            return;
        }
        if needs_comment && !self.draft.has_comment() {
            review.wants_comment = Some(choice);
            return;
        }
        let known = review::said(scene.snapshot, &entry, review.subsystem.as_deref()).last().copied().unwrap_or(0);
        let seen: Vec<Evidence> =
            review.seen().map(|(item, at)| Evidence { looked_at: Some(at), ..decide_card::evidence(scene, &item) }).collect();
        review.wants_comment = None;
        review.told = None;
        review.sent = Some(Sent { at: review.at, word: Some(meaning.word()), known });
        match meaning {
            Meaning::Flag(flag) => {
                self.draft.subject = None;
                decide_card::decide(scene, of, flag, (&self.state, &mut self.draft), seen);
            }
            Meaning::Mark(mark) => {
                let Some(subsystem) = review.subsystem.clone() else { return };
                let (who, role) = (self.state.who.trim().to_owned(), self.state.role.trim().to_owned());
                let last = judged.as_ref().map(|judged| judged.history.iter().map(|said| said.number).max().unwrap_or(0));
                let (run, processing) = (entry.run, Processing(entry.processing.unwrap_or_default()));
                let comment = marked_by(&self.draft.comment, &seen);
                scene.send(Command::Decision(DecisionCommand::Mark {
                    run,
                    processing,
                    subsystem,
                    mark,
                    comment,
                    who,
                    role,
                    seen: last,
                }));
            }
        }
    }

    /// Undoes what was decided last in this review, and goes back to it.
    fn undo_in_review(&mut self, scene: &mut Scene<'_>) {
        let Some(review) = &mut self.review else { return };
        let Some(at) = review.done.last().copied().filter(|_| review.sent.is_none()) else { return };
        let Fate::Decided { number, .. } = review.entries[at].fate else { return };
        let Some(number) = number else {
            review.told = Some("It waits for the book's server: it can be undone when it is recorded.".into());
            return;
        };
        let (who, role) = (self.state.who.trim().to_owned(), self.state.role.trim().to_owned());
        if who.is_empty() || role.is_empty() {
            review.told = Some("Who undoes it? Fill in your name and role first.".into());
            return;
        }
        review.go_to(at);
        review.sent = Some(Sent { at, word: None, known: number });
        scene.send(Command::Decision(DecisionCommand::Undo { number, who, role }));
    }

    /// A wish that was sent was kept for the book's server, or refused.
    pub(super) fn review_answered(&mut self, is_kept: bool) {
        let Some(review) = &mut self.review else { return };
        match review.sent.clone() {
            Some(sent) if is_kept => review.arrived(&sent, None),
            Some(_) => review.refused(),
            None => {}
        }
    }
}

fn leave(review: &mut Review) {
    if review.sent.is_some() {
        return;
    }
    let at = review.at;
    if let Some(entry) = review.entries.get_mut(at) {
        entry.fate = Fate::Left;
        review.go_on();
    }
}

/// A mark has no evidence of its own: what was looked at stands behind its comment.
fn marked_by(comment: &str, seen: &[Evidence]) -> String {
    let plots: Vec<&str> = seen.iter().map(|one| one.item.as_str()).collect();
    let looked = if plots.is_empty() { String::new() } else { format!("looked at {}", plots.join(", ")) };
    match (comment.trim(), looked.is_empty()) {
        ("", _) => looked,
        (comment, true) => comment.to_owned(),
        (comment, false) => format!("{comment} ({looked})"),
    }
}
