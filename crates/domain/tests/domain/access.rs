use muster_domain::UserId;
use muster_domain::access::{Action, Denied, Principal, Scope, authorize};
use muster_domain::audit::Actor;
use muster_domain::user::Role;
use muster_testkit::Builders;

#[test]
fn the_table_says_who_may_do_what() {
    let make = Builders::default();
    let [me, other] = [0; 2].map(|_| UserId::new(make.now(), &*make.entropy));
    let service = |scopes: &[Scope]| Principal::Service { name: "pager".to_owned(), scopes: scopes.to_vec() };
    let principals = [
        Principal::User { id: me, role: Role::Admin },
        Principal::User { id: me, role: Role::User },
        service(&[]),
        service(&[Scope::UsersRead]),
        service(&[Scope::ReadinessRead]),
        service(&[Scope::AuditRead]),
        service(&[Scope::Scim]),
        service(&[Scope::UsersRead, Scope::ReadinessRead, Scope::AuditRead, Scope::Scim]),
    ];
    // One column a principal, in the order above.
    let table = [
        (Action::UseOwnAccount, "yy------"),
        (Action::ReadUser(me), "yy-y---y"),
        (Action::ReadUser(other), "y--y---y"),
        (Action::ListUsers, "y--y---y"),
        (Action::ChangeRole, "y-------"),
        (Action::ReadTeams, "yy-yy--y"),
        (Action::ChangeTeamRole, "yy------"),
        (Action::ReadAudit, "y----y-y"),
        (Action::ManageKeys, "y-------"),
    ];
    for (action, row) in table {
        for (principal, expected) in principals.iter().zip(row.chars()) {
            let expected = if expected == 'y' { Ok(()) } else { Err(Denied) };
            assert_eq!(authorize(principal, action), expected, "{principal:?} {action:?}");
        }
    }
}

#[test]
fn the_audit_trail_names_the_caller() {
    let make = Builders::default();
    let id = UserId::new(make.now(), &*make.entropy);
    assert_eq!(Principal::User { id, role: Role::User }.actor(), Actor::User { id });
    let service = Principal::Service { name: "pager".to_owned(), scopes: vec![] };
    assert_eq!(service.actor(), Actor::Service { name: "pager".to_owned() });
}

#[test]
fn scopes_have_the_names_that_keys_are_made_with() {
    let names = [Scope::UsersRead, Scope::ReadinessRead, Scope::AuditRead, Scope::Scim].map(Scope::as_str);
    assert_eq!(names, ["users:read", "readiness:read", "audit:read", "scim"]);
}
