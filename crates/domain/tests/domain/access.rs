use muster_domain::UserId;
use muster_domain::access::{Action, Decision, Denied, Principal, Scope, authorize, decide};
use muster_domain::audit::{Actor, AuditEvent, Origin};
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
        Principal::BreakGlass { id: me },
        service(&[]),
        service(&[Scope::UsersRead]),
        service(&[Scope::ReadinessRead]),
        service(&[Scope::AuditRead]),
        service(&[Scope::Scim]),
        service(&[Scope::UsersRead, Scope::ReadinessRead, Scope::AuditRead, Scope::Scim]),
    ];
    // One column a principal, in the order above; `t` is for a team admin of the person's.
    let table = [
        (Action::UseOwnAccount, "yy-------"),
        (Action::ReadUser(me), "yyy-y---y"),
        (Action::ReadUser(other), "yty-y---y"),
        (Action::ReadUserAudit(me), "yyy---y-y"),
        (Action::ReadUserAudit(other), "yty---y-y"),
        (Action::ListUsers, "y-y-y---y"),
        (Action::ChangeRole, "y-y------"),
        (Action::ReadTeams, "yyy-yy--y"),
        (Action::ChangeTeamRole, "yyy------"),
        (Action::ReadAudit, "y-y---y-y"),
        (Action::ManageKeys, "y-y------"),
        (Action::DeliverDirectory, "-------yy"),
    ];
    for (action, row) in table {
        assert_eq!(row.len(), principals.len());
        for (principal, expected) in principals.iter().zip(row.chars()) {
            let decision = match expected {
                'y' => Decision::Allowed,
                't' => Decision::IfTeamAdmin { admin: me, member: other },
                _ => Decision::Denied,
            };
            assert_eq!(decide(principal, action), decision, "{principal:?} {action:?}");
            let allowed = if expected == 'y' { Ok(()) } else { Err(Denied) };
            assert_eq!(authorize(principal, action), allowed, "{principal:?} {action:?}");
        }
    }
}

#[test]
fn where_a_request_came_from_is_shown_to_admins_and_of_what_a_person_did_themselves() {
    let make = Builders::default();
    let [me, member, other] = [0; 3].map(|_| UserId::new(make.now(), &*make.entropy));
    let service = || Principal::Service { name: "pager".to_owned(), scopes: vec![Scope::AuditRead] };
    let readers = [
        Principal::User { id: me, role: Role::Admin },
        Principal::BreakGlass { id: me },
        service(),
        Principal::User { id: me, role: Role::User },
    ];
    // One column a reader; about the reader, then about a member of a team of theirs.
    for (actor, about_me, about_a_member) in [
        (Actor::User { id: me }, "yyyy", "yyyy"),
        (Actor::User { id: member }, "yyy-", "yyy-"),
        (Actor::User { id: other }, "yyy-", "yyy-"),
        (Actor::Anonymous, "yyyy", "yyy-"),
        (service().actor(), "yyy-", "yyy-"),
        (Actor::System { name: "import".to_owned() }, "yyy-", "yyy-"),
    ] {
        for (subject, row) in [(me, about_me), (member, about_a_member)] {
            let origin = Origin {
                actor: actor.clone(),
                ip: Some([203, 0, 113, 7].into()),
                user_agent: Some("curl/8.5.0".to_owned()),
                request_id: Some("request".to_owned()),
            };
            let event = AuditEvent { origin, ..make.event("role.changed", Some(subject)) };
            for (reader, expected) in readers.iter().zip(row.chars()) {
                let mut shown = event.clone();
                if expected != 'y' {
                    (shown.origin.ip, shown.origin.user_agent) = (None, None);
                }
                assert_eq!(reader.show(event.clone()), shown, "{reader:?} reads what {actor:?} did");
            }
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
