//! Tests of letters, and of servers that do not do what they should.

use std::net::TcpListener;
use std::time::Instant;

use proptest::prelude::*;

use super::*;

fn settings(port: u16) -> MailSettings {
    let to = vec!["prod@example.org".into(), "Data manager <dm@example.org>".into()];
    MailSettings { to, server: "127.0.0.1".into(), port, encryption: Encryption::None, ..MailSettings::default() }
}

fn post(settings: &MailSettings) -> SmtpPost {
    SmtpPost::new(settings, Path::new("/nowhere"), "farm1").unwrap()
}

fn letter(subject: &str, text: &str) -> Letter {
    Letter { at: Timestamp::UNIX_EPOCH, subject: subject.into(), text: text.into() }
}

#[test]
fn addresses_that_are_none_are_refused() {
    for to in ["prod", "a@b\nBcc: c@d", "a b@c", ""] {
        let error = SmtpPost::new(&MailSettings { to: vec![to.into()], ..settings(1) }, Path::new("/"), "farm1").unwrap_err();
        assert!(matches!(error, MailError::Address { .. }), "{to:?}: {error}");
    }
}

#[test]
fn a_server_that_accepts_and_never_answers_is_left_after_the_longest_wait() {
    for encryption in [Encryption::None, Encryption::Tls, Encryption::Starttls] {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = MailSettings { encryption, ..settings(silent.local_addr().unwrap().port()) };
        let started = Instant::now();
        let error = post(&settings).waiting_at_most(Duration::from_millis(200)).deliver(&letter("s", "t")).unwrap_err();
        assert!(error.starts_with("no answer within 0.2 s: 127.0.0.1:"), "{encryption:?}: {error}");
        assert!(started.elapsed() < Duration::from_secs(5), "{encryption:?}");
    }
}

#[test]
fn nobody_there_is_told_as_such() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = post(&settings(port)).deliver(&letter("s", "t")).unwrap_err();
    assert!(error.starts_with("Connection refused"), "{error}");
}

#[test]
fn a_password_is_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "hunter2\n").unwrap();
    let settings = MailSettings { user: "prod".into(), password_file: "secret".into(), ..settings(1) };
    let post = SmtpPost::new(&settings, folder.path(), "farm1").unwrap();
    let password = post.password().unwrap().unwrap();
    let transport = post.transport(Some(&password)).unwrap();
    let shown = format!("{post:?} {password:?} {transport:?} {}", toml::to_string(&settings).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
    let said = "535 no: hunter2, AHByb2QAaHVudGVyMg==, aHVudGVyMg==";
    assert_eq!(without(said, "prod", &password), "535 no: (hidden), (hidden), (hidden)");
}

#[test]
fn a_password_that_is_not_there_is_told_with_its_place() {
    let missing = MailSettings { user: "prod".into(), password_file: "secret".into(), ..settings(1) };
    let error = post(&missing).deliver(&letter("s", "t")).unwrap_err();
    assert!(error.contains("no password") && error.ends_with("/nowhere/secret"), "{error}");
    let missing = MailSettings { user: "prod".into(), password_env: "DQMON_NO_SUCH".into(), ..settings(1) };
    assert!(post(&missing).deliver(&letter("s", "t")).unwrap_err().contains("DQMON_NO_SUCH"));
}

proptest! {
    /// Whatever stands in a subject, a text or the host's name: the headers are those that are meant, once each.
    #[test]
    fn no_header_comes_from_outside(subject in "\\PC{0,300}|(\r\nBcc: x@y\r\n|a|\n| ){0,9}", text in "\\PC{0,99}|(\r\n\r\nBcc: x@y|\n.\r\n){0,5}", host in "[a-z.\r\n: ]{0,9}") {
        let post = SmtpPost::new(&settings(1), Path::new("/"), &host).unwrap();
        let message = post.message(&letter(&subject, &text), &post.to).unwrap();
        let raw = String::from_utf8(message.formatted()).unwrap();
        let head = raw.split("\r\n\r\n").next().unwrap();
        let mut names: Vec<&str> = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).map(|line| line.split(':').next().unwrap()).collect();
        names.sort_unstable();
        prop_assert_eq!(names, ["Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-ID", "Subject", "To"]);
        prop_assert_eq!(message.envelope().to().len(), 2);
        prop_assert!(raw.is_ascii(), "any server takes it");
    }
}
