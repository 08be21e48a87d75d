//! Failures told by mail, through a real mail server on loopback.

use std::path::Path;
use std::time::{Duration, Instant};

use dqmon::bookkeeping::FailureClass;
use dqmon::config::{Encryption, MailSettings, Settings};
use dqmon::processing::mail::{Failure, MailDesk, MailNews};
use jiff::{SignedDuration, Timestamp};

use super::services::smtp::{Manners, SmtpSink, certificate, free_port};
use super::workspace::Shift;

const PASSWORD: &str = "correct horse battery";

fn settings(port: u16, encryption: Encryption) -> MailSettings {
    let to = vec!["prod@example.org".into()];
    MailSettings { to, server: "127.0.0.1".into(), port, encryption, digest_s: 0.0, ..MailSettings::default() }
}

/// The same for a server that wants a password, which stands in the folder.
fn with_login(folder: &Path, port: u16, encryption: Encryption) -> MailSettings {
    std::fs::write(folder.join("secret"), format!("{PASSWORD}\n")).unwrap();
    let (user, password_file) = ("prod".into(), "secret".into());
    MailSettings { user, password_file, certificate_file: "certificate.pem".into(), ..settings(port, encryption) }
}

fn desk(settings: &MailSettings, folder: &Path) -> MailDesk {
    MailDesk::new(settings, folder, "farm1").unwrap()
}

fn failure(sequence: u32) -> Failure {
    let (class, reason) = (FailureClass::Space, "No space left on device".into());
    Failure { at: Timestamp::now(), subject: format!("run1-seq{sequence}"), class, reason }
}

/// Ticks until there is news; a tick itself never takes long.
fn news(desk: &mut MailDesk, ahead: SignedDuration) -> Vec<MailNews> {
    let until = Instant::now() + Duration::from_secs(30);
    while Instant::now() < until {
        let begun = Instant::now();
        let news = desk.tick(Timestamp::now() + ahead);
        assert!(begun.elapsed() < Duration::from_secs(1), "a tick waits");
        if !news.is_empty() {
            return news;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("no news of the mail in 30 s: {}", desk.state());
}

fn words(news: &[MailNews]) -> Vec<&str> {
    news.iter().map(|news| news.word).collect()
}

const SOON: SignedDuration = SignedDuration::from_secs(1);

#[test]
fn fifty_failures_arrive_as_one_mail_in_plain_words() {
    let folder = tempfile::tempdir().unwrap();
    let sink = SmtpSink::start(folder.path(), free_port(), &Manners { way: "plain", ..Manners::default() });
    let mut desk = desk(&settings(sink.port, Encryption::None), folder.path());
    (0..50).for_each(|sequence| desk.tell(failure(sequence)));
    assert_eq!(words(&news(&mut desk, SOON)), ["sent"]);
    assert!(desk.finish(Timestamp::now(), Duration::from_secs(5)).is_empty(), "nothing is left");
    let mails = sink.mails();
    assert_eq!(mails.len(), 1);
    let content = mails[0]["content"].as_str().unwrap();
    assert!(content.contains("Subject: dqmon: 50 failed (50 storage full)"), "{content}");
    assert!(content.contains("run1-seq49: No space left on device") && content.contains("dqmon resubmit run1-seq0"), "{content}");
    assert_eq!(mails[0]["to"], serde_json::json!(["prod@example.org"]));
}

#[test]
fn a_password_goes_by_tls_and_by_starttls_and_nowhere_else() {
    for (way, encryption) in [("tls", Encryption::Tls), ("starttls", Encryption::Starttls)] {
        let folder = tempfile::tempdir().unwrap();
        let manners =
            Manners { way, certificate: Some(certificate(folder.path())), login: Some(("prod", PASSWORD)), ..Manners::default() };
        let sink = SmtpSink::start(folder.path(), free_port(), &manners);
        let mail = with_login(folder.path(), sink.port, encryption);
        let mut desk = desk(&mail, folder.path());
        desk.tell(failure(0));
        let heard = news(&mut desk, SOON);
        assert_eq!(words(&heard), ["sent"], "{way}: {heard:?}");
        assert_eq!((&sink.mails()[0]["secret"], &sink.mails()[0]["user"]), (&true.into(), &"prod".into()), "{way}");
        let settings = Settings { mail, ..Settings::default() };
        let shown = format!("{desk:?} {settings:?} {} {heard:?} {}", toml::to_string(&settings).unwrap(), desk.state());
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
}

#[test]
fn a_wrong_password_is_told_without_it_and_a_right_one_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let manners = Manners {
        way: "starttls",
        certificate: Some(certificate(folder.path())),
        login: Some(("prod", PASSWORD)),
        ..Manners::default()
    };
    let sink = SmtpSink::start(folder.path(), free_port(), &manners);
    let mail = with_login(folder.path(), sink.port, Encryption::Starttls);
    std::fs::write(folder.path().join("secret"), "wrong sesame\n").unwrap();
    let mut desk = desk(&mail, folder.path());
    desk.tell(failure(0));
    let heard = news(&mut desk, SOON);
    assert_eq!(words(&heard), ["not sent"]);
    let told = format!("{heard:?} {}", desk.state());
    assert!(told.contains("535") && !told.contains("sesame"), "{told}");
    assert!(sink.mails().is_empty());
    std::fs::write(folder.path().join("secret"), PASSWORD).unwrap();
    assert_eq!(words(&news(&mut desk, SignedDuration::from_mins(5))), ["sent"]);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let manners = Manners { way: "tls", certificate: Some(certificate(folder.path())), ..Manners::default() };
    let sink = SmtpSink::start(folder.path(), free_port(), &manners);
    let mut desk = desk(&settings(sink.port, Encryption::Tls), folder.path());
    desk.tell(failure(0));
    let heard = news(&mut desk, SOON);
    assert!(heard[0].word == "not sent" && heard[0].detail.contains("certificate"), "{heard:?}");
    assert!(sink.mails().is_empty());
}

#[test]
fn a_server_that_offers_no_starttls_gets_no_password() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let sink = SmtpSink::start(folder.path(), free_port(), &Manners { way: "plain", ..Manners::default() });
    let mut desk = desk(&with_login(folder.path(), sink.port, Encryption::Starttls), folder.path());
    desk.tell(failure(0));
    let heard = news(&mut desk, SOON);
    assert!(heard[0].detail.contains("STARTTLS is not supported"), "{heard:?}");
}

#[test]
fn a_server_that_was_away_gets_everything_once_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut desk = desk(&settings(port, Encryption::None), folder.path());
    desk.tell(failure(0));
    let heard = news(&mut desk, SOON);
    assert!(heard[0].word == "not sent" && heard[0].detail.contains("refused"), "{heard:?}");
    desk.tell(failure(1));
    assert!(desk.state().contains("2 wait: Connection refused"), "{}", desk.state());
    let sink = SmtpSink::start(folder.path(), port, &Manners { way: "plain", ..Manners::default() });
    assert_eq!(words(&news(&mut desk, SignedDuration::from_mins(5))), ["sent"]);
    let mails = sink.mails();
    assert_eq!(mails.len(), 1);
    let content = mails[0]["content"].as_str().unwrap();
    assert!(content.contains("run1-seq0:") && content.contains("run1-seq1:"), "{content}");
}

#[test]
fn one_address_that_is_refused_keeps_the_mail_from_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let sink =
        SmtpSink::start(folder.path(), free_port(), &Manners { way: "plain", refuse: "gone@example.org", ..Manners::default() });
    let to = vec!["gone@example.org".into(), "prod@example.org".into()];
    let mut desk = desk(&MailSettings { to, ..settings(sink.port, Encryption::None) }, folder.path());
    desk.tell(failure(0));
    let heard = news(&mut desk, SOON);
    assert_eq!(words(&heard), ["sent", "refused"]);
    assert!(heard[1].detail.contains("gone@example.org: it says 550"), "{heard:?}");
    assert_eq!(sink.mails()[0]["to"], serde_json::json!(["prod@example.org"]));
}

#[test]
fn what_waits_when_a_backend_is_killed_is_told_once_by_the_next_one() {
    let outside = tempfile::tempdir().unwrap();
    let sink = SmtpSink::start(outside.path(), free_port(), &Manners { way: "plain", ..Manners::default() });
    let settings = |digest_s: u32| {
        format!(
            "[intake]\nfile_quiet_s = 0.2\n[mail]\nto = [\"prod@example.org\"]\nserver = \"127.0.0.1\"\nport = {}\n\
             encryption = \"none\"\ndigest_s = {digest_s}\n",
            sink.port
        )
    };
    // The first backend would wait for an hour before it tells anybody.
    let mut shift = Shift::new(&settings(3600));
    let first = shift.start_backend();
    std::fs::write(shift.workspace.incoming().join("run1-seq0.dat"), b"no raw file").unwrap();
    let waits = |shift: &Shift| std::fs::read_to_string(shift.workspace.mail_waiting()).is_ok_and(|text| text.ends_with('\n'));
    shift.wait_until("a failure waits to be told", waits);
    shift.backend(first).kill().unwrap();
    shift.backend(first).wait().unwrap();
    assert!(sink.mails().is_empty());

    std::fs::write(shift.workspace.root.join("dqmon.toml"), settings(0)).unwrap();
    let second = shift.start_backend();
    shift.wait_until("it is told", |_| !sink.mails().is_empty());
    shift.wait_until("nothing waits any more", |shift| !shift.workspace.mail_waiting().exists());
    shift.backend(second).kill().unwrap();
    shift.backend(second).wait().unwrap();

    // And a third has nothing to tell: it is given the time in which it would.
    let output = shift.run(&["process", "--once"]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("mail"), "{output:?}");
    let mails = sink.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0]["content"].as_str().unwrap().contains("run1-seq0:"), "{mails:?}");
}
