//! Memory and processor time of a process while it runs.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Linux counts processor time for its readers in hundredths of a second on every machine.
const TICKS_PER_S: f64 = 100.0;

/// A process that is looked at five times a second.
pub struct Watched {
    is_over: Arc<AtomicBool>,
    looks: JoinHandle<Vec<Look>>,
}

/// One look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Resident memory, bytes.
    pub resident_bytes: u64,
    /// Processor time of the process so far, its children left out, s.
    pub cpu_s: f64,
}

impl Watched {
    /// Begins to watch.
    pub fn new(process: u32) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let told = is_over.clone();
        let looks = std::thread::spawn(move || {
            let mut looks = Vec::new();
            while !told.load(Ordering::Relaxed) {
                looks.extend(look(process));
                std::thread::sleep(Duration::from_millis(200));
            }
            looks
        });
        Watched { is_over, looks }
    }

    /// What was seen.
    pub fn end(self) -> Vec<Look> {
        self.is_over.store(true, Ordering::Relaxed);
        self.looks.join().unwrap_or_default()
    }
}

fn look(process: u32) -> Option<Look> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // After the name, which may hold spaces; then user and system time are the 12th and 13th.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
    let cpu_s = (ticks(11)? + ticks(12)?) / TICKS_PER_S;
    Some(Look { resident_bytes: resident.parse::<u64>().ok()? * 1024, cpu_s })
}

/// Mean resident memory of the second and of the last quarter of the looks, bytes.
pub fn quarters(looks: &[Look]) -> Option<(f64, f64)> {
    let quarter = looks.len() / 4;
    let mean = |looks: &[Look]| looks.iter().map(|look| look.resident_bytes as f64).sum::<f64>() / looks.len() as f64;
    (quarter > 0).then(|| (mean(&looks[quarter..2 * quarter]), mean(&looks[looks.len() - quarter..])))
}
