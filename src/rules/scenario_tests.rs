//! Runs `tests/scenarios/*.txt`: boards as they are met in practice, each task there for a reason, with a healthy twin.
//!
//! The lines above `--` are those of `tests/cases`. Below it stands every gap that any rule has about anything, one a line:
//! rule, key, stage, `to` whom. Whatever is not named there must not be.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::cases_tests::{judge_case, split};
use super::ids;

#[test]
fn every_scenario_has_all_its_gaps_and_no_other() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = files.flatten().map(|entry| entry.path()).collect();
    files.sort_unstable();
    let (mut wrong, mut scenarios) = (Vec::new(), 0);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for case in split(&text) {
            scenarios += 1;
            let found: BTreeSet<String> = ids().flat_map(|rule| judge_case(rule, &case.given).gaps()).collect();
            let words = |line: &&str| line.split_whitespace().collect::<Vec<_>>().join(" ");
            let expected: BTreeSet<String> = case.expected.iter().map(words).collect();
            let missing: Vec<&String> = expected.difference(&found).collect();
            let more: Vec<&String> = found.difference(&expected).collect();
            if !missing.is_empty() || !more.is_empty() {
                wrong.push(format!("{}\n  missing {missing:#?}\n  too many {more:#?}", case.title));
            }
        }
    }
    assert!(scenarios > 0 && wrong.is_empty(), "{} of {scenarios} scenarios:\n\n{}", wrong.len(), wrong.join("\n\n"));
}
