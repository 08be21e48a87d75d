//! Servers that the workspace reaches for: mail, and the place of the central copies.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use monitasks::quality::State;
use rustix::fs::Access;

use super::within::{self, DISK, SERVER, ask_program, connect};
use super::{Patient, fine, quoted, wrong};
use crate::config::{Encryption, Place, RootPlace};
use crate::snapshot::Finding;

/// An XRootD server is given so long to answer a question.
const XROOTD: Duration = Duration::from_secs(10);
/// The port of an XRootD server that names none.
const XROOTD_PORT: u16 = 1094;

pub(super) fn mail(patient: &Patient) -> Vec<Finding> {
    const NAME: &str = "mail";
    const WHY: &str = "nobody is told of failures and urgent problems; mails wait meanwhile";
    let Some(workspace) = &patient.workspace else { return Vec::new() };
    let mail = &workspace.settings.mail;
    if !mail.is_on() {
        return vec![fine(NAME, "none is sent: [mail] to names nobody")];
    }
    let mut found = Vec::new();
    if !mail.password_file.as_os_str().is_empty() {
        found.extend(of_password_file(&workspace.root.join(&mail.password_file), NAME, WHY));
    } else if !mail.password_env.is_empty() && std::env::var_os(&mail.password_env).is_none() {
        let what = format!("the password is to be in ${}, which is not set here", mail.password_env);
        found.push(wrong(
            NAME,
            State::Maybe,
            what,
            WHY,
            format!("export {}=…   (where the backend is started)", mail.password_env),
        ));
    }
    let greeting = greeting_of(&mail.server, mail.port(), mail.encryption);
    found.push(of_greeting(&greeting, &format!("{}:{}", mail.server, mail.port()), NAME, WHY));
    found
}

fn of_greeting(greeting: &Result<String, String>, server: &str, name: &'static str, why: &str) -> Finding {
    let mend = format!("[mail] server and port in dqmon.toml; nc -vz {}", server.replace(':', " "));
    match greeting {
        Ok(words) if words.is_empty() || words.starts_with("220") => fine(name, format!("{server} answers")),
        Ok(words) => wrong(name, State::Bad, format!("{server} is no mail server, it says: {words}"), why, mend),
        Err(fault) => wrong(name, State::Bad, format!("{server} does not answer: {fault}"), why, mend),
    }
}

/// What a mail server says first; nothing where it waits for an encrypted hello.
fn greeting_of(server: &str, port: u16, encryption: Encryption) -> Result<String, String> {
    let mut stream = connect(server, port, SERVER)?;
    if encryption == Encryption::Tls {
        return Ok(String::new());
    }
    stream.set_read_timeout(Some(SERVER)).map_err(|error| error.to_string())?;
    let mut bytes = [0; 200];
    let count = stream.read(&mut bytes).map_err(|error| format!("it is silent: {error}"))?;
    let line = String::from_utf8_lossy(&bytes[..count]);
    let plain = line.lines().next().unwrap_or_default().chars().filter(|letter| !letter.is_control());
    let words: String = plain.take(100).collect();
    if words.is_empty() { Err("it hung up".into()) } else { Ok(words) }
}

/// A file of a password must be there, and its owner's alone.
fn of_password_file(path: &Path, name: &'static str, why: &str) -> Option<Finding> {
    let shown = quoted(path);
    match std::fs::metadata(path) {
        Err(error) => {
            let mend = format!("install -m 600 /dev/null {shown} && \"$EDITOR\" {shown}");
            Some(wrong(name, State::Bad, format!("password file not read: {error}: {}", path.display()), why, mend))
        }
        Ok(facts) if facts.permissions().mode() & 0o077 != 0 => {
            let what = format!("others may read the password: {}", path.display());
            Some(wrong(name, State::Maybe, what, "a password that others read is none", format!("chmod 600 {shown}")))
        }
        Ok(_) => None,
    }
}

pub(super) fn central(patient: &Patient) -> Vec<Finding> {
    const NAME: &str = "central copy";
    let Some(workspace) = &patient.workspace else { return Vec::new() };
    let central = &workspace.settings.transfer.central;
    if central.is_empty() {
        return vec![fine(NAME, "none is made: [transfer] central is empty")];
    }
    vec![match Place::parse(central).map(|place| place.relative_to(&workspace.root)) {
        Ok(Place::Local(folder)) => of_folder(&folder, NAME),
        Ok(Place::Root(place)) => of_xrootd(&xrootd_facts(&place), &place.to_string(), NAME),
        Err(error) => wrong(NAME, State::Bad, error.to_string(), WHY_CENTRAL, "\"$EDITOR\" dqmon.toml"),
    }]
}

const WHY_CENTRAL: &str = "raw files have one copy alone, and none may be released; copies are tried again until it is back";

fn of_folder(folder: &Path, name: &'static str) -> Finding {
    let path = folder.to_owned();
    let asked = within::within(DISK, move || (path.is_dir(), rustix::fs::access(&path, Access::WRITE_OK).is_ok()));
    let shown = folder.display();
    match asked {
        Some((true, true)) => fine(name, format!("may be written: {shown}")),
        Some((true, false)) => wrong(
            name,
            State::Bad,
            format!("this account may not write there: {shown}"),
            WHY_CENTRAL,
            format!("ls -ld {}", quoted(folder)),
        ),
        Some((false, _)) => {
            let mend = format!("mount it, or mkdir -p {}", quoted(folder));
            wrong(name, State::Bad, format!("no such folder: {shown}"), WHY_CENTRAL, mend)
        }
        None => wrong(name, State::Bad, format!("its disk does not answer: {shown}"), WHY_CENTRAL, "df -h; mount | grep nfs"),
    }
}

/// What is known of an XRootD server.
struct XrootdFacts {
    missing: Vec<&'static str>,
    connected: Result<(), String>,
    asked: Option<Result<(bool, String), String>>,
}

fn xrootd_facts(place: &RootPlace) -> XrootdFacts {
    let nowhere = Path::new("");
    let missing: Vec<&'static str> =
        ["xrdcp", "xrdfs"].into_iter().filter(|name| within::program(name, nowhere).is_none()).collect();
    let (host, port) = match place.server().rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().unwrap_or(XROOTD_PORT)),
        _ => (place.server(), XROOTD_PORT),
    };
    let connected = connect(host, port, SERVER).map(drop);
    let asked = within::program("xrdfs", nowhere)
        .filter(|_| connected.is_ok())
        .map(|program| ask_program(&program, &[place.server(), "stat", place.path()], XROOTD));
    XrootdFacts { missing, connected, asked }
}

fn of_xrootd(facts: &XrootdFacts, place: &str, name: &'static str) -> Finding {
    if !facts.missing.is_empty() {
        let what = format!("{} not found on the PATH", facts.missing.join(", "));
        return wrong(name, State::Bad, what, WHY_CENTRAL, "sudo apt install xrootd-client");
    }
    let ask = format!("xrdfs {} query config version", place.trim_start_matches("root://").split('/').next().unwrap_or_default());
    if let Err(why) = &facts.connected {
        return wrong(name, State::Bad, format!("the server does not answer: {why}: {place}"), WHY_CENTRAL, ask);
    }
    match &facts.asked {
        Some(Ok((true, _))) => fine(name, format!("answers: {place}")),
        // The folder of the copies is made with the first of them.
        Some(Ok((false, said))) if said.contains("3011") => fine(name, format!("answers, nothing was copied there yet: {place}")),
        Some(Ok((false, said))) => wrong(name, State::Bad, format!("it refuses: {said}: {place}"), WHY_CENTRAL, ask),
        Some(Err(why)) => wrong(name, State::Bad, format!("no answer to a question: {why}: {place}"), WHY_CENTRAL, ask),
        None => wrong(name, State::CannotJudge, format!("it was not asked: {place}"), WHY_CENTRAL, ask),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    /// A server on loopback that says one line.
    fn server(line: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            if let Ok((mut stream, _)) = listener.accept() {
                let _ = stream.write_all(line.as_bytes());
            }
        });
        port
    }

    #[test]
    fn a_mail_server_greets_another_one_does_not_and_a_closed_port_says_so() {
        let greeted = |port| of_greeting(&greeting_of("127.0.0.1", port, Encryption::None), "host:25", "mail", "why");
        assert_eq!(greeted(server("220 mail ready\r\n")).state, State::Ok);
        let other = greeted(server("HTTP/1.1 400 Bad Request\r\n"));
        assert!(other.state == State::Bad && other.what.contains("no mail server"), "{other:?}");
        assert!(greeted(server("")).what.contains("hung up"));
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert!(greeted(closed).what.contains("does not answer"));
    }

    #[test]
    fn a_password_that_others_may_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(of_password_file(&path, "mail", "why").unwrap().mend.contains("install -m 600"));
        std::fs::write(&path, "x").unwrap();
        for (mode, is_told) in [(0o644, true), (0o600, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(of_password_file(&path, "mail", "why").is_some(), is_told, "{mode:o}");
        }
    }

    #[test]
    fn an_xrootd_server_is_judged_by_its_programs_its_port_and_its_answer() {
        let facts = |missing: &[&'static str], connected: Result<(), String>, asked| XrootdFacts {
            missing: missing.to_vec(),
            connected,
            asked,
        };
        let of = |facts: XrootdFacts| of_xrootd(&facts, "root://eos:1094//raw", "central copy");
        assert!(of(facts(&["xrdcp"], Ok(()), None)).mend.contains("xrootd-client"));
        let away = of(facts(&[], Err("refused".into()), None));
        assert!(away.what.contains("refused") && away.mend == "xrdfs eos:1094 query config version", "{away:?}");
        assert_eq!(of(facts(&[], Ok(()), Some(Ok((true, String::new()))))).state, State::Ok);
        assert_eq!(of(facts(&[], Ok(()), Some(Ok((false, "[ERROR] [3011] no such file".into()))))).state, State::Ok);
        assert_eq!(of(facts(&[], Ok(()), Some(Ok((false, "[3010] denied".into()))))).state, State::Bad);
        assert_eq!(of(facts(&[], Ok(()), None)).state, State::CannotJudge);
    }
}
