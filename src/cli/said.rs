//! What the commands share that say something into the book, or list what was said: who says it, times, lines.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::book::open_book;
use super::{Failure, Global};
use crate::bookkeeping::{self, Store};
use crate::config::Workspace;
use crate::decisions::standing::Signature;

/// Who says it, in which role.
#[derive(Debug, clap::Args)]
pub(super) struct By {
    /// Who says it.
    #[arg(long, value_name = "NAME")]
    who: String,
    /// In which role: shifter, expert, run coordinator.
    #[arg(long, default_value = "shifter")]
    role: String,
}

impl By {
    /// As a signature.
    pub(super) fn signature(&self) -> Result<Signature, Failure> {
        Ok(Signature::new(&self.who, &self.role)?)
    }
}

/// The workspace and its book, to write into.
pub(super) fn to_write(global: &Global) -> Result<(Workspace, Box<dyn Store>), Failure> {
    if global.read_only() {
        return Err(Failure("it would be written into the book: leave --read-only out".into()));
    }
    let workspace = global.workspace()?;
    let store = open_book(&workspace)?;
    Ok((workspace, store))
}

/// The workspace and its book, to read.
pub(super) fn to_read(global: &Global) -> Result<(Workspace, Box<dyn Store>), Failure> {
    let workspace = global.workspace()?;
    let store = bookkeeping::open_read_only(&workspace.book_place())?;
    Ok((workspace, store))
}

/// A time to come: a day (`2026-11-30`, its beginning in UTC), a moment (`2026-11-30T12:00:00Z`), or a length of time from now
/// (`2h`, `3d`).
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(day) = text.parse::<Date>() {
        return day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|error| error.to_string());
    }
    let length = text.strip_suffix('d').map(|days| (days, 24)).or_else(|| text.strip_suffix('h').map(|hours| (hours, 1)));
    let hours = length.and_then(|(number, factor)| number.parse::<u32>().ok().map(|number| i64::from(number) * factor));
    let at = hours.and_then(|hours| Timestamp::now().checked_add(SignedDuration::from_hours(hours)).ok());
    at.ok_or_else(|| format!("{text:?} is no time; there are 2026-11-30, 2026-11-30T12:00:00Z, 12h and 3d"))
}

/// A day: `2026-11-30`, or so many days from now: `7d`.
pub(super) fn day(text: &str) -> Result<Date, String> {
    let days = text.trim().strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    let from_now = days.and_then(|days| {
        let length = SignedDuration::from_hours(24 * i64::from(days));
        Timestamp::now().checked_add(length).ok().map(crate::decisions::follow_ups::day_of)
    });
    from_now.or_else(|| text.trim().parse().ok()).ok_or_else(|| format!("{text:?} is no day; there are 2026-11-30 and 7d"))
}

/// A stamp to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Tells of entries that can't be read, on standard error.
pub(super) fn tell_faults(faults: &[String]) {
    for fault in faults {
        eprintln!("dqmon: not shown, it can't be read: {fault}");
    }
}
