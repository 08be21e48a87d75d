//! The sound that calls somebody to the screen while an alarm is not acknowledged: a command of the settings, run on a thread of its
//! own and ended when it takes too long.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::config::AlarmSettings;
use crate::snapshot::PeopleShown;

/// A sound that lasts longer is ended.
const LONGEST: Duration = Duration::from_secs(10);

/// What was called for, and when the last sound was made.
#[derive(Default)]
pub(super) struct SoundDesk {
    called: BTreeSet<(String, String)>,
    last: Option<Instant>,
    /// A sound is being made.
    is_busy: Arc<AtomicBool>,
}

impl SoundDesk {
    /// Makes a sound when one is due: at once for an alarm that is new, then every so often while any calls.
    pub(super) fn listen(&mut self, people: &PeopleShown, settings: &AlarmSettings, now: Timestamp) {
        let calling = people.alarms.iter().filter(|alarm| alarm.calls(now)).map(|alarm| alarm.item.clone()).collect();
        let is_due = self.is_due(calling, Duration::try_from_secs_f64(settings.sound_every_s).unwrap_or(LONGEST), Instant::now());
        if is_due && !settings.sound_command.trim().is_empty() && !self.is_busy.swap(true, Ordering::Relaxed) {
            let items: Vec<String> = self.called.iter().map(|(task, item)| format!("{task}/{item}")).collect();
            self.make(settings.sound_command.clone(), items.join(" "));
        }
    }

    /// Whether a sound is due for what calls now.
    fn is_due(&mut self, calling: BTreeSet<(String, String)>, every: Duration, now: Instant) -> bool {
        let is_new = calling.iter().any(|item| !self.called.contains(item));
        let is_again = !calling.is_empty() && self.last.is_none_or(|last| now.duration_since(last) >= every);
        self.called = calling;
        if is_new || is_again {
            self.last = Some(now);
        }
        is_new || is_again
    }

    fn make(&self, command: String, items: String) {
        let is_busy = self.is_busy.clone();
        let body = move || {
            if let Err(error) = run(&command, &items) {
                tracing::warn!("the sound of an alarm was not made: {error}: {command}");
            }
            is_busy.store(false, Ordering::Relaxed);
        };
        if let Err(error) = thread::Builder::new().name("dqmon-sound".into()).spawn(body) {
            tracing::warn!("the sound of an alarm was not made: {error}");
            self.is_busy.store(false, Ordering::Relaxed);
        }
    }
}

/// Runs the command with the alarms' names in `DQMON_ALARMS`.
fn run(command: &str, items: &str) -> std::io::Result<()> {
    let mut child = Command::new("sh");
    let child = child.args(["-c", command]).env("DQMON_ALARMS", items);
    let mut child = child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let began = Instant::now();
    while child.try_wait()?.is_none() {
        if began.elapsed() > LONGEST {
            child.kill()?;
            child.wait()?;
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_alarm_sounds_at_once_one_that_goes_on_now_and_then_and_none_is_silent() {
        let mut desk = SoundDesk::default();
        let items = |names: &[&str]| names.iter().map(|name| ("purity".to_owned(), (*name).to_owned())).collect::<BTreeSet<_>>();
        let (every, began) = (Duration::from_secs(30), Instant::now());
        let mut at = |second: u64, names: &[&str]| desk.is_due(items(names), every, began + Duration::from_secs(second));
        let due = [at(0, &[]), at(1, &["a"]), at(2, &["a"]), at(30, &["a"]), at(31, &["a"]), at(32, &["a", "b"])];
        assert_eq!(due, [false, true, false, false, true, true]);
        assert!(!at(90, &[]), "acknowledged: silent");
        assert!(at(91, &["a"]), "again: new");
    }

    #[test]
    fn the_command_is_told_which_alarms_call() {
        let folder = tempfile::tempdir().unwrap();
        let told = folder.path().join("told");
        run(&format!("echo \"$DQMON_ALARMS\" > '{}'", told.display()), "purity/lifetime_trend").unwrap();
        assert_eq!(std::fs::read_to_string(told).unwrap(), "purity/lifetime_trend\n");
    }
}
