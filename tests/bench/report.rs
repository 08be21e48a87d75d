//! The table of rates.

use serde_json::{Value, json};

/// What was measured, in order.
pub struct Report {
    machine: String,
    rows: Vec<Row>,
}

/// One figure, beside a peer's where there is one.
pub struct Row {
    /// What was done.
    pub what: String,
    /// How fast, in `unit`.
    pub ours: f64,
    /// The unit of both figures.
    pub unit: &'static str,
    /// Who did the same in the same run, and how fast.
    pub peer: Option<(String, f64)>,
    /// The least that `ours` over the peer's is to be, or `ours` itself where there is no peer.
    pub goal: Option<f64>,
}

impl Row {
    /// What the goal is about.
    fn measured(&self) -> f64 {
        self.peer.as_ref().map_or(self.ours, |(_, peer)| self.ours / peer)
    }

    fn verdict(&self) -> &'static str {
        // The less of these the better; none is none, whatever the peer has.
        let is_cost = ["MB", "s", "ms", "us", "times", "files"].contains(&self.unit);
        let reached = |goal: f64| match is_cost {
            true => self.ours == 0.0 || self.measured() <= goal,
            false => self.measured() >= goal,
        };
        match self.goal {
            Some(goal) if reached(goal) => "reached",
            Some(_) => "MISSED",
            None => "",
        }
    }
}

impl Report {
    /// An empty one.
    pub fn new(machine: &str) -> Self {
        Report { machine: machine.to_owned(), rows: Vec::new() }
    }

    /// Adds a figure, and says it at once: the whole takes minutes.
    pub fn add(&mut self, row: Row) {
        eprintln!("{}: {} {}", row.what, figure(row.ours), row.unit);
        self.rows.push(row);
    }

    /// For people, as Markdown.
    pub fn table(&self) -> String {
        let mut table = format!("{}\n\n| what | ours | peer | ratio | goal | |\n|---|---|---|---|---|---|\n", self.machine);
        for row in &self.rows {
            let Row { what, ours, unit, peer, goal } = row;
            let (peer_words, ratio) = match peer {
                Some((name, rate)) => (format!("{name}: {} {unit}", figure(*rate)), figure(ours / rate)),
                None => (String::new(), String::new()),
            };
            let goal = goal.map_or_else(String::new, figure);
            table += &format!("| {what} | {} {unit} | {peer_words} | {ratio} | {goal} | {} |\n", figure(*ours), row.verdict());
        }
        table
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let row = |row: &Row| {
            json!({
                "what": row.what, "ours": row.ours, "unit": row.unit, "peer": row.peer.as_ref().map(|(name, _)| name),
                "peer_rate": row.peer.as_ref().map(|(_, rate)| rate), "goal": row.goal, "verdict": row.verdict(),
            })
        };
        json!({"schema": 1, "machine": self.machine, "rows": self.rows.iter().map(row).collect::<Vec<_>>()})
    }
}

/// Three digits.
fn figure(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The median of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
