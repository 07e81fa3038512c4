use muster_domain::{StoreError, with_causes};

#[test]
fn every_cause_is_told_once() {
    let error = StoreError::Unavailable("no route to host".into());
    assert_eq!(with_causes(&error), "the store is unavailable: no route to host");
}
