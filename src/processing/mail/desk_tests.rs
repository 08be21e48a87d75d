//! Tests of the desk with a post that a test holds in its hands.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::*;
use crate::bookkeeping::FailureClass;

/// A server that is there or away, and what it got.
#[derive(Clone, Default)]
struct Server {
    away: Arc<Mutex<Option<String>>>,
    got: Arc<Mutex<Vec<Letter>>>,
}

impl Post for Server {
    fn deliver(&mut self, letter: &Letter) -> Result<Delivered, String> {
        if let Some(why) = self.away.lock().unwrap().clone() {
            assert_ne!(why, "panic");
            return Err(why);
        }
        self.got.lock().unwrap().push(letter.clone());
        Ok(Delivered { to: vec!["prod@example.org".into()], refused: Vec::new() })
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn desk(server: &Server) -> MailDesk {
    let settings = MailSettings { to: vec!["prod@example.org".into()], ..MailSettings::default() };
    let site = Site { workspace: "/data/shift".into(), host: "farm1".into() };
    MailDesk::with_post(&settings, site, Some(Box::new(server.clone()))).unwrap()
}

fn failure(second: i64, sequence: u32) -> Failure {
    Failure { at: at(second), subject: format!("run1-seq{sequence}"), class: FailureClass::Lost, reason: "why".into() }
}

/// Ticks at one moment of the desk's time until nothing is under way.
fn settle(desk: &mut MailDesk, now: Timestamp) -> Vec<MailNews> {
    let (mut news, until) = (desk.tick(now), Instant::now() + Duration::from_secs(10));
    while desk.under_way.is_some() && Instant::now() < until {
        thread::sleep(Duration::from_millis(1));
        news.extend(desk.tick(now));
    }
    news
}

#[test]
fn fifty_failures_are_one_mail_and_each_is_told_once() {
    let server = Server::default();
    let mut desk = desk(&server);
    (0..50).for_each(|n| desk.tell(failure(i64::from(n), n)));
    assert!(settle(&mut desk, at(55)).is_empty(), "the oldest has not waited for 60 s");
    let news = settle(&mut desk, at(60));
    assert_eq!(news, [MailNews { word: "sent", detail: "50 told to prod@example.org".into() }]);
    assert!(settle(&mut desk, at(1000)).is_empty());
    let got = server.got.lock().unwrap();
    assert_eq!(got.len(), 1);
    assert!((0..50).all(|n| got[0].text.matches(&format!("run1-seq{n}:")).count() == 1), "{}", got[0].text);
    assert_eq!(desk.state(), "last sent 1970-01-01 00:01 UTC");
}

#[test]
fn a_server_that_is_away_gets_all_in_one_mail_when_it_is_back_and_the_pauses_grow() {
    let server = Server::default();
    *server.away.lock().unwrap() = Some("connection refused".into());
    let mut desk = desk(&server);
    desk.tell(failure(0, 0));
    let mut tries = Vec::new();
    for second in 60..4000 {
        let before = desk.tries;
        let news = settle(&mut desk, at(second));
        assert_eq!(news.len(), usize::from(second == 60), "the same fault is told once: {news:?}");
        if desk.tries > before {
            tries.push(second);
        }
    }
    let pauses: Vec<i64> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1800]);
    desk.tell(failure(4000, 1));
    assert_eq!(desk.state(), "none sent yet, 2 wait: connection refused");
    *server.away.lock().unwrap() = None;
    settle(&mut desk, at(6000));
    assert_eq!(server.got.lock().unwrap().len(), 1);
    assert!(server.got.lock().unwrap()[0].text.contains("run1-seq1:"));
    assert_eq!(desk.state(), "last sent 1970-01-01 01:40 UTC");
}

#[test]
fn after_a_day_it_is_given_up_and_told() {
    let server = Server::default();
    *server.away.lock().unwrap() = Some("connection refused".into());
    let mut desk = desk(&server);
    desk.tell(failure(0, 0));
    settle(&mut desk, at(100));
    desk.tell(failure(50_000, 1));
    let news = settle(&mut desk, at(86_401));
    assert_eq!(news[0].detail, "1 could not be told for a day: connection refused");
    assert!(desk.state().contains("1 waits"), "the younger one still waits");
}

#[test]
fn a_clock_that_is_set_back_stops_no_mail() {
    let server = Server::default();
    *server.away.lock().unwrap() = Some("x".into());
    let mut desk = desk(&server);
    desk.tell(failure(1_000_000, 0));
    settle(&mut desk, at(1_000_100));
    *server.away.lock().unwrap() = None;
    settle(&mut desk, at(500));
    assert_eq!(server.got.lock().unwrap().len(), 1);
}

#[test]
fn a_post_that_panics_is_a_server_that_is_away() {
    let server = Server::default();
    *server.away.lock().unwrap() = Some("panic".into());
    let mut desk = desk(&server);
    desk.tell(failure(0, 0));
    settle(&mut desk, at(100));
    assert!(desk.state().ends_with("1 waits: sending panicked"), "{}", desk.state());

    server.away.clear_poison();
    *server.away.lock().unwrap() = None;
    settle(&mut desk, at(10_000));
    assert_eq!(server.got.lock().unwrap().len(), 1);
}

#[test]
fn at_its_end_a_backend_tells_what_waits_or_what_it_could_not_tell() {
    let server = Server::default();
    let mut there = desk(&server);
    there.tell(failure(0, 0));
    assert_eq!(there.finish(at(1), Duration::from_secs(10))[0].word, "sent");
    *server.away.lock().unwrap() = Some("connection refused".into());
    let mut away = desk(&server);
    away.tell(failure(0, 0));
    let news = away.finish(at(1), Duration::from_secs(10));
    assert_eq!(news.last().unwrap().detail, "1 untold when the backend ended: connection refused");
}

#[test]
fn what_waits_is_left_to_the_next_backend_and_what_was_told_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("waiting.jsonl");
    let server = Server::default();
    *server.away.lock().unwrap() = Some("connection refused".into());
    let mut killed = desk(&server).keeping(file.clone(), at(0));
    (0..3).for_each(|n| killed.tell(failure(i64::from(n), n)));
    settle(&mut killed, at(100));
    killed.tell(failure(101, 3));
    // A kill runs nothing of it.
    std::mem::forget(killed);
    // A line that was cut by a power cut harms no other.
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, whole.clone() + "{\"at\": \"19").unwrap();

    let mut next = desk(&server).keeping(file.clone(), at(200));
    let news = next.tick(at(101));
    assert_eq!(news.iter().map(|news| news.word).collect::<Vec<_>>(), ["damaged", "taken over"], "{news:?}");
    assert!(next.state().contains("4 wait"), "{}", next.state());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), whole);
    settle(&mut next, at(10_000));
    *server.away.lock().unwrap() = None;
    settle(&mut next, at(20_000));
    let text = server.got.lock().unwrap()[0].text.clone();
    assert!((0..4).all(|n| text.matches(&format!("run1-seq{n}:")).count() == 1), "{text}");
    assert!(!file.exists(), "all is told");
    drop(next);
    assert!(desk(&server).keeping(file.clone(), at(300)).tick(at(100_000)).is_empty());
    assert_eq!(server.got.lock().unwrap().len(), 1);

    // One that ends of itself leaves what it could not tell, and says so.
    *server.away.lock().unwrap() = Some("connection refused".into());
    let mut ends = desk(&server).keeping(file.clone(), at(0));
    ends.tell(failure(0, 7));
    let news = ends.finish(at(1), Duration::from_secs(10));
    assert_eq!(news.last().unwrap().detail, "1 left to the next backend: connection refused");
    let late = desk(&server).keeping(file.clone(), at(90_000)).tick(at(90_000));
    assert_eq!(late[0].detail, "1 left by an earlier backend, more than a day ago");
    assert!(!file.exists());
}

#[test]
fn a_file_that_can_not_be_read_is_left_alone_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = desk(&Server::default()).keeping(folder.path().to_owned(), at(0));
    desk.tell(failure(0, 0));
    let news = desk.tick(at(1));
    assert!(news[0].word == "not kept" && news[0].detail.contains("can't be read"), "{news:?}");
    assert!(desk.state().contains("1 waits"));
}

#[test]
fn with_nobody_to_tell_nothing_is_kept() {
    let mut desk = MailDesk::new(&MailSettings::default(), Path::new("/data/shift"), "farm1").unwrap();
    desk.tell(failure(0, 0));
    assert!(desk.tick(at(100)).is_empty());
    assert_eq!(desk.state(), "off");
}
