use std::collections::BTreeSet;

use muster_http::Kind;

/// `docs/errors.md` has a heading for each problem type, and for nothing else, with its status under it.
#[test]
fn every_problem_type_is_explained_in_the_docs() {
    let page = include_str!("../../../../docs/errors.md");
    let headings: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let slugs: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
    assert_eq!(headings, slugs);
    for kind in Kind::ALL {
        let (_, section) = page.split_once(&format!("\n## {}\n", kind.slug())).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let status = kind.status().as_u16().to_string();
        assert!(section.contains(&status), "the section {} does not name status {status}", kind.slug());
    }
}

#[test]
fn types_are_stable_uris() {
    assert_eq!(Kind::InvalidOrExpiredCode.uri(), "urn:muster:problem:invalid-or-expired-code");
}
