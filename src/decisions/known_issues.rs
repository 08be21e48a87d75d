//! Known issues and masks of channels: what is known to be wrong, where, why, and until when that is taken for granted.
//!
//! One that has expired or was ended is in force no more; it stands in the book all the same.

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde::{Deserialize, Serialize};

use super::channels::Channels;
use super::problems::Word;
use super::standing::{self, Said, SayError, Signature, Standing};
use super::wording::{self, LONGEST_LINE, choice};
use crate::bookkeeping::{EntryKind, Store};

choice! {
    /// What is taken for granted.
    IssueKind, "kind of known issue" {
        /// Something looks odd and it is known why.
        Issue = "issue",
        /// Channels that are not to be judged by.
        Mask = "mask",
    }
}

/// Where it holds; whatever is left out holds everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// From this run on.
    pub from: Option<Run>,
    /// Up to this run, which is in it.
    pub to: Option<Run>,
    /// On this plot, `purity/lifetime_trend`, or on all of a task, `purity`.
    pub item: Option<String>,
    /// On these channels.
    pub channels: Channels,
    /// On these LEMs, as the result files number them.
    #[serde(skip_serializing_if = "Channels::is_empty")]
    pub lems: Channels,
}

/// A known issue as it is after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownIssue {
    /// Issue or mask.
    pub kind: IssueKind,
    /// Where it holds.
    #[serde(default)]
    pub scope: Scope,
    /// Why.
    pub reason: String,
    /// Who said it first, and when.
    pub author: Word,
    /// When it is in force no more.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// Who ended it before.
    #[serde(default)]
    pub ended: Option<Word>,
}

impl Said for KnownIssue {
    const KIND: EntryKind = EntryKind::KnownIssue;
    const NOUN: &'static str = "known issue";

    fn run(&self) -> Option<Run> {
        // One of many runs is of none.
        self.scope.from.filter(|from| self.scope.to == Some(*from))
    }
}

impl Scope {
    /// In words: `run840 to run850, pedestals, channels 0-31`; `everywhere`.
    #[must_use]
    pub fn words(&self) -> String {
        let runs = match (self.from, self.to) {
            (Some(from), Some(to)) if from == to => Some(from.to_string()),
            (Some(from), Some(to)) => Some(format!("{from} to {to}")),
            (Some(from), None) => Some(format!("from {from}")),
            (None, Some(to)) => Some(format!("up to {to}")),
            (None, None) => None,
        };
        let channels = (!self.channels.is_empty()).then(|| format!("channels {}", self.channels));
        let lems = (!self.lems.is_empty()).then(|| format!("LEM {}", self.lems));
        let parts: Vec<String> = [runs, self.item.clone(), channels, lems].into_iter().flatten().collect();
        if parts.is_empty() { "everywhere".into() } else { parts.join(", ") }
    }

    /// Whether a run is in it.
    #[must_use]
    pub fn has_run(&self, run: Run) -> bool {
        self.from.is_none_or(|from| from <= run) && self.to.is_none_or(|to| run <= to)
    }

    /// Whether a plot `task/item` is in it.
    #[must_use]
    pub fn has_item(&self, item: &str) -> bool {
        let task = item.split('/').next();
        self.item.as_deref().is_none_or(|wanted| wanted == item || task == Some(wanted))
    }
}

impl KnownIssue {
    /// A new one.
    ///
    /// # Errors
    /// When it has no reason, a mask no channels, its runs run backwards, or it has expired already.
    pub fn new(
        kind: IssueKind,
        scope: &Scope,
        (reason, expires): (&str, Option<Timestamp>),
        by: &Signature,
        at: Timestamp,
    ) -> Result<Self, SayError> {
        let refused = |why: &str| Err(SayError::Refused(why.to_owned()));
        if kind == IssueKind::Mask && scope.channels.is_empty() && scope.lems.is_empty() {
            return refused("a mask needs channels, such as 0-31,320, or LEMs, such as 7");
        }
        if scope.from.zip(scope.to).is_some_and(|(from, to)| to < from) {
            return refused("the last run of its scope comes before the first");
        }
        if expires.is_some_and(|expires| expires <= at) {
            return refused("it would have expired already");
        }
        let item = wording::line("the plot", scope.item.as_deref().unwrap_or_default(), LONGEST_LINE)?;
        let reason = wording::needed_comment("the reason", reason)?;
        Ok(KnownIssue {
            kind,
            scope: Scope { item: (!item.is_empty()).then_some(item), ..scope.clone() },
            author: Word { at, who: by.who.clone(), role: by.role.clone(), comment: reason.clone() },
            reason,
            expires,
            ended: None,
        })
    }

    /// The same, ended by somebody.
    ///
    /// # Errors
    /// When it is in force no more, or no reason is given.
    pub fn ended(&self, comment: &str, by: &Signature, at: Timestamp) -> Result<Self, SayError> {
        if self.ended.is_some() {
            return Err(SayError::Refused("it was ended already".into()));
        }
        let comment = wording::needed_comment("the reason why it ends", comment)?;
        Ok(KnownIssue { ended: Some(Word { at, who: by.who.clone(), role: by.role.clone(), comment }), ..self.clone() })
    }

    /// Whether it is in force at a moment.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.ended.is_none() && self.expires.is_none_or(|expires| now < expires)
    }

    /// `in force`, `expired` or `ended`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> &'static str {
        match (&self.ended, self.is_in_force(now)) {
            (Some(_), _) => "ended",
            (None, true) => "in force",
            (None, false) => "expired",
        }
    }
}

/// The masks in force of a plot and run at a moment.
pub fn masks<'a>(
    issues: &'a [Standing<KnownIssue>],
    run: Run,
    item: &'a str,
    now: Timestamp,
) -> impl Iterator<Item = &'a Standing<KnownIssue>> {
    let is_mask = move |issue: &&Standing<KnownIssue>| issue.body.kind == IssueKind::Mask && issue.body.is_in_force(now);
    issues.iter().filter(is_mask).filter(move |issue| issue.body.scope.has_run(run) && issue.body.scope.has_item(item))
}

/// Ends one. `seen` is the place of the entry that the person saw.
///
/// # Errors
/// When there is none, it is ended already, somebody changed it since, or the book can't be written.
pub fn end(
    store: &mut dyn Store,
    id: &str,
    comment: &str,
    by: &Signature,
    at: Timestamp,
    seen: Option<i64>,
) -> Result<Standing<KnownIssue>, SayError> {
    let found: Standing<KnownIssue> = standing::find(store, id)?;
    standing::refuse_unseen(store, &found, seen)?;
    let next = found.body.ended(comment, by, at)?;
    standing::replace(store, &found, &next, by, at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn ada() -> Signature {
        Signature { who: "Ada".into(), role: "expert".into() }
    }

    proptest! {
        /// In force from its telling to its expiry or end, whichever comes first, and never after.
        #[test]
        fn what_has_expired_or_ended_is_in_force_no_more(
            expires in prop::option::of(1_i64..50), ends in prop::option::of(0_i64..50), asked in 0_i64..60,
        ) {
            let new = KnownIssue::new(IssueKind::Issue, &Scope::default(), ("noise of a pump", expires.map(at)), &ada(), at(0));
            let mut issue = new.unwrap();
            if let Some(end) = ends.filter(|end| *end <= asked) {
                issue = issue.ended("the pump is gone", &ada(), at(end)).unwrap();
                prop_assert!(issue.ended("again", &ada(), at(end)).is_err());
            }
            let is_over = expires.is_some_and(|expires| expires <= asked) || ends.is_some_and(|end| end <= asked);
            prop_assert_eq!(issue.is_in_force(at(asked)), !is_over);
        }
    }

    #[test]
    fn a_mask_holds_where_it_says_and_nowhere_else() {
        let scope = Scope {
            from: Some(Run(10)),
            to: Some(Run(20)),
            item: Some("pedestals".into()),
            channels: "0-31".parse().unwrap(),
            ..Scope::default()
        };
        let mask = KnownIssue::new(IssueKind::Mask, &scope, ("dead card", Some(at(100))), &ada(), at(0)).unwrap();
        let standing = Standing {
            id: "abc".into(),
            body: mask,
            place: 1,
            at: at(0),
            who: "Ada".into(),
            role: "expert".into(),
            in_conflict: false,
            entries: Vec::new(),
        };
        let all = [standing];
        let found = |run, item, second| masks(&all, Run(run), item, at(second)).count();
        assert_eq!([found(10, "pedestals/rms", 1), found(20, "pedestals", 99)], [1, 1]);
        assert_eq!([found(9, "pedestals/rms", 1), found(21, "pedestals/rms", 1), found(10, "purity/x", 1)], [0, 0, 0]);
        assert_eq!(found(10, "pedestals/rms", 100), 0, "it has expired");
        assert_eq!(all[0].body.scope.words(), "run10 to run20, pedestals, channels 0-31");
        assert_eq!(Scope::default().words(), "everywhere");
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        let refused = |kind, scope: Scope, reason: &str, expires| {
            KnownIssue::new(kind, &scope, (reason, expires), &ada(), at(10)).unwrap_err().to_string()
        };
        assert!(refused(IssueKind::Mask, Scope::default(), "x", None).contains("needs channels"));
        assert!(refused(IssueKind::Issue, Scope::default(), " ", None).contains("the reason is missing"));
        assert!(refused(IssueKind::Issue, Scope::default(), "x", Some(at(10))).contains("expired already"));
        let backwards = Scope { from: Some(Run(2)), to: Some(Run(1)), ..Scope::default() };
        assert!(refused(IssueKind::Issue, backwards, "x", None).contains("before the first"));
    }
}
