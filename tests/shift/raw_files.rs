//! Raw files through the program: simulate and inspect, on good files and on damaged ones.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// What the small vector's events hold, as its generator told; the same stand in `tests/data/README.md`.
const SMALL_VECTOR: [(u64, &str); 3] = [
    (2_529_837, "d982a67647cf40f13a2e89440ff3830fce82fe49f05f299cb87a9ef46b51643b"),
    (2_548_046, "53f04d2e5f6e631bf96265dbe316d1c8d0fb90d8011413478164889ef6dc2ba4"),
    (2_595_479, "b6c3bbc7d388f97ac2c5918b6376298cd946a946bf96df9512cf33f8eb4a9099"),
];

/// The same of the compressed one.
const SMALL_COMPRESSED_VECTOR: [(u64, &str); 3] = [
    (2_533_144, "daa703cae718b88d602e43aa757e48b567a6ca382005927b52c831975840bb32"),
    (2_538_648, "f7c25b203b0560edc4d6e4d0af0f3711b614f66334a49cb9c09cce5ce3f24e05"),
    (2_598_591, "8203d8b174567fde992a07b04d8ba2ec17b22bc9105fca5cfca783a2f176bca5"),
];

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn dqmon(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dqmon")).args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Exit status, report and message of `inspect --json --events` with the small detector.
fn inspect_small(path: &Path) -> (i32, Value, String) {
    let detector = data("small_detector.toml");
    let output = dqmon(&["inspect", text(path), "--json", "--events", "--detector", text(&detector)]);
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), report, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_small_vectors_read_as_their_generator_wrote_them() {
    for (name, run, vector) in [("small_raw.dat", 1016, SMALL_VECTOR), ("small_huff.dat", 1017, SMALL_COMPRESSED_VECTOR)] {
        let (status, report, _) = inspect_small(&data(name));
        assert_eq!((status, &report["fault"], &report["run"]), (0, &Value::Null, &Value::from(run)));
        let events = report["events"].as_array().unwrap();
        assert_eq!(events.len(), vector.len());
        let is_compressed = run == 1017;
        assert_eq!(report["compressed_count"], if is_compressed { 3 } else { 0 });
        for (index, ((sum, hash), event)) in vector.iter().zip(events).enumerate() {
            assert_eq!(event["sample_sum"], *sum);
            assert_eq!(event["samples_sha256"], *hash);
            assert_eq!((&event["number"], &event["trigger_number"]), (&Value::from(index), &Value::from(index)));
            assert!(is_compressed || event["offset"] == 5 + index * (35 + 64 * 401 * 3 / 2));
        }
        assert_eq!(events[1]["stamp"], "2017-07-26T17:53:00.333Z");
        assert_eq!(events[2]["trigger_type"], 3);
    }
}

#[test]
fn a_damaged_file_is_a_finding_and_its_whole_events_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.raw");
    let bytes = std::fs::read(data("small_raw.dat")).unwrap();
    std::fs::write(&path, &bytes[..100_000]).unwrap();
    let (status, report, _) = inspect_small(&path);
    assert_eq!((status, report["events"].as_array().unwrap().len()), (1, 2));
    let fault = report["fault"].as_str().unwrap();
    assert!(fault.contains("event payload at byte 77102") && fault.contains("expected 38496 bytes"), "{fault}");
    assert!(fault.starts_with("no end, it is still being written or was cut"), "{fault}");
}

#[test]
fn damage_inside_a_compressed_file_is_told_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.raw");
    let whole = std::fs::read(data("small_huff.dat")).unwrap();
    let second = 40 + u32::from_be_bytes(whole[36..40].try_into().unwrap()) as usize;
    let hash = |report: &Value, event: usize| report["events"][event]["samples_sha256"].as_str().map(str::to_owned);
    // The second event's key: the event is skipped.
    let mut bytes = whole.clone();
    bytes[second] = 0;
    std::fs::write(&path, &bytes).unwrap();
    let (status, report, _) = inspect_small(&path);
    assert_eq!((status, &report["lost_count"], &report["footer"]), (1, &Value::from(1), &Value::from(true)));
    assert_eq!((&report["losses"][0]["offset"], &report["losses"][0]["events"]), (&Value::from(second), &Value::from(1)));
    let fault = report["fault"].as_str().unwrap();
    assert!(fault.starts_with("1 event lost") && fault.contains("expected FF FF") && fault.ends_with(text(&path)), "{fault}");
    assert_eq!(
        (hash(&report, 0).unwrap(), hash(&report, 1).unwrap()),
        (SMALL_COMPRESSED_VECTOR[0].1.into(), SMALL_COMPRESSED_VECTOR[2].1.into())
    );
    // Its stream: it stands there with the reason, and no samples of it are told.
    let mut bytes = whole.clone();
    bytes[second + 35] = 0xFF;
    std::fs::write(&path, &bytes).unwrap();
    let (status, report, _) = inspect_small(&path);
    assert_eq!((status, &report["lost_count"], &report["unreadable_count"]), (1, &Value::from(1), &Value::from(1)));
    assert_eq!((hash(&report, 0).unwrap(), hash(&report, 1)), (SMALL_COMPRESSED_VECTOR[0].1.into(), None));
    assert_eq!(hash(&report, 2).unwrap(), SMALL_COMPRESSED_VECTOR[2].1);
    let fault = report["fault"].as_str().unwrap();
    assert!(fault.starts_with("event 1 lost") && fault.contains("compressed stream of channel 0"), "{fault}");
    // Unlisted, it is found out all the same.
    let detector = data("small_detector.toml");
    assert_eq!(dqmon(&["inspect", text(&path), "--detector", text(&detector)]).status.code(), Some(1));
}

#[test]
fn a_compressed_simulation_has_the_samples_of_an_uncompressed_one() {
    let folder = tempfile::tempdir().unwrap();
    let hashes = |more: &[&str], out: &str| {
        let out = folder.path().join(out);
        let output = dqmon(&[&["simulate", "--run", "3", "--events", "2", "--out", text(&out)], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let path = out.join("run3-seq0.dat");
        let report = dqmon(&["inspect", text(&path), "--events", "--json"]);
        assert_eq!(report.status.code(), Some(0));
        let report: Value = serde_json::from_slice(&report.stdout).unwrap();
        let hashes: Vec<String> = (0..2).map(|event| report["events"][event]["samples_sha256"].to_string()).collect();
        (hashes, std::fs::metadata(&path).unwrap().len(), report["compressed_count"].as_u64().unwrap())
    };
    let (plain, plain_bytes, plain_compressed) = hashes(&[], "plain");
    let (same, bytes, compressed) = hashes(&["--compressed"], "compressed");
    assert_eq!((plain, plain_compressed, compressed), (same, 0, 2));
    assert!(bytes < plain_bytes * 7 / 10, "{bytes} of {plain_bytes}");
    let help = dqmon(&["simulate", "--help"]);
    assert!(String::from_utf8_lossy(&help.stdout).contains("--compressed"));
}

#[test]
fn a_file_that_is_no_raw_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, &[u8], &str); 3] = [
        ("empty.dat", b"", "run header at byte 0: found the file's end after 0 bytes"),
        ("letter.dat", b"a letter to the shift crew", "key at byte 5: found 74 65"),
        ("short.dat", &[0, 0, 3], "found the file's end after 3 bytes of it, expected 5 bytes"),
    ];
    for (name, bytes, words) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let (status, report, message) = inspect_small(&path);
        assert_eq!((status, report), (2, Value::Null), "{name}");
        assert!(message.contains(words) && message.trim_end().ends_with(text(&path)), "{message}");
    }
    let (status, _, message) = inspect_small(&folder.path().join("none.dat"));
    assert!(status == 2 && message.contains("No such file"), "{message}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_the_truth_tells_them() {
    let folder = tempfile::tempdir().unwrap();
    let gains = folder.path().join("gains.txt");
    std::fs::write(&gains, "1 2.5\n12 0\n").unwrap();
    let simulate = |out: &str, seed: &str, threads: &str| {
        let out = folder.path().join(out);
        let truth = out.with_extension("json");
        let output = Command::new(env!("CARGO_BIN_EXE_dqmon"))
            .args(["simulate", "--run", "run12", "--files", "2", "--events", "3", "--first-seq", "4", "--seed", seed])
            .args(["--lifetime-us", "1500", "--out", text(&out), "--truth", text(&truth), "--gain-map", text(&gains)])
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let files = ["run12-seq4.dat", "run12-seq5.dat"].map(|name| std::fs::read(out.join(name)).unwrap());
        (files, serde_json::from_slice::<Value>(&std::fs::read(truth).unwrap()).unwrap())
    };
    let (files, truth) = simulate("one", "8", "1");
    assert!((&files, &truth) == (&simulate("two", "8", "3").0, &truth), "one thread and three write the same");
    assert!(files != simulate("three", "9", "1").0, "another seed writes something else");
    assert_eq!(files[0].len(), 5 + 3 * (35 + 3_200_640) + 4);
    assert_ne!(files[0], files[1]);
    assert_eq!((&truth["lifetime_us"], &truth["seed"], &truth["run"]), (&1500.0.into(), &8.into(), &12.into()));
    assert_eq!(truth["events"].as_array().unwrap().len(), 6);
    let gain = |index: usize| truth["lems"][index]["effective_gain"].as_f64().unwrap();
    assert_eq!((gain(0), gain(1), gain(11)), (2.5, 3.0, 0.0));
    let path = folder.path().join("one/run12-seq4.dat");
    let output = dqmon(&["inspect", text(&path)]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("run 12"), "{output:?}");
}

#[test]
fn what_cannot_be_simulated_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let cases: [(&[&str], &str); 4] = [
        (&["--detector", "6x6x6", "--compressed"], "no compressed layout is known"),
        (&["--lifetime-us", "0"], "'lifetime_us' is 0"),
        (&["--gain-map", "none.txt"], "gain map not read"),
        (&["--detector", "4x4x4"], "shipped are 3x1x1, 6x6x6"),
    ];
    for (more, words) in cases {
        let output = dqmon(&[&["simulate", "--run", "1", "--out", text(&out)], more].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && message.contains(words), "{more:?}: {message}");
        assert!(!out.exists(), "{more:?} left something behind");
    }
}

#[test]
fn an_event_of_the_6x6x6_is_simulated_and_its_file_known_by_content() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let output = dqmon(&["simulate", "--detector", "6x6x6", "--run", "198", "--events", "1", "--out", text(&out)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = out.join("198_0_a.dat");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 8 + 16 + 2 * (44 + 57_600_000 + 1));
    let inspect = || {
        let output = dqmon(&["inspect", text(&path), "--events", "--json"]);
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let (status, report) = inspect();
    assert_eq!((status, &report["detector"], &report["run"]), (Some(0), &Value::from("6x6x6"), &Value::from(198)));
    let event = &report["events"][0];
    assert_eq!((&report["events_count"], &event["flags"], &event["offset"]), (&1.into(), &0.into(), &24.into()));
    let mean = event["sample_sum"].as_f64().unwrap() / 76_800_000.0;
    assert!((40.0..80.0).contains(&mean), "{mean}");
    // Its key is damaged: it is known all the same, and there is nothing to read in it.
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[0], 24).unwrap();
    let output = dqmon(&["inspect", text(&path)]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && message.contains("fragment key at byte 24: found 00 FF"), "{message}");
    file.write_all_at(&[0xFF], 24).unwrap();
    // The DAQ is still at it.
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(60_000_000).unwrap();
    let (status, report) = inspect();
    assert_eq!((status, &report["events_count"], &report["footer"]), (Some(1), &0.into(), &false.into()));
    assert!(report["fault"].as_str().unwrap().starts_with("no end, it is still being written or was cut: "), "{report}");
}
