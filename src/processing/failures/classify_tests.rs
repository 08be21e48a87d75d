//! Endings of real jobs and their classes. The messages are dqmon's own, of files that were damaged by hand.

use proptest::prelude::*;

use super::*;

/// A job whose script told of dqmon's status.
fn ended(dqmon_status: i32, last_words: &str) -> Evidence<'_> {
    Evidence {
        exit_status: Some(dqmon_status),
        dqmon_status: Some(dqmon_status),
        last_words: Some(last_words),
        ..Evidence::default()
    }
}

fn at(phase: Phase, last_words: &str) -> Evidence<'_> {
    Evidence { phase, last_words: Some(last_words), ..Evidence::default() }
}

fn batch(word: &str) -> Evidence<'_> {
    Evidence { batch_word: Some(word), ..Evidence::default() }
}

#[test]
fn what_dqmon_says_when_it_refuses_tells_the_class() {
    use ReasonClass as C;
    let table = [
        (
            "raw file damaged: run header at byte 0: found the file's end after 3 bytes of it, expected 5 bytes: /i/run1-seq0.dat",
            C::InputDamaged,
        ),
        (
            "raw file damaged: key at byte 5: found AB 6F, expected FF FF (event) or F0 F0 (footer): /i/run1-seq0.dat",
            C::InputDamaged,
        ),
        ("raw file holds no event: /i/run1-seq0.dat", C::InputDamaged),
        (
            "all of 3 events lost, the last because: raw file damaged: key at byte 5: found 00 00, expected FF FF: /i/run1-seq0.dat",
            C::InputDamaged,
        ),
        ("reconstructed file not written: No space left on device (os error 28): /w/recotask_run1-seq0.root", C::Space),
        ("reconstructed file not written: Disk quota exceeded (os error 122): /w/recotask_run1-seq0.root", C::Space),
        ("raw file not opened: No such file or directory (os error 2): /i/run1-seq0.dat", C::Unknown),
        ("raw file not read: Input/output error (os error 5): /i/run1-seq0.dat", C::Unknown),
        ("4 threads not started: Cannot allocate memory (os error 12)", C::Memory),
        ("mask not taken: row 3 has 2 columns: /w/mask", C::ProgramError),
        ("none of 3 events selected by 'select_trigger_types' and 'reject_quality_bits': /i/run1-seq0.dat", C::ProgramError),
    ];
    for (words, class) in table {
        assert_eq!(classify(&ended(2, words)), class, "{words}");
    }
}

#[test]
fn how_a_process_ended_goes_before_its_last_words() {
    use ReasonClass as C;
    let stale = "run1-seq0: 1 lost: raw file damaged: key at byte 5: found 00 00, expected FF FF (event): /i/run1-seq0.dat";
    let by_signal =
        |signal: i32, words: &'static str| Evidence { signal: Some(signal), last_words: Some(words), ..Evidence::default() };
    let table = [
        (ended(137, stale), C::Memory),
        (by_signal(9, stale), C::Memory),
        (Evidence { exit_status: Some(137), ..Evidence::default() }, C::Memory),
        (ended(139, stale), C::ProgramError),
        (ended(134, "memory allocation of 3200640 bytes failed"), C::Memory),
        (ended(134, "it panicked: assertion failed"), C::ProgramError),
        (by_signal(7, stale), C::ProgramError),
        (ended(101, "it panicked: index out of bounds: the len is 3 but the index is 7"), C::ProgramError),
        (ended(101, "it panicked: failed printing to stdout: No space left on device (os error 28)"), C::Space),
        (ended(152, "CPU time limit exceeded"), C::TimeLimit),
        (ended(153, "File size limit exceeded"), C::Space),
        (ended(143, stale), C::Unknown),
        (ended(127, "/opt/dqmon: not found"), C::ProgramError),
        // Without any status there was no end mark.
        (Evidence { last_words: Some(stale), ..Evidence::default() }, C::Lost),
        // dqmon was content, and the script's own last line was not.
        (
            Evidence {
                exit_status: Some(1),
                dqmon_status: Some(1),
                last_words: Some("cp: error writing: No space left on device"),
                ..Evidence::default()
            },
            C::Space,
        ),
    ];
    for (evidence, class) in table {
        assert_eq!(classify(&evidence), class, "{evidence:?}");
    }
}

#[test]
fn the_word_of_a_batch_system_goes_before_all() {
    use ReasonClass as C;
    let table = [
        ("OUT_OF_MEMORY", C::Memory),
        ("OUT_OF_ME+", C::Memory),
        ("TIMEOUT", C::TimeLimit),
        ("NODE_FAIL", C::NodeLost),
        ("BOOT_FAIL", C::NodeLost),
        ("CANCELLED by 1000", C::Cancelled),
        ("cancelled", C::Cancelled),
    ];
    for (word, class) in table {
        assert_eq!(classify(&batch(word)), class, "{word}");
        assert_eq!(classify(&Evidence { dqmon_status: Some(137), ..batch(word) }), class, "{word}");
    }
    // Words that say nothing of the kind leave it to the rest.
    assert_eq!(classify(&Evidence { dqmon_status: Some(137), ..batch("FAILED") }), C::Memory);
    assert_eq!(classify(&batch("COMPLETED")), C::Lost);
    for (ender, class) in [("time limit", C::TimeLimit), ("memory limit", C::Memory), ("person", C::Cancelled)] {
        assert_eq!(classify(&Evidence { ended_by: Some(ender), signal: Some(15), ..Evidence::default() }), class);
    }
}

#[test]
fn where_it_failed_tells_the_class_when_no_job_ran() {
    use ReasonClass as C;
    let table = [
        (Phase::Copy, "not enough room in the storage: 1073741824 bytes needed, 4096 free: /storage/input/run1", C::Space),
        (Phase::Copy, "raw file not opened: Transport endpoint is not connected (os error 107): /mnt/daq/run1-seq0.dat", C::Copy),
        (
            Phase::Copy,
            "copy not written: No space left on device (os error 28): /storage/input/run1/.run1-seq0.dat.part",
            C::Space,
        ),
        (Phase::Copy, "a file of this name and other content stands in the storage; it was left as it is: /storage/x", C::Copy),
        (Phase::Submit, "sbatch: error: Unable to contact slurm controller", C::Submit),
        (Phase::Submit, "job script not written: No space left on device (os error 28): /w/processing/scripts/run1", C::Space),
        (Phase::Accept, "the job ended well and left no output: /w/recotask_run1-seq0.root", C::Output),
        (
            Phase::Accept,
            "it is of run1-seq0 with 3 raw events, expected run1-seq0 with 335: /w/recotask_run1-seq0.root",
            C::Output,
        ),
        (
            Phase::Accept,
            "raw file damaged: key at byte 5: found 00 00, expected FF FF (event): /i/run1-seq0.dat",
            C::InputDamaged,
        ),
    ];
    for (phase, words, class) in table {
        assert_eq!(classify(&at(phase, words)), class, "{words}");
    }
}

#[test]
fn an_analysis_that_refuses_has_no_result_and_one_of_damaged_files_has_damaged_input() {
    let analysis = |words| Evidence { phase: Phase::Analysis, ..ended(2, words) };
    let needs = "gain not made: no lifetime yet, make it with 'dqmon analyse purity': /w/results/crp/run1-p1-g0.txt";
    let cut = "reconstructed file damaged: the file's end in the file's header at byte 12: found 1000 bytes, expected 443438, as the \
               header says: /o/recotask_run1-seq0.root";
    assert_eq!(classify(&analysis(needs)), ReasonClass::Analysis);
    assert_eq!(classify(&analysis(cut)), ReasonClass::InputDamaged);
    assert_eq!(classify(&Evidence { phase: Phase::Analysis, ..ended(137, cut) }), ReasonClass::Memory);
}

proptest! {
    /// Any evidence has a class, and that of a job that was killed does not hang on what its log says.
    #[test]
    fn a_kill_is_a_kill_whatever_the_log_says(words in "\\PC*", batch in "[A-Z_]{0,4}", status: Option<i32>) {
        let killed = Evidence { signal: Some(9), last_words: Some(&words), batch_word: Some(&batch), dqmon_status: status, ..Evidence::default() };
        prop_assert_eq!(classify(&killed), ReasonClass::Memory);
        for phase in [Phase::Copy, Phase::Submit, Phase::Job, Phase::Accept, Phase::Analysis] {
            let _ = classify(&Evidence { phase, signal: None, exit_status: status, ..killed });
        }
    }
}
