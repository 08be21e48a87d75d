//! Progress of long work on standard error: a bar on a terminal, else a line now and then.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How far some work is.
#[derive(Debug)]
pub struct Progress {
    what: String,
    total: u64,
    done: u64,
    started: Instant,
    shown: Option<Instant>,
    terminal: bool,
}

/// Characters of the bar.
const BAR_WIDTH: u64 = 30;

impl Progress {
    /// Work of `total` pieces; `what` names them with a verb: `simulating events`.
    #[must_use]
    pub fn new(what: impl Into<String>, total: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Progress { what: what.into(), total, done: 0, started: Instant::now(), shown: None, terminal }
    }

    /// More pieces are done.
    pub fn advance(&mut self, pieces: u64) {
        self.done += pieces;
        let pause = if self.terminal { Duration::from_millis(100) } else { Duration::from_secs(5) };
        // Without a terminal short work says nothing before its end.
        if self.shown.unwrap_or(self.started).elapsed() >= pause {
            self.show();
        }
    }

    /// All is done, or as far as it goes: shows where it stands.
    pub fn finish(mut self) {
        self.show();
        if self.terminal {
            let _ = writeln!(std::io::stderr());
        }
    }

    /// Writes the bar or a line. A standard error that is closed is no reason to stop the work.
    fn show(&mut self) {
        self.shown = Some(Instant::now());
        let line = line(&self.what, self.done, self.total, self.started.elapsed(), self.terminal);
        let mut stderr = std::io::stderr().lock();
        let _ = if self.terminal {
            write!(stderr, "\r{line}\x1b[K").and_then(|()| stderr.flush())
        } else {
            writeln!(stderr, "{line}")
        };
    }
}

/// What is shown: `simulating events  12 of 40, 30 %, 35.1 a second`.
fn line(what: &str, done: u64, total: u64, elapsed: Duration, bar: bool) -> String {
    let percent = (100 * done).checked_div(total).unwrap_or(100);
    let filled = (BAR_WIDTH * percent / 100).min(BAR_WIDTH);
    let bar = if bar {
        format!("[{}{}] ", "=".repeat(filled as usize), " ".repeat((BAR_WIDTH - filled) as usize))
    } else {
        String::new()
    };
    let seconds = elapsed.as_secs_f64();
    let rate = if seconds > 0.0 { format!(", {:.1} a second", done as f64 / seconds) } else { String::new() };
    format!("{what}  {bar}{done} of {total}, {percent} %{rate}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_it_is() {
        let second = Duration::from_secs(2);
        assert_eq!(line("reading files", 3, 12, second, false), "reading files  3 of 12, 25 %, 1.5 a second");
        assert_eq!(line("reading files", 0, 0, Duration::ZERO, false), "reading files  0 of 0, 100 %");
        let bar = line("reading files", 6, 12, second, true);
        assert!(bar.contains(&format!("[{}{}]", "=".repeat(15), " ".repeat(15))), "{bar}");
    }
}
