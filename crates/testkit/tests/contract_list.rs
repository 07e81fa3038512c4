//! A case that is missing from the macro's list would never run.

use std::fs;
use std::path::Path;

#[test]
fn every_case_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");
    let list = ["list.rs", "list_operations.rs", "list_verification.rs"]
        .map(|file| fs::read_to_string(folder.join(file)).unwrap())
        .concat();
    let mut cases = 0;
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let area = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some((case, _)) = line.strip_prefix("pub async fn ").and_then(|rest| rest.split_once('(')) else {
                continue;
            };
            let (_, listed) = list.split_once(&format!(" {area} {{")).unwrap();
            let (listed, _) = listed.split_once('}').unwrap();
            assert!(listed.contains(&format!(" {case};")), "{area}::{case} is not in the list");
            cases += 1;
        }
    }
    let areas = fs::read_to_string(folder.join("list_areas.rs")).unwrap();
    for area in list.lines().filter_map(|line| line.trim().strip_suffix(" {")).filter(|area| !area.contains(' ')) {
        let ports = areas.lines().filter(|line| line.contains(&format!(" {area} $make:ident"))).count();
        assert_eq!(ports, 1, "{area} belongs to one port");
    }
    assert!(cases > 80, "only {cases} cases were found: does this test still read the right folder?");
}
