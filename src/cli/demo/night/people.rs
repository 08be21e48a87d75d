//! What was said in the night, each at its time: decisions, an alarm, two problems, a mask, and who had the shift.

use jiff::{SignedDuration, Timestamp};
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::super::super::Failure;
use super::plan::{LEM, RUN_OF_DEATH, RUN_OF_DIP, RUNS, at};
use crate::bookkeeping::{Decision, DecisionSubject, EntryId, EntryKind, Evidence, NewDecision, Outcome, Store, StoreError};
use crate::config::Workspace;
use crate::decisions::alarms::{self, AlarmEvent, Seen};
use crate::decisions::known_issues::{IssueKind, KnownIssue, Scope};
use crate::decisions::problems::{self, NewProblem, Place, ProblemChange, Severity};
use crate::decisions::standing::{self, Signature};
use crate::decisions::{self, Quality, shifts};

/// The plot that shows the dead LEM, and the one that shows the argon.
const MAP: &str = "lem_gain/map";
const LIFETIME: &str = "purity/lifetime_trend";
/// How long the shifter masks the LEM for: until the expert has seen to it.
const MASKED_FOR: SignedDuration = SignedDuration::from_hours(54);

/// Speaks into the book of the night, in the order of time.
struct Voice<'a> {
    workspace: &'a Workspace,
    store: &'a mut dyn Store,
    ada: Signature,
    chiara: Signature,
}

/// Writes all that was said.
pub(super) fn speak(workspace: &Workspace, store: &mut dyn Store) -> Result<(), Failure> {
    let (ada, chiara) = (Signature::new("Ada Marsh", "shifter")?, Signature::new("Chiara Neri", "expert")?);
    let mut voice = Voice { workspace, store, ada, chiara };
    voice.evening()?;
    voice.after_the_trip()?;
    voice.morning()
}

impl Voice<'_> {
    /// All is well, but for a pump that stands for 26 minutes.
    fn evening(&mut self) -> Result<(), Failure> {
        shifts::begin(self.store, &self.ada, 8.0, "", at(20, 1, 10))?;
        self.decide(1, Flag::Ok, "", &["looks fine"], at(20, 43, 20))?;
        self.decide(2, Flag::Ok, "", &["looks fine"], at(21, 19, 5))?;
        self.decide(3, Flag::Ok, "", &["looks fine"], at(21, 57, 40))?;
        self.decide(4, Flag::Ok, "", &["looks fine"], at(22, 31, 15))?;
        let says = NewProblem {
            what: "The recirculation pump stood from 22:24 to 22:50".into(),
            place: Place { run: Some(Run(RUN_OF_DIP)), item: Some(LIFETIME.into()), ..Place::default() },
            severity: Severity::Minor,
            urgent: false,
            owner: String::new(),
            comment: "It was started again by cryogenics. The lifetime of run 5 is half of what it was.".into(),
        };
        let pump = problems::tell(self.store, &says, &self.ada, at(23, 6, 30))?;
        let why = "Lifetime 1.4 ms: the recirculation stood for 26 minutes.";
        self.decide(RUN_OF_DIP, Flag::Maybe, why, &["purity too low"], at(23, 9, 50))?;
        self.decide(6, Flag::Ok, "The lifetime comes back: 2.6 ms.", &[], at(23, 45, 30))?;
        self.decide(7, Flag::Ok, "", &["looks fine"], at(0, 21, 0))?;
        let why = "The lifetime is as before: 3 ms in run 7.";
        problems::change(self.store, &pump.id, (&ProblemChange::Close, why), &self.ada, at(0, 23, 0), None)?;
        self.decide(8, Flag::Ok, "", &["looks fine"], at(0, 56, 10))?;
        Ok(())
    }

    /// Nobody looks at the voltages. The plots show it a run later.
    fn after_the_trip(&mut self) -> Result<(), Failure> {
        self.decide(RUN_OF_DEATH, Flag::Ok, "", &["looks fine"], at(1, 40, 0))?;
        self.check(MAP, true, "gain_of_each: effective gain: 1 of 12 outside of 2.000 to 4.500", at(2, 2, 40))?;
        let why = "The voltage of LEM 7 tripped at 01:17: the last three minutes are without it. I had said OK and not looked at \
                   the voltages.";
        self.decide(RUN_OF_DEATH, Flag::Maybe, why, &["LEM tripped"], at(2, 5, 0))?;
        let comment = "LEM 7 is off: its voltage tripped at 01:17".to_owned();
        alarms::answer(self.store, MAP, &AlarmEvent::Acknowledge { comment }, &self.ada, at(2, 6, 20), None)?;
        let says = NewProblem {
            what: "LEM 7 tripped and has no gain".into(),
            place: Place { run: Some(Run(RUN_OF_DEATH)), item: Some(MAP.into()), ..Place::default() },
            severity: Severity::Major,
            urgent: true,
            owner: String::new(),
            comment: "480 nA at 01:17, then no voltage. Nobody has raised it again.".into(),
        };
        let trip = problems::tell(self.store, &says, &self.ada, at(2, 8, 0))?;
        let why = "LEM 7 is dead in all of it.";
        self.decide(RUN_OF_DEATH + 1, Flag::Bad, why, &["LEM tripped"], at(2, 12, 0))?;
        self.mask(&self.ada.clone(), at(2, 15, 0), "LEM 7 is off after a trip", (None, Some(MASKED_FOR)))?;
        self.check(MAP, false, "", at(2, 15, 40))?;
        let seen = "Seen. Do not raise it tonight, go on without it.";
        problems::change(self.store, &trip.id, (&ProblemChange::Acknowledge, seen), &self.chiara, at(2, 24, 0), None)?;
        let takes = ProblemChange::Take { owner: self.chiara.who.clone() };
        problems::change(self.store, &trip.id, (&takes, "I come at nine."), &self.chiara, at(2, 25, 0), None)?;
        Ok(())
    }

    /// Runs without the LEM, and the next shifter.
    fn morning(&mut self) -> Result<(), Failure> {
        let why = "Without LEM 7, which is masked; all others as before.";
        self.decide(11, Flag::Maybe, why, &["LEM tripped"], at(2, 45, 0))?;
        self.decide(12, Flag::Maybe, why, &["LEM tripped"], at(3, 20, 30))?;
        // These runs stay without it for ever: what is known of them does not expire.
        self.mask(&self.chiara.clone(), at(3, 53, 0), "LEM 7 was off in these runs", (Some(Run(RUNS)), None))?;
        let note = "LEM 7 tripped at 01:17 and is masked until the 23rd; Chiara comes at nine, do not raise it before. Run 13 is to \
                    be decided.";
        shifts::begin(self.store, &Signature::new("Bo Lind", "shifter")?, 8.0, note, at(3, 58, 0))?;
        Ok(())
    }

    /// The LEM counts no more in what is judged: up to a run, or for a time.
    fn mask(
        &mut self,
        by: &Signature,
        when: Timestamp,
        why: &str,
        (to, lasts): (Option<Run>, Option<SignedDuration>),
    ) -> Result<(), Failure> {
        let scope = Scope { from: Some(Run(RUN_OF_DEATH)), to, lems: LEM.to_string().parse()?, ..Scope::default() };
        let issue = KnownIssue::new(IssueKind::Mask, &scope, (why, lasts.map(|lasts| when + lasts)), by, when)?;
        standing::begin(self.store, &issue, by, when)?;
        Ok(())
    }

    /// What the checks see of a plot: an alarm begins, or is over.
    fn check(&mut self, item: &str, is_bad: bool, says: &str, when: Timestamp) -> Result<(), Failure> {
        alarms::hear(self.store, &[Seen { item: item.into(), is_bad, says: says.into() }], when)?;
        Ok(())
    }

    fn decide(&mut self, run: u32, flag: Flag, note: &str, comments: &[&str], when: Timestamp) -> Result<(), Failure> {
        let subject = DecisionSubject::run(Run(run));
        let seen = |item: &str| Evidence { item: item.into(), state: None, value: None, looked_at: None };
        let decision = Decision {
            comments: comments.iter().map(|word| (*word).to_owned()).collect(),
            outcome: match flag {
                Flag::Ok => Some(Outcome::Fine),
                Flag::Bad => Some(Outcome::FixNeeded),
                _ => None,
            },
            usable_for: if flag == Flag::Bad { Vec::new() } else { vec!["physics".into()] },
            evidence: [LIFETIME, "pedestals/rms_by_strip", MAP].map(seen).to_vec(),
            ..Decision::new(flag, note)
        };
        let new = NewDecision {
            at: when,
            subject,
            decision,
            who: self.ada.who.clone(),
            role: self.ada.role.clone(),
            supersedes: self.in_force(&subject)?,
            wish: None,
            seen: None,
        };
        decisions::decide(self.store, Quality::of(&self.workspace.settings), &new)?;
        Ok(())
    }

    fn in_force(&self, subject: &DecisionSubject) -> Result<Vec<EntryId>, StoreError> {
        decisions::seen(self.store, EntryKind::Decision, &subject.to_string(), None)
    }
}
