//! Copies to an XRootD server, by its own client programs.
//!
//! The bytes go through a pipe into `xrdcp`, so that one reading of the file gives its checksum, the rate is the throttle's, and
//! a dqmon that is killed leaves no program behind that copies on. The temporary file's checksum is the one that the server reads from its
//! disk; only when that is right the file gets its final name.

mod client;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use self::client::{Answer, Client};
use super::bytes::{checksum_while, seen, sum_of};
use super::error::{in_words, io_error};
use super::local::{refuse_unexpected, source_is_as_before};
use super::terms::Course;
use super::{Copied, Terms, Transfer, TransferError};
use crate::config::{Place, RootPlace};

/// Copies to an XRootD server with `xrdcp` and `xrdfs`.
#[derive(Debug, Clone)]
pub struct XrdCopy {
    client: Client,
}

/// The server's words for "there is none".
const NOT_FOUND: u32 = 3011;
/// ... for "no space", and for "over quota".
const NO_SPACE: [u32; 2] = [3009, 3021];
/// ... for "the file is being written by somebody else".
const LOCKED: u32 = 3003;
/// ... for "it is a folder", "it exists", "the name is too long or wrong".
const FOR_GOOD: [u32; 3] = [3002, 3016, 3018];
/// Longest that tidying up after a copy that failed may take.
const TIDYING: Duration = Duration::from_secs(3);

impl Default for XrdCopy {
    fn default() -> Self {
        XrdCopy::with_programs("xrdcp".into(), "xrdfs".into())
    }
}

impl Transfer for XrdCopy {
    fn copy(&self, from: &Path, to: &Place, terms: &Terms) -> Result<Copied, TransferError> {
        let named = to.to_path();
        let Place::Root(place) = to else {
            let why = io::Error::new(io::ErrorKind::InvalidInput, "this is no place on an XRootD server");
            return Err(TransferError::Io { what: "copy not made", why, path: named });
        };
        let (started, course) = (Timestamp::now(), Course::new(terms, &named));
        let one = OneCopy { client: &self.client, from, place, aside: place.aside(), course: &course };
        let ((size_bytes, adler32), stood_already) = one.run()?;
        Ok(Copied { size_bytes, adler32, started, ended: Timestamp::now(), stood_already })
    }
}

/// A copy that is being made.
struct OneCopy<'a> {
    client: &'a Client,
    from: &'a Path,
    place: &'a RootPlace,
    aside: RootPlace,
    course: &'a Course<'a>,
}

/// What stands under a name on the server.
struct Standing {
    size_bytes: u64,
    is_folder: bool,
}

impl XrdCopy {
    /// With client programs of one's own, by name or path.
    #[must_use]
    pub fn with_programs(xrdcp: PathBuf, xrdfs: PathBuf) -> Self {
        XrdCopy { client: Client { xrdcp, xrdfs } }
    }
}

impl XrdCopy {
    /// Size and Adler-32 of a file on a server, as the server says them.
    ///
    /// # Errors
    /// When there is none, or the server can't be asked.
    pub fn measure(&self, place: &RootPlace) -> Result<(u64, u32), TransferError> {
        let (terms, path) = (Terms { time_limit: Some(MEASURING), ..Terms::default() }, PathBuf::from(place.to_string()));
        let course = Course::new(&terms, &path);
        let one = OneCopy { client: &self.client, from: Path::new(""), place, aside: place.clone(), course: &course };
        let missing = || TransferError::Refused {
            what: "file on the server not read again",
            why: "it is not there".into(),
            may_change: true,
            path: path.clone(),
        };
        let standing = one.stat(place)?.ok_or_else(missing)?;
        Ok((standing.size_bytes, one.checksum_of(place)?))
    }
}

impl OneCopy<'_> {
    /// Answers size and checksum, and whether the copy stood already.
    fn run(&self) -> Result<((u64, u32), bool), TransferError> {
        let before = seen(self.from)?;
        if let Some(standing) = self.stat(self.place)? {
            return self.take_standing(&standing, before.0).map(|sum| (sum, true));
        }
        self.refuse_without_checksums()?;
        self.refuse_without_room(before.0)?;
        // What a kill left there; a program that still writes it keeps it locked.
        self.remove_aside(self.course)?;
        let made = self.send_and_verify(before).and_then(|sum| {
            // The server's renaming writes over what stands there: it is looked again at the last moment. A renaming that an
            // earlier life of dqmon asked for may have come through meanwhile: then the copy stands.
            if let Some(standing) = self.stat(self.place)? {
                let standing = self.take_standing(&standing, before.0)?;
                self.remove_aside(self.course)?;
                return Ok((standing, true));
            }
            let moved = self.ask("copy not put in its place", &["mv", self.aside.path(), self.place.path()])?;
            self.well(moved, "copy not put in its place").map(|_| (sum, false))
        });
        match made {
            Ok(made) => Ok(made),
            Err(error) => Err(self.after_failure(error, before.0)),
        }
    }

    /// Takes what stands under the final name when it has the source's content.
    fn take_standing(&self, standing: &Standing, size_bytes: u64) -> Result<(u64, u32), TransferError> {
        if standing.is_folder || standing.size_bytes != size_bytes {
            return Err(self.other_content());
        }
        let source = checksum_while(self.from, || self.course.go_on())?;
        refuse_unexpected(source, self.course.terms(), self.from)?;
        self.refuse_without_checksums()?;
        if self.checksum_of(self.place)? == source.1 { Ok(source) } else { Err(self.other_content()) }
    }

    /// Sends the file under its temporary name, and compares what the server has.
    fn send_and_verify(&self, before: (u64, Timestamp)) -> Result<(u64, u32), TransferError> {
        let sum = self.send()?;
        refuse_unexpected(sum, self.course.terms(), self.from)?;
        source_is_as_before(self.from, before, sum)?;
        let size_bytes = self.stat(&self.aside)?.map_or(0, |standing| standing.size_bytes);
        let adler32 = self.checksum_of(&self.aside)?;
        if (size_bytes, adler32) != sum {
            let (found, expected) = (in_words((size_bytes, adler32)), in_words(sum));
            return Err(TransferError::Differs { found, expected, path: self.course.to().to_owned() });
        }
        Ok(sum)
    }

    fn send(&self) -> Result<(u64, u32), TransferError> {
        let mut source = File::open(self.from).map_err(io_error("raw file not opened", self.from))?;
        let arguments = ["--nopbar", "-", &self.aside.to_string()];
        let (answer, sum) = self.client.feed(&arguments, self.course, |stdin| {
            sum_of(&mut source, self.from, |bytes| {
                stdin.write_all(bytes).map_err(io_error(PIPE, self.course.to()))?;
                self.course.count(bytes.len() as u64)
            })
        })?;
        match sum {
            // When the program went away, what it said is the reason.
            Err(TransferError::Io { what: PIPE, .. }) if answer.code != Some(0) => {}
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        self.well(answer, "copy not made")?;
        sum
    }

    fn ask(&self, what: &'static str, arguments: &[&str]) -> Result<Answer, TransferError> {
        self.client.ask(self.place, what, arguments, self.course)
    }

    fn stat(&self, place: &RootPlace) -> Result<Option<Standing>, TransferError> {
        let what = "file on the server not looked at";
        let answer = self.ask(what, &["stat", place.path()])?;
        if answer.server_code() == Some(NOT_FOUND) {
            return Ok(None);
        }
        let answer = self.well(answer, what)?;
        let size_bytes = answer.value_of("Size:").and_then(|size| size.parse().ok());
        let size_bytes = size_bytes.ok_or_else(|| self.not_understood(what, &answer))?;
        let is_folder = answer.value_of("Flags:").is_some_and(|flags| flags.contains("IsDir"));
        Ok(Some(Standing { size_bytes, is_folder }))
    }

    /// Adler-32 as the server reads it.
    fn checksum_of(&self, place: &RootPlace) -> Result<u32, TransferError> {
        let what = "checksum on the server not known";
        // A server with several kinds answers the one that is asked for.
        let asked = format!("{}?cks.type=adler32", place.path());
        let answer = self.client.ask_at_length(place, &["query", "checksum", &asked], self.course)?;
        let answer = self.well(answer, what)?;
        answer.adler32().ok_or_else(|| self.not_understood(what, &answer))
    }

    /// Before a copy, not after it: a server that gives no checksums can't say that it has the file.
    fn refuse_without_checksums(&self) -> Result<(), TransferError> {
        let what = "checksums of the server not known";
        let answer = self.well(self.ask(what, &["query", "config", "chksum"])?, what)?;
        if answer.out.to_ascii_lowercase().contains("adler32") {
            return Ok(());
        }
        let why = "it gives no Adler-32, so that no copy could be verified; its configuration needs 'xrootd.chksum adler32'";
        Err(TransferError::Refused { what: "copy not begun", why: why.into(), may_change: true, path: self.course.to().into() })
    }

    /// A server that does not say how much room there is says so when it is full.
    fn refuse_without_room(&self, needed_bytes: u64) -> Result<(), TransferError> {
        match self.free_bytes()? {
            Some(free_bytes) if free_bytes < needed_bytes.saturating_add(self.course.terms().room_left_bytes) => {
                Err(self.no_room(needed_bytes, free_bytes))
            }
            _ => Ok(()),
        }
    }

    fn free_bytes(&self) -> Result<Option<u64>, TransferError> {
        let answer = self.ask("room on the server not known", &["spaceinfo", self.place.folder()])?;
        let free_bytes = answer.value_of("Free:").and_then(|free| free.parse().ok());
        // Some answer zeros where they do not know.
        let total_bytes = answer.value_of("Total:").and_then(|total| total.parse::<u64>().ok());
        Ok(free_bytes.filter(|_| answer.code == Some(0) && total_bytes.is_none_or(|total| total > 0)))
    }

    fn remove_aside(&self, course: &Course<'_>) -> Result<(), TransferError> {
        let what = "temporary file on the server not removed";
        let answer = self.client.ask(self.place, what, &["rm", self.aside.path()], course)?;
        if answer.server_code() == Some(NOT_FOUND) { Ok(()) } else { self.well(answer, what).map(drop) }
    }

    /// Tidies up, and finds the better words for what went wrong.
    fn after_failure(&self, error: TransferError, needed_bytes: u64) -> TransferError {
        let terms = Terms { time_limit: Some(TIDYING), ..Terms::default() };
        let path = self.course.to();
        let tidied = self.remove_aside(&Course::new(&terms, path));
        match (error, tidied) {
            // The programs have no words of their own for a server that went away in the middle.
            (TransferError::Refused { .. }, Err(down @ TransferError::ServerDown { .. })) => down,
            (TransferError::Refused { .. }, Err(TransferError::TimeLimit { .. })) => {
                TransferError::ServerDown { why: "it went away in the middle".into(), path: path.into() }
            }
            (TransferError::NoRoom { .. }, Ok(())) => {
                self.no_room(needed_bytes, self.free_bytes().ok().flatten().unwrap_or_default())
            }
            (error, _) => error,
        }
    }

    /// An answer that is no error.
    fn well(&self, answer: Answer, what: &'static str) -> Result<Answer, TransferError> {
        let path = self.course.to().to_owned();
        let why = answer.said();
        match (answer.code, answer.server_code()) {
            (Some(0), _) => Ok(answer),
            (_, Some(code)) if NO_SPACE.contains(&code) => Err(self.no_room(0, 0)),
            (_, Some(LOCKED)) => {
                let why = format!("another copy of it is being written: {why}");
                Err(TransferError::Refused { what, why, may_change: true, path })
            }
            (_, Some(code)) => Err(TransferError::Refused { what, why, may_change: !FOR_GOOD.contains(&code), path }),
            (Some(51), None) => Err(TransferError::ServerDown { why, path }),
            (Some(52), None) => {
                let why = format!("it does not let us in; is the ticket, proxy or token still valid?: {why}");
                Err(TransferError::Refused { what, why, may_change: true, path })
            }
            (_, None) => Err(TransferError::Refused { what, why, may_change: true, path }),
        }
    }

    fn other_content(&self) -> TransferError {
        TransferError::OtherContent { path: self.course.to().to_owned() }
    }

    fn no_room(&self, needed_bytes: u64, free_bytes: u64) -> TransferError {
        TransferError::NoRoom { needed_bytes, free_bytes, path: self.course.to().to_owned() }
    }

    fn not_understood(&self, what: &'static str, answer: &Answer) -> TransferError {
        let why = format!("its answer was not understood: {:?}", answer.out.chars().take(200).collect::<String>());
        TransferError::Refused { what, why, may_change: true, path: self.course.to().to_owned() }
    }
}

/// Longest that a server may take to read a file and say its checksum.
const MEASURING: Duration = Duration::from_secs(600);

/// What was being done when the client program took no more.
const PIPE: &str = "copy not handed on";
