//! What is done beside the shift: answers for a new workspace are looked at, the doctor makes a round, and work that takes long goes
//! on threads of its own, with what it does now, how far it is, and a way to end it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender};
use jiff::Timestamp;

use super::command::BesideCommand;
use crate::config::NewWorkspace;
use crate::doctor::{self, Patient};
use crate::snapshot::{AnswersShown, Beside, DoctorShown, LongWork, Recent};

/// What one of the threads has to tell. `E` is what long work ends with.
pub(super) enum News<E> {
    Answers(AnswersShown),
    Recent(PathBuf, Recent),
    /// Of the round of this number.
    Doctor(u64, DoctorShown),
    /// What a work does now, and how much of it is done.
    Now(u64, String, Option<f32>),
    Ended(u64, E),
}

/// What is shown beside the shift, and the threads that tell of it.
pub(super) struct BesideDesk<E> {
    sender: Sender<News<E>>,
    pub(super) news: Receiver<News<E>>,
    shown: Beside,
    /// Answers to be looked at; none before the first.
    answers: Option<Sender<(u64, NewWorkspace)>>,
    /// The doctor's round under way: its number, and how to end it.
    round: (u64, Arc<AtomicBool>),
    /// How to end each work.
    works: BTreeMap<u64, Arc<AtomicBool>>,
    next: u64,
}

/// A work's own end: it tells how far it is and asks whether it is still wanted.
pub(super) struct Work<E> {
    id: u64,
    sender: Sender<News<E>>,
    stop: Arc<AtomicBool>,
}

impl<E> Work<E> {
    /// Says what is done now; `part` is how much of all is done, 0 to 1, where that is known.
    pub(super) fn tell(&self, now: impl Into<String>, part: Option<f32>) {
        // An engine that is gone hears nothing; then the work ends with its next question.
        if self.sender.send(News::Now(self.id, now.into(), part)).is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Whether a person has asked to end it.
    pub(super) fn is_cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl<E: Send + 'static> BesideDesk<E> {
    pub(super) fn new() -> Self {
        let (sender, news) = crossbeam_channel::bounded(256);
        let round = (0, Arc::default());
        BesideDesk { sender, news, shown: Beside::default(), answers: None, round, works: BTreeMap::new(), next: 1 }
    }

    /// What is shown.
    pub(super) fn shown(&self) -> Beside {
        self.shown.clone()
    }

    /// Does what is asked. `open` is the folder of the workspace that is open.
    pub(super) fn obey(&mut self, command: BesideCommand, open: Option<PathBuf>) {
        match command {
            BesideCommand::CheckAnswers { number, answers } => self.check_answers(number, *answers),
            BesideCommand::LookFor(paths) => self.look_for(paths),
            BesideCommand::Doctor => self.begin_round(open),
            BesideCommand::StopDoctor => {
                self.round.1.store(true, Ordering::Relaxed);
                if let Some(shown) = self.shown.doctor.as_ref().filter(|shown| !shown.is_over()) {
                    self.shown.doctor = Some(Arc::new(DoctorShown { is_cancelled: true, now: "", ..DoctorShown::clone(shown) }));
                }
            }
            BesideCommand::Cancel(id) => self.cancel(id),
        }
    }

    fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> bool {
        let spawned = thread::Builder::new().name(format!("dqmon-{name}")).spawn(body);
        if let Err(error) = &spawned {
            tracing::error!("{name} did not start: {error}");
        }
        spawned.is_ok()
    }

    /// Answers are looked at one set after the other, the newest alone of those that wait.
    fn check_answers(&mut self, number: u64, answers: NewWorkspace) {
        if self.answers.is_none() {
            let (asked, questions) = crossbeam_channel::bounded::<(u64, NewWorkspace)>(64);
            let news = self.sender.clone();
            Self::spawn("answers", move || {
                while let Ok(mut question) = questions.recv() {
                    while let Ok(newer) = questions.try_recv() {
                        question = newer;
                    }
                    let answers = doctor::answers_of(&question.1);
                    if news.send(News::Answers(AnswersShown { number: question.0, answers })).is_err() {
                        return;
                    }
                }
            });
            self.answers = Some(asked);
        }
        if let Some(asked) = &self.answers
            && asked.try_send((number, answers)).is_err()
        {
            tracing::warn!("answers were not looked at: too many wait");
        }
    }

    fn look_for(&self, paths: Vec<PathBuf>) {
        let news = self.sender.clone();
        Self::spawn("recent", move || {
            for path in paths {
                let found = doctor::recent(&path);
                if news.send(News::Recent(path, found)).is_err() {
                    return;
                }
            }
        });
    }

    fn begin_round(&mut self, open: Option<PathBuf>) {
        self.round.1.store(true, Ordering::Relaxed);
        let stop: Arc<AtomicBool> = Arc::default();
        let number = self.round.0 + 1;
        self.round = (number, stop.clone());
        let at = Timestamp::now();
        let begun = DoctorShown { root: open.clone(), at, done: (0, 1), now: "", is_cancelled: false, findings: Vec::new() };
        self.shown.doctor = Some(Arc::new(begun.clone()));
        let news = self.sender.clone();
        Self::spawn("doctor", move || {
            let patient = Patient::of(open.as_deref(), at);
            let looks = patient.looks();
            let mut shown = DoctorShown { done: (0, looks.len()), ..begun };
            for look in looks {
                shown.now = look.name;
                if stop.load(Ordering::Relaxed) || news.send(News::Doctor(number, shown.clone())).is_err() {
                    return;
                }
                shown.findings.extend(look.at(&patient));
                shown.done.0 += 1;
            }
            shown.now = "";
            // Nobody need listen any more.
            let _ = news.send(News::Doctor(number, shown));
        });
    }

    /// Starts a work on a thread of its own; answers its number.
    pub(super) fn begin(&mut self, what: String, work: impl FnOnce(&Work<E>) -> E + Send + 'static) -> u64 {
        let id = self.next;
        self.next += 1;
        let stop: Arc<AtomicBool> = Arc::default();
        let end = Work { id, sender: self.sender.clone(), stop: stop.clone() };
        let now = String::new();
        let shown = LongWork { id, what, now, part: None, since: Timestamp::now(), can_cancel: true };
        let begun = Self::spawn("work", move || {
            let ended = work(&end);
            let _ = end.sender.send(News::Ended(id, ended));
        });
        if begun {
            self.works.insert(id, stop);
            self.shown.long.push(shown);
        }
        id
    }

    /// Asks a work to end, and shows it no more: whatever it still ends with is heard by nobody.
    pub(super) fn cancel(&mut self, id: u64) {
        if let Some(stop) = self.works.remove(&id) {
            stop.store(true, Ordering::Relaxed);
        }
        self.shown.long.retain(|work| work.id != id);
    }

    /// Whether a work is under way and wanted.
    pub(super) fn is_under_way(&self, id: u64) -> bool {
        self.works.contains_key(&id)
    }

    /// Takes news in; answers what a work that is still wanted has ended with.
    pub(super) fn take(&mut self, news: News<E>) -> Option<E> {
        match news {
            News::Answers(answers) => self.shown.answers = Some(Arc::new(answers)),
            News::Recent(path, found) => {
                Arc::make_mut(&mut self.shown.recent).insert(path, found);
            }
            News::Doctor(number, shown) => {
                if number == self.round.0 && !self.round.1.load(Ordering::Relaxed) {
                    self.shown.doctor = Some(Arc::new(shown));
                }
            }
            News::Now(id, now, part) => {
                if let Some(work) = self.shown.long.iter_mut().find(|work| work.id == id) {
                    (work.now, work.part) = (now, part.map(|part| part.clamp(0.0, 1.0)));
                }
            }
            News::Ended(id, ended) => {
                let is_wanted = self.is_under_way(id);
                self.cancel(id);
                return is_wanted.then_some(ended);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::snapshot::Question;

    fn until<T>(desk: &mut BesideDesk<u32>, mut holds: impl FnMut(&BesideDesk<u32>, Option<u32>) -> Option<T>) -> T {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            assert!(Instant::now() < end, "waited in vain: {:?}", desk.shown());
            let ended = desk.news.recv_timeout(Duration::from_millis(50)).ok().and_then(|news| desk.take(news));
            if let Some(found) = holds(desk, ended) {
                return found;
            }
        }
    }

    #[test]
    fn long_work_tells_how_far_it_is_and_ends_or_is_cancelled() {
        let mut desk: BesideDesk<u32> = BesideDesk::new();
        desk.begin("counting".into(), |work| {
            work.tell("half way", Some(0.5));
            7
        });
        assert_eq!(desk.shown().long[0].what, "counting");
        let part = until(&mut desk, |desk, _| desk.shown().long.first().and_then(|work| work.part));
        assert_eq!(part, 0.5);
        assert_eq!(until(&mut desk, |_, ended| ended), 7);
        assert!(desk.shown().long.is_empty());
        let (told, hears) = crossbeam_channel::bounded(1);
        let id = desk.begin("for ever".into(), move |work| {
            while !work.is_cancelled() {
                thread::sleep(Duration::from_millis(5));
            }
            let _ = told.send(());
            8
        });
        desk.obey(BesideCommand::Cancel(id), None);
        assert!(desk.shown().long.is_empty(), "it is gone at once");
        hears.recv_timeout(Duration::from_secs(10)).unwrap();
        let ended = desk.news.recv_timeout(Duration::from_secs(10)).ok().and_then(|news| desk.take(news));
        assert_eq!(ended, None, "what it ended with is not heard");
    }

    #[test]
    fn the_newest_answers_are_looked_at_and_a_round_of_the_doctor_goes_through_or_is_ended() {
        let mut desk: BesideDesk<u32> = BesideDesk::new();
        for number in 1..=3 {
            let answers = Box::new(NewWorkspace { detector: format!("none{number}"), ..NewWorkspace::default() });
            desk.obey(BesideCommand::CheckAnswers { number, answers }, None);
        }
        let shown = until(&mut desk, |desk, _| desk.shown().answers.filter(|answers| answers.number == 3));
        assert!(shown.of(Question::Detector).unwrap().words.contains("none3") && shown.hindrance().is_some());
        desk.obey(BesideCommand::Doctor, None);
        let shown = until(&mut desk, |desk, _| desk.shown().doctor.filter(|doctor| doctor.is_over()));
        assert!(shown.findings.len() >= shown.done.1 && !shown.is_cancelled, "{shown:?}");
        desk.obey(BesideCommand::Doctor, None);
        desk.obey(BesideCommand::StopDoctor, None);
        assert!(desk.shown().doctor.unwrap().is_cancelled);
    }
}
