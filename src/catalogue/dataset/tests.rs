use super::*;

fn set(run: u32, stream: &str, files: u64, is_local: bool) -> FileSet {
    FileSet { run: Run(run), stream: stream.into(), files, is_local }
}

fn open() -> OpenDataset {
    let cycle = RunCycle { name: "autumn".into(), first: Run(10), last: Some(Run(20)) };
    OpenDataset { name: "cosmics".into(), query: "status:1".into(), stream: "FULL".into(), cycle: Some(cycle), only_local: true }
}

fn found(runs: &[u32]) -> BTreeSet<Run> {
    runs.iter().copied().map(Run).collect()
}

fn at() -> Timestamp {
    "2017-10-01T12:00:00Z".parse().unwrap()
}

#[test]
fn an_open_list_holds_what_is_asked_for_and_says_why_not() {
    let sets = [set(11, "FULL", 3, true), set(9, "FULL", 3, true), set(12, "FULL", 3, false), set(11, "EXPRESS", 1, true)];
    let runs = found(&[9, 11, 12]);
    assert_eq!(open().members(&runs, &sets), [set(11, "FULL", 3, true)]);
    let reasons: Vec<_> = sets.iter().map(|set| open().leaves_out(set, &runs)).collect();
    assert_eq!(reasons, [None, Some(LeftOut::OtherCycle), Some(LeftOut::NotLocal), Some(LeftOut::OtherStream)]);
    assert_eq!(open().leaves_out(&set(13, "FULL", 1, true), &runs), Some(LeftOut::NotFound));
}

#[test]
fn a_snapshot_has_a_hash_that_any_change_of_the_data_breaks() {
    let members = vec![set(12, "FULL", 2, true), set(11, "FULL", 3, true)];
    let snapshot = open().snapshot("cosmics-1", members.clone(), "Ada", at()).unwrap();
    assert_eq!(snapshot.members[0].run, Run(11), "by run");
    snapshot.verify().unwrap();
    let elsewhere: Vec<FileSet> = members.iter().map(|set| FileSet { is_local: false, ..set.clone() }).collect();
    assert_eq!(hash_of(&elsewhere), snapshot.sha256, "the same data at another site");
    // Golden: the list as other programs can hash it.
    let by_hand = Sha256::digest("run11\t\"FULL\"\t3\nrun12\t\"FULL\"\t2\n");
    assert_eq!(snapshot.sha256, by_hand.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let changes: [fn(&mut Snapshot); 4] = [
        |it| it.members[0].files += 1,
        |it| it.members[0].stream.push('X'),
        |it| it.members[1].run = Run(13),
        |it| drop(it.members.pop()),
    ];
    for change in changes {
        let mut changed = snapshot.clone();
        change(&mut changed);
        assert!(changed.verify().unwrap_err().to_string().contains("was changed after it was made"));
    }
    let text = serde_json::to_string(&snapshot).unwrap();
    assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
}

#[test]
fn what_left_the_list_since_is_named_with_its_reason() {
    let sets = [set(11, "FULL", 3, true), set(12, "FULL", 2, true), set(13, "FULL", 2, true), set(14, "FULL", 2, true)];
    let runs = found(&[11, 12, 13, 14]);
    let snapshot = open().snapshot("s", open().members(&runs, &sets), "Ada", at()).unwrap();
    assert!(snapshot.removed_since(&snapshot.dataset, &runs, &sets).is_empty());
    let later = [set(11, "FULL", 3, true), set(12, "FULL", 2, false), set(13, "FULL", 2, true), set(15, "FULL", 2, true)];
    let removed = snapshot.removed_since(&snapshot.dataset, &found(&[11, 12, 15]), &later);
    let reasons: Vec<_> = removed.iter().map(|removed| (removed.member.run.0, removed.because)).collect();
    assert_eq!(reasons, [(12, LeftOut::NotLocal), (13, LeftOut::NotFound), (14, LeftOut::Gone)]);
}

#[test]
fn two_lists_differ_in_what_was_added_removed_and_changed() {
    let first = [set(1, "A", 1, true), set(2, "A", 1, true), set(3, "A", 1, true)];
    let second = [set(2, "A", 2, true), set(3, "A", 1, false), set(3, "B", 1, true)];
    let found = difference(&first, &second);
    assert_eq!(found.added, [set(3, "B", 1, true)]);
    assert_eq!(found.removed, [set(1, "A", 1, true)]);
    assert_eq!(found.changed, [(set(2, "A", 1, true), set(2, "A", 2, true))]);
    assert_eq!(difference(&first, &first), Difference::default());
}

#[test]
fn exports_hold_the_list_and_no_formula() {
    let members = vec![set(11, "=cmd()", 3, true), set(11, "FULL", 3, false), set(9, "FULL", 1, true)];
    let snapshot = open().snapshot("s", members, "Ada", at()).unwrap();
    assert_eq!(snapshot.run_list(), "9\n11\n");
    assert_eq!(snapshot.csv(), "run,stream,files,is_local\r\n9,FULL,1,yes\r\n11,'=cmd(),3,yes\r\n11,FULL,3,no\r\n");
    assert_eq!(snapshot.json()["snapshot"]["sha256"], snapshot.sha256.as_str());
}

#[test]
fn names_that_could_be_paths_or_options_are_refused() {
    for name in ["", "-rf", "../x", "a b", "a/b", ".hidden", "é"] {
        assert!(checked_name(name).is_err(), "{name:?}");
    }
    assert!(checked_name("cosmics-2017.1_a").is_ok());
    let mut dataset = open();
    dataset.cycle = Some(RunCycle { name: "c".into(), first: Run(5), last: Some(Run(4)) });
    assert!(matches!(dataset.checked(), Err(DatasetError::Cycle(_))));
}
