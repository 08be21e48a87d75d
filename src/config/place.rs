//! Where a copy goes: a folder or file on this machine, or one on an XRootD server.

use std::fmt;
use std::path::{Component, Path, PathBuf};

/// A place that files are copied to, or a file there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A path on this machine or on what it has mounted.
    Local(PathBuf),
    /// A path on an XRootD server.
    Root(RootPlace),
}

/// A path on an XRootD server, as `root://host[:port]//path` names it. Only [`Place::parse`] makes one, so that nothing in it can
/// be taken for parameters of the server or for an option of a program.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RootPlace {
    server: String,
    path: String,
}

/// A text that names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no place to copy to: {why}: {text:?}")]
pub struct PlaceError {
    /// What was written.
    pub text: String,
    /// What is wrong with it, and what there is instead.
    pub why: String,
}

const ROOT_SCHEME: &str = "root://";

impl Place {
    /// Reads a path or a `root://host[:port]//path`.
    ///
    /// # Errors
    /// When it is empty, names another protocol, or a server's name, port or path that can't be one.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let refused = |why: &str| PlaceError { text: text.to_owned(), why: why.to_owned() };
        if let Some(rest) = text.strip_prefix(ROOT_SCHEME) {
            return RootPlace::parse(rest).map(Place::Root).map_err(|why| PlaceError { text: text.to_owned(), why });
        }
        if text.is_empty() {
            return Err(refused("it is empty; expected a path or root://host[:port]//path"));
        }
        if text.contains("://") {
            return Err(refused("this protocol is not known; expected a path or root://host[:port]//path"));
        }
        if text.contains('\0') {
            return Err(refused("a path has no NUL in it"));
        }
        Ok(Place::Local(PathBuf::from(text)))
    }

    /// A file or folder below this one.
    ///
    /// # Errors
    /// When it would not stand below this one, or the server could not take that name.
    pub fn join(&self, below: &str) -> Result<Self, PlaceError> {
        match self {
            Place::Local(folder) => {
                let is_below = Path::new(below).components().all(|part| matches!(part, Component::Normal(_)));
                if !is_below || below.is_empty() || below.contains('\0') {
                    let why = format!("it would not stand below {}", folder.display());
                    return Err(PlaceError { text: below.to_owned(), why });
                }
                Ok(Place::Local(folder.join(below)))
            }
            Place::Root(RootPlace { server, path }) => {
                Place::parse(&format!("{ROOT_SCHEME}{server}/{}/{below}", path.trim_end_matches('/')))
            }
        }
    }

    /// The same place with a path on this machine taken relative to a folder, without `.` and `..` in it: what is told of a copy
    /// is where it stands.
    #[must_use]
    pub fn relative_to(self, folder: &Path) -> Self {
        match self {
            Place::Local(path) => Place::Local(plain(&folder.join(path))),
            place @ Place::Root(_) => place,
        }
    }

    /// The path on this machine; none when it is on a server.
    #[must_use]
    pub fn local(&self) -> Option<&Path> {
        match self {
            Place::Local(path) => Some(path),
            Place::Root(_) => None,
        }
    }

    /// As errors and logs name it: the path, or the whole `root://...`.
    #[must_use]
    pub fn to_path(&self) -> PathBuf {
        match self {
            Place::Local(path) => path.clone(),
            Place::Root(place) => PathBuf::from(place.to_string()),
        }
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Self {
        Place::Local(path)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Local(path) => write!(out, "{}", path.display()),
            Place::Root(place) => place.fmt(out),
        }
    }
}

impl fmt::Display for RootPlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{ROOT_SCHEME}{}/{}", self.server, self.path)
    }
}

impl RootPlace {
    /// Reads what stands behind `root://`.
    fn parse(rest: &str) -> Result<Self, String> {
        let Some((server, path)) = rest.split_once('/') else {
            return Err("no path stands behind the server; expected root://host[:port]//path".into());
        };
        if !path.starts_with('/') {
            return Err(
                "the path on the server is not absolute; two slashes stand behind the server: root://host[:port]//path".into()
            );
        }
        server_fault(server).or_else(|| path_fault(path)).map_or_else(
            || {
                Ok(RootPlace {
                    server: server.to_owned(),
                    path: if path == "/" { path } else { path.trim_end_matches('/') }.to_owned(),
                })
            },
            Err,
        )
    }

    /// `host[:port]`, as the programs of XRootD take it.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The path on the server, absolute.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The folder that this stands in.
    #[must_use]
    pub fn folder(&self) -> &str {
        match self.path.rsplit_once('/') {
            Some((folder, _)) if !folder.is_empty() => folder,
            _ => "/",
        }
    }

    /// The name that a file has while it is copied: hidden, in the folder of its final name.
    #[must_use]
    pub fn aside(&self) -> Self {
        let (folder, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        RootPlace { server: self.server.clone(), path: format!("{folder}/.{name}.part") }
    }
}

/// What is wrong with `host[:port]`.
fn server_fault(server: &str) -> Option<String> {
    let (host, port) = match server.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return Some(format!("{address:?} is no IPv6 address"));
            }
            ("v6", rest.strip_prefix(':').or((!rest.is_empty()).then_some(rest)))
        }
        None => server.split_once(':').map_or((server, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Some("no server is named; expected root://host[:port]//path".into());
    }
    let is_of_a_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | '@');
    // A name that begins with a dash would be an option of the program that is given it.
    if host.starts_with('-') || !host.chars().all(is_of_a_name) {
        return Some(format!("{host:?} is no name of a server; expected letters, digits, '.', '-' and '_'"));
    }
    match port {
        Some(port) if port.parse::<u16>().map_or(true, |port| port == 0) || port.starts_with('+') => {
            Some(format!("{port:?} is no port; expected a number from 1 to 65535"))
        }
        _ => None,
    }
}

/// What is wrong with a path on a server.
fn path_fault(path: &str) -> Option<String> {
    if path.contains('?') {
        return Some("a '?' can't stand in it: for an XRootD server what follows is no name but parameters".into());
    }
    if let Some(letter) = path.chars().find(|letter| letter.is_control()) {
        return Some(format!("{letter:?} can't stand in the path on the server"));
    }
    let inner = path.trim_start_matches('/').trim_end_matches('/');
    if path.starts_with("//") || (path != "/" && inner.split('/').any(|part| matches!(part, "" | "." | ".."))) {
        return Some("the path on the server has an empty part, '.' or '..' in it".into());
    }
    None
}

/// A path with `.` and `..` taken out by its words alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn root(text: &str) -> RootPlace {
        match Place::parse(text).unwrap() {
            Place::Root(place) => place,
            Place::Local(path) => panic!("{}", path.display()),
        }
    }

    #[test]
    fn paths_and_servers_are_told_apart() {
        assert_eq!(Place::parse("/data/raw").unwrap().local(), Some(Path::new("/data/raw")));
        assert_eq!(Place::parse("data raw").unwrap().relative_to(Path::new("/w")).local(), Some(Path::new("/w/data raw")));
        let place = root("root://eospublic.cern.ch//eos/wa105");
        assert_eq!((place.server(), place.path(), place.folder()), ("eospublic.cern.ch", "/eos/wa105", "/eos"));
        assert_eq!(root("root://[::1]:1094//x").server(), "[::1]:1094");
        assert_eq!(root("root://h:1//a/b/").to_string(), "root://h:1//a/b");
        assert_eq!(root("root://h//a/b").aside().to_string(), "root://h//a/.b.part");
        assert_eq!(root("root://h//b").aside().path(), "/.b.part");
    }

    #[test]
    fn what_is_no_place_is_refused_with_what_there_is_instead() {
        for (text, why) in [
            ("", "empty"),
            ("http://h/x", "protocol is not known"),
            ("root://", "no path"),
            ("root://host", "no path"),
            ("root://host/relative", "two slashes"),
            ("root:////x", "no server"),
            ("root://-h//x", "no name of a server"),
            ("root://h;id//x", "no name of a server"),
            ("root://h:0//x", "no port"),
            ("root://h:99999//x", "no port"),
            ("root://h:+1//x", "no port"),
            ("root://[::z]//x", "no IPv6"),
            ("root://[::1]1094x//x", "no port"),
            ("root://h//x?authz=1", "parameters"),
            ("root://h//a\nb", "'\\n'"),
            ("root://h//a/../b", "'..'"),
            ("root://h///a", "empty part"),
            ("root://h//a//b", "empty part"),
        ] {
            let error = Place::parse(text).unwrap_err();
            assert!(error.why.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_name_below_a_place_stays_below_it() {
        let place = Place::parse("root://h//eos/").unwrap();
        assert_eq!(place.join("run1/run1-seq0.dat").unwrap().to_string(), "root://h//eos/run1/run1-seq0.dat");
        assert!(place.join("../x").is_err() && place.join("a?b").is_err() && place.join("/x").is_err());
        let folder = Place::parse("/data").unwrap();
        assert_eq!(folder.join("run1/a?b.dat").unwrap().local(), Some(Path::new("/data/run1/a?b.dat")));
        assert!(["/etc/x", "../x", "a/../../x", ""].iter().all(|below| folder.join(below).is_err()));
        assert_eq!(Place::parse("root://h//").unwrap().join("x").unwrap().to_string(), "root://h//x");
    }

    proptest! {
        #[test]
        fn a_place_is_read_back_as_it_was_written(text in "\\PC*", tail in "[a-z?%#& '$()\\n/.]{0,12}") {
            for text in [text, format!("root://h:1094//{tail}")] {
                if let Ok(place) = Place::parse(&text) {
                    prop_assert_eq!(Place::parse(&place.to_string()).unwrap(), place);
                }
            }
        }
    }
}
