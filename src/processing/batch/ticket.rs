//! What a batch system of a farm is given for a job: a name that no other job has, and a script that starts the job's wrapper.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::JobOrder;
use super::dialect::Limits;
use crate::processing::script::quoted_bytes;

/// Most of a job's own name that its name in the batch system begins with, bytes.
const LONGEST_NAME: usize = 80;

/// A text as a plain name: letters, digits, dashes, dots and underscores, beginning with a letter or an underscore.
#[must_use]
pub fn plain_name(text: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "-._".contains(letter) { letter } else { '_' };
    let name: String = text.chars().map(plain).take(LONGEST_NAME).collect();
    if name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') { name } else { format!("_{name}") }
}

/// The name of an attempt in the batch system: `reco_run1-seq0-a1-3f0c…`. Batch systems count their ids from the start again, and
/// other workspaces have jobs of the same names: the end of it stands for workspace, name, attempt and time.
#[must_use]
pub fn ticket_name(order: &JobOrder) -> String {
    let mut hash = Sha256::new();
    hash.update(order.lock.as_os_str().as_bytes());
    for text in [&order.name, &order.attempt.to_string(), &order.submitted.as_millisecond().to_string()] {
        hash.update([0]);
        hash.update(text.as_bytes());
    }
    let token: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-a{}-{token}", plain_name(&order.name), order.attempt)
}

/// The script that the batch system starts; nothing of a name or a path in it means anything to the shell.
#[must_use]
pub fn ticket_script(program: &Path, order: &JobOrder, system: &str, limits: Limits) -> Vec<u8> {
    let mut script = b"#!/bin/sh\n# Starts one attempt of one job, in a batch system; made by dqmon.\nexec ".to_vec();
    let mut argument = |text: &[u8]| {
        script.extend(quoted_bytes(text));
        script.push(b' ');
    };
    argument(program.as_os_str().as_bytes());
    for argument_of_it in order.arguments(limits) {
        argument(argument_of_it.as_bytes());
    }
    argument(format!("--batch={system}").as_bytes());
    argument(&[b"--lock=", order.lock.as_os_str().as_bytes()].concat());
    // What the wrapper can't do before it has opened its log is told there all the same.
    script.extend(b"2>>");
    script.extend(quoted_bytes(order.log.as_os_str().as_bytes()));
    script.push(b'\n');
    script
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::tests::order_in;
    use super::*;

    #[test]
    fn a_name_is_of_one_attempt_of_one_workspace() {
        let order = order_in(Path::new("/w"), "reco_run1-seq0", 1);
        let name = ticket_name(&order);
        assert!(name.starts_with("reco_run1-seq0-a1-") && name.len() == "reco_run1-seq0-a1-".len() + 12, "{name}");
        assert_eq!(name, ticket_name(&order.clone()));
        let later = order.submitted.saturating_add(jiff::SignedDuration::from_millis(1)).unwrap();
        let others = [
            order_in(Path::new("/v"), "reco_run1-seq0", 1),
            order_in(Path::new("/w"), "reco_run1-seq0", 2),
            order_in(Path::new("/w"), "reco_run1-seq1", 1),
            JobOrder { submitted: later, ..order },
        ];
        assert!(others.iter().all(|other| ticket_name(other) != name));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
        #[test]
        fn a_name_is_plain_whatever_the_job_is_called(name in ".{0,100}") {
            let plain = ticket_name(&order_in(Path::new("/w"), &name, 1));
            proptest::prop_assert!(plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)));
            proptest::prop_assert!(!plain.starts_with(['-', '.']) && plain.len() < 120);
        }

        #[test]
        fn the_wrapper_gets_the_very_names(name in "[^\0]{1,40}", folder in "[^\0/]{1,20}") {
            let order = order_in(&PathBuf::from("/w").join(&folder), &name, 1);
            let script = ticket_script(Path::new("printf"), &order, "slurm", Limits::default());
            // Instead of the program one that prints its arguments, and no log.
            let text = String::from_utf8(script).unwrap();
            let text = text.replacen("exec 'printf' ", "exec printf '%s\\0' ", 1);
            let text = text[..text.rfind("2>>").unwrap()].to_owned();
            let output = std::process::Command::new("/bin/sh").arg("-c").arg(&text).output().unwrap();
            let printed = String::from_utf8(output.stdout).unwrap();
            let printed: Vec<&str> = printed.split('\0').collect();
            let of = |option: &str| printed.iter().find_map(|word| word.strip_prefix(option));
            proptest::prop_assert_eq!(of("--name="), Some(name.as_str()));
            proptest::prop_assert_eq!(of("--lock="), order.lock.to_str());
        }
    }
}
