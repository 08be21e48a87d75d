//! Failures told by mail: collected into digests, sent by a thread of its own, tried again while a server is away.
//!
//! The backend tells of failures with [`MailDesk::tell`] and calls [`MailDesk::tick`] in its loop; neither ever waits. At most
//! one mail is under way; what comes meanwhile, and what could not be sent, is one digest, so that a server that comes back
//! after a night gets one mail. What could not be told for a day is given up with a line in the backend's log. What waits stands in
//! a file ([`MailDesk::keeping`]), so that a backend that is killed loses none of it.

mod digest;
mod kept;
mod post;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use jiff::{SignedDuration, Timestamp};

use crate::config::MailSettings;

pub use digest::{Digest, FULL, Failure, Site, too_old};
use kept::Kept;
pub use post::{Delivered, Letter, Post, SmtpPost};

/// The pause after the first try that failed; twice as long after each further one.
const FIRST_PAUSE_S: i64 = 30;
/// No pause is longer.
const LONGEST_PAUSE_S: i64 = 30 * 60;

/// Mail that can't be used as it is set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// An address that is none.
    #[error("mail not possible: {found:?} is no address ({why}), expected one such as \"prod@example.org\"")]
    Address {
        /// As written.
        found: String,
        /// What is wrong with it.
        why: String,
    },
    /// The thread that sends can't be started.
    #[error("mail not possible: thread not started: {0}")]
    Thread(String),
}

/// Something for the backend's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailNews {
    /// `sent`, `not sent`, `refused`, `given up`, `taken over`, `damaged`, `not kept`.
    pub word: &'static str,
    /// The facts.
    pub detail: String,
}

/// Where failures are left to be told.
#[derive(Debug)]
pub struct MailDesk {
    settings: MailSettings,
    site: Site,
    waiting: Digest,
    under_way: Option<Digest>,
    /// Tries in a row that failed.
    tries: u32,
    next_try: Timestamp,
    last_sent: Option<Timestamp>,
    last_error: Option<String>,
    thread: Option<Channels>,
    /// Where what waits is kept.
    kept: Option<Kept>,
    /// What went wrong with that, to be told once.
    news: Vec<MailNews>,
}

/// The ways to the thread that sends.
#[derive(Debug)]
struct Channels {
    letters: Sender<Letter>,
    outcomes: Receiver<Result<Delivered, String>>,
}

impl MailDesk {
    /// A desk that sends as the settings say, with files of the settings relative to the workspace; with nobody to tell it
    /// takes failures and forgets them.
    ///
    /// # Errors
    /// When an address is none or the thread can't be started. A server that is away is no error.
    pub fn new(settings: &MailSettings, workspace: &Path, host: &str) -> Result<Self, MailError> {
        let post = if settings.is_on() { Some(SmtpPost::new(settings, workspace, host)?) } else { None };
        let site = Site { workspace: workspace.to_owned(), host: host.to_owned() };
        Self::with_post(settings, site, post.map(|post| Box::new(post) as Box<dyn Post>))
    }

    /// A desk that hands its letters to somebody else.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub fn with_post(settings: &MailSettings, site: Site, post: Option<Box<dyn Post>>) -> Result<Self, MailError> {
        Ok(MailDesk {
            settings: settings.clone(),
            site,
            waiting: Digest::default(),
            under_way: None,
            tries: 0,
            next_try: Timestamp::MIN,
            last_sent: None,
            last_error: None,
            thread: post.map(start).transpose()?,
            kept: None,
            news: Vec::new(),
        })
    }

    /// Keeps what waits in a file, and takes over what an earlier backend left there untold. With nobody to tell the file is left
    /// as it is; what is older than a day is given up.
    #[must_use]
    pub fn keeping(mut self, file: PathBuf, now: Timestamp) -> Self {
        if self.thread.is_none() {
            return self;
        }
        let kept = Kept::at(file);
        match kept.load() {
            Ok((mut left, damaged)) => {
                let old = left.give_up(too_old(now));
                let mut tell = |word, detail| self.news.push(MailNews { word, detail });
                if damaged > 0 {
                    tell("damaged", kept.fault("some of what waited to be told is lost", &unreadable(damaged)));
                }
                if old > 0 {
                    tell("given up", format!("{old} left by an earlier backend, more than a day ago"));
                }
                if left.count() > 0 {
                    tell("taken over", format!("{} left untold by an earlier backend", left.count()));
                }
                self.waiting.put_back(left);
                self.kept = Some(kept);
                if damaged + old > 0 {
                    self.keep_what_waits();
                }
            }
            // It may hold what nobody was told: it is not written over.
            Err(error) => {
                let detail = kept.fault("what an earlier backend left untold can't be read", &error);
                self.news.push(MailNews { word: "not kept", detail });
            }
        }
        self
    }

    /// Brings the file up to what waits.
    fn keep_what_waits(&mut self) {
        let digests: Vec<&Digest> = self.under_way.iter().chain([&self.waiting]).collect();
        let outcome = self.kept.as_ref().map(|kept| (kept.replace(&digests), kept));
        if let Some((Err(error), kept)) = outcome {
            let detail = kept.fault("what was told still stands among what waits", &error);
            self.news.push(MailNews { word: "not kept", detail });
        }
    }

    /// Takes a failure in. Never waits for the server.
    pub fn tell(&mut self, failure: Failure) {
        if self.thread.is_none() {
            return;
        }
        if let Some((Err(error), kept)) = self.kept.as_ref().map(|kept| (kept.add(&failure), kept)) {
            let detail = kept.fault("a failure that waits to be told would be lost with this backend", &error);
            self.news.push(MailNews { word: "not kept", detail });
        }
        self.waiting.push(failure);
    }

    /// Moves the mail on: takes in what came of the last letter, sends the next one when it is due. Never waits.
    pub fn tick(&mut self, now: Timestamp) -> Vec<MailNews> {
        let mut news = std::mem::take(&mut self.news);
        if let Some(outcome) = self.thread.as_ref().and_then(|thread| thread.outcomes.try_recv().ok()) {
            self.take_outcome(outcome, now, &mut news);
        }
        self.give_up(now, &mut news);
        // After a clock was set back, no pause lasts longer than the longest.
        let ahead = self.next_try.duration_since(now);
        let may_try = ahead <= SignedDuration::ZERO || ahead > SignedDuration::from_secs(LONGEST_PAUSE_S);
        if may_try && self.waiting.is_due(now, self.settings.digest_s) {
            self.send(now, &mut news);
        }
        news
    }

    /// Sends what waits and waits for it, for `patience` at most: the backend ends. What could not be told stands in the answer.
    #[must_use]
    pub fn finish(mut self, now: Timestamp, patience: Duration) -> Vec<MailNews> {
        let mut news = std::mem::take(&mut self.news);
        let until = std::time::Instant::now() + patience;
        // One that is under way first, then what came meanwhile, each once.
        for _ in 0..2 {
            self.send(now, &mut news);
            let Some(thread) = self.thread.as_ref().filter(|_| self.under_way.is_some()) else { break };
            let Ok(outcome) = thread.outcomes.recv_deadline(until) else { break };
            self.take_outcome(outcome, now, &mut news);
            if self.tries > 0 {
                break;
            }
        }
        let untold = self.count();
        if untold > 0 {
            let why = self.last_error.as_deref().unwrap_or("the server has not answered in time");
            let (word, fate) = match &self.kept {
                Some(_) => ("not sent", "left to the next backend"),
                None => ("given up", "untold when the backend ended"),
            };
            news.push(MailNews { word, detail: format!("{untold} {fate}: {why}") });
        }
        news
    }

    /// How it goes, for the window: `last sent 2026-11-21 12:03 UTC, 2 wait: connection refused`.
    #[must_use]
    pub fn state(&self) -> String {
        if self.thread.is_none() {
            return "off".into();
        }
        let sent = match self.last_sent {
            Some(at) => format!("last sent {}", at.strftime("%Y-%m-%d %H:%M UTC")),
            None => "none sent yet".into(),
        };
        let waits = match self.count() {
            0 => String::new(),
            1 => ", 1 waits".into(),
            count => format!(", {count} wait"),
        };
        let fault = self.last_error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        format!("{sent}{waits}{fault}")
    }

    /// Failures that are not told yet.
    fn count(&self) -> usize {
        self.waiting.count() + self.under_way.as_ref().map_or(0, Digest::count)
    }

    fn send(&mut self, now: Timestamp, news: &mut Vec<MailNews>) {
        let Some(thread) = &self.thread else { return };
        if self.under_way.is_some() || self.waiting.is_empty() {
            return;
        }
        let letter = Letter { at: now, subject: self.waiting.subject(&self.site), text: self.waiting.text(&self.site) };
        match thread.letters.try_send(letter) {
            Ok(()) => self.under_way = Some(std::mem::take(&mut self.waiting)),
            // It still has the last one; it says so when it is done.
            Err(TrySendError::Full(_)) => {}
            Err(TrySendError::Disconnected(_)) => {
                self.take_outcome(Err("the thread that sends has ended".into()), now, news);
            }
        }
    }

    fn take_outcome(&mut self, outcome: Result<Delivered, String>, now: Timestamp, news: &mut Vec<MailNews>) {
        let digest = self.under_way.take();
        match outcome {
            Ok(delivered) => {
                let count = digest.as_ref().map_or(0, Digest::count);
                let detail = format!("{count} told to {}", delivered.to.join(", "));
                news.push(MailNews { word: "sent", detail });
                news.extend(delivered.refused.iter().map(|detail| MailNews { word: "refused", detail: detail.clone() }));
                (self.tries, self.last_sent, self.next_try) = (0, Some(now), Timestamp::MIN);
                self.last_error = delivered.refused.first().cloned();
                self.keep_what_waits();
            }
            Err(why) => {
                if let Some(digest) = digest {
                    self.waiting.put_back(digest);
                }
                if self.last_error.as_ref() != Some(&why) {
                    let detail = format!("{why}; {} wait and are tried again", self.waiting.count());
                    news.push(MailNews { word: "not sent", detail });
                }
                self.last_error = Some(why);
                self.next_try = now.saturating_add(pause_after(self.tries)).unwrap_or(Timestamp::MAX);
                self.tries = self.tries.saturating_add(1);
            }
        }
    }

    /// What could not be told for a day is told no more.
    fn give_up(&mut self, now: Timestamp, news: &mut Vec<MailNews>) {
        if self.tries == 0 {
            return;
        }
        let count = self.waiting.give_up(too_old(now));
        if count > 0 {
            let why = self.last_error.as_deref().unwrap_or("no reason known");
            news.push(MailNews { word: "given up", detail: format!("{count} could not be told for a day: {why}") });
            self.keep_what_waits();
        }
    }
}

/// Tells one thing at once, with no digest: somebody waits for the answer. None when mail has nobody to tell.
///
/// # Errors
/// Why nobody has got it, in words that hold no password.
pub fn tell_at_once(
    settings: &MailSettings,
    workspace: &Path,
    (subject, text): (String, String),
    now: Timestamp,
) -> Option<Result<Delivered, String>> {
    const STEP: Duration = Duration::from_secs(8);
    if !settings.is_on() {
        return None;
    }
    let post = SmtpPost::new(settings, workspace, &super::batch::host()).map_err(|error| error.to_string());
    Some(post.and_then(|post| post.waiting_at_most(STEP).deliver(&Letter { at: now, subject, text })))
}

/// Lines of the file that are none.
fn unreadable(lines: usize) -> std::io::Error {
    std::io::Error::other(format!("{lines} of its lines can't be read"))
}

/// The pause after so many tries that failed before this one.
fn pause_after(tries: u32) -> SignedDuration {
    SignedDuration::from_secs((FIRST_PAUSE_S << tries.min(16)).min(LONGEST_PAUSE_S))
}

/// The thread that sends; it ends with the desk, after the letter that it has.
fn start(mut post: Box<dyn Post>) -> Result<Channels, MailError> {
    let (letters, orders) = bounded::<Letter>(1);
    let (answers, outcomes) = bounded(1);
    let work = move || {
        for letter in orders {
            // A fault of the mail is no fault of the shift.
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| post.deliver(&letter)));
            let outcome = outcome.unwrap_or_else(|_| Err("sending panicked".into()));
            if answers.send(outcome).is_err() {
                break;
            }
        }
    };
    thread::Builder::new().name("mail".into()).spawn(work).map_err(|error| MailError::Thread(error.to_string()))?;
    Ok(Channels { letters, outcomes })
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
