use muster_domain::SessionId;
use muster_domain::audit::RevokeReason;
use muster_domain::device::DeviceLoss;
use muster_domain::session::{IssueOutcome, Opening, Revocation, Session};
use muster_domain::user::User;
use time::Duration;

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

pub async fn no_session_is_opened_with_the_credential_of_a_session_that_is_over(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let (graces, _) = world.session(&grace).await;
    let (revoked, _) = world.session(&ada).await;
    assert!(world.revoke(&revoked, RevokeReason::RevokedByOwner).await);
    let (expired, _) = world.issue(Session { expires_at: world.make.now(), ..world.make.session(ada.id) }).await;
    let (lives, _) = world.session(&ada).await;
    let before = world.snapshot().await;
    let unknown = world.make.session(ada.id);
    for presented in [graces.id, revoked.id, expired.id, unknown.id] {
        let outcome = world.try_issue(&by(&world, &ada, presented)).await;
        assert_eq!(outcome, IssueOutcome::SessionEnded, "a session that is over opens another");
        world.assert_nothing_written(&before).await;
    }
    assert_eq!(world.try_issue(&by(&world, &ada, lives.id)).await, IssueOutcome::Issued);
    world.update(world.make.edit(&ada).deactivated().build()).await;
    assert_eq!(world.try_issue(&by(&world, &ada, lives.id)).await, IssueOutcome::NoUser);
}

/// What is opened by the credential is opened before its session ends, or not at all.
pub async fn a_revocation_and_many_openings_by_its_credential_at_once_leave_none_opened_after_it(world: World) {
    for round in 0..4 {
        let ada = world.user(&format!("ada{round}")).await;
        let (presented, _) = world.session(&ada).await;
        let outcomes = race(RACERS, |number| {
            let (world, ada, presented) = (world.clone(), ada.clone(), presented.clone());
            let opening = Opening { max: 1_000, ..by(&world, &ada, presented.id) };
            async move {
                if number == 5 {
                    assert!(world.revoke(&presented, RevokeReason::RevokedByOwner).await);
                    return Err(live(&world, &ada).await.len());
                }
                Ok(world.try_issue(&opening).await)
            }
        })
        .await;
        let opened = count(&outcomes, &Ok(IssueOutcome::Issued));
        assert_eq!(opened + count(&outcomes, &Ok(IssueOutcome::SessionEnded)), RACERS - 1);
        let then = outcomes.into_iter().find_map(Result::err).unwrap();
        assert_eq!(then, opened, "a session was opened by one that was over");
        assert_eq!(live(&world, &ada).await.len(), opened);
        assert_eq!(world.try_issue(&by(&world, &ada, presented.id)).await, IssueOutcome::SessionEnded);
    }
}

pub async fn one_session_more_than_the_most_ends_the_one_that_was_used_longest_ago(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    world.session(&grace).await;
    let device = world.prove_push(&ada).await;
    let now = world.make.now();
    let used = |ago| Session { last_used_at: now - Duration::minutes(ago), ..world.make.session(ada.id) };
    let (second, _) = world.issue(Session { device_id: Some(device.id), ..used(2) }).await;
    let (first, token) = world.issue(used(3)).await;
    let (third, _) = world.issue(used(1)).await;
    world.issue(Session { expires_at: now, ..used(9) }).await;
    world.tick();

    let fourth = Opening { max: 3, ..world.make.opening(world.make.session(ada.id)) };
    assert_eq!(world.try_issue(&fourth).await, IssueOutcome::Issued);
    let ended = world.stores.sessions.load_for_refresh(&token.hash).await.unwrap().unwrap().session;
    let revocation = Some(Revocation { at: world.make.now(), reason: RevokeReason::TooMany });
    assert_eq!(ended, Session { revocation, ..first.clone() }, "not the one that was used longest ago ended");
    assert_eq!(live(&world, &ada).await, [fourth.session.id, third.id, second.id]);
    world.assert_recorded(&fourth.surplus.session.copy_for(0, "sessionId", first.id.to_string())).await;
    assert_eq!(world.recorded("session.revoked").await, 1);
    assert_eq!(world.profile(ada.id).await.devices.len(), 1);

    // A lower limit ends as many as are more, and with the last session on a device the device goes.
    world.tick();
    let last = Opening { max: 2, ..world.make.opening(world.make.session(ada.id)) };
    assert_eq!(world.try_issue(&last).await, IssueOutcome::Issued);
    assert_eq!(live(&world, &ada).await, [last.session.id, fourth.session.id]);
    for (number, id) in (0..).zip([second.id, third.id]) {
        world.assert_recorded(&last.surplus.session.copy_for(number, "sessionId", id.to_string())).await;
    }
    world.assert_recorded(&last.surplus.device.copy_for(0, "deviceId", device.id.to_string())).await;
    let reason = world.profile(ada.id).await.push_loss.map(|loss| loss.reason);
    assert_eq!(reason, Some(DeviceLoss::SessionEnded(RevokeReason::TooMany)));
}

pub async fn a_device_stays_that_the_new_session_is_on(world: World) {
    let ada = world.user("ada").await;
    let device = world.prove_push(&ada).await;
    let named = || Session { device_id: Some(device.id), ..world.make.session(ada.id) };
    world.issue(named()).await;
    world.tick();
    let next = Opening { max: 1, ..world.make.opening(named()) };
    assert_eq!(world.try_issue(&next).await, IssueOutcome::Issued);
    assert_eq!(live(&world, &ada).await, [next.session.id]);
    assert_eq!(world.profile(ada.id).await.devices.len(), 1, "the new session is on the device");
}

pub async fn however_many_sessions_are_opened_at_once_no_person_has_more_than_the_most(world: World) {
    let ada = world.user("ada").await;
    for most in [50, 7] {
        let outcomes = race(RACERS, |_| {
            let world = world.clone();
            let opening = Opening { max: most, ..world.make.opening(world.make.session(ada.id)) };
            async move { world.try_issue(&opening).await }
        })
        .await;
        assert_eq!(count(&outcomes, &IssueOutcome::Issued), RACERS);
        let alive = live(&world, &ada).await.len();
        assert_eq!(alive, most as usize, "a person has more live sessions than the most");
        world.tick();
    }
    assert_eq!(world.recorded("session.revoked").await, 2 * RACERS - 7, "not each end has its record");
}

fn by(world: &World, user: &User, presented: SessionId) -> Opening {
    Opening { presented: Some(presented), ..world.make.opening(world.make.session(user.id)) }
}

async fn live(world: &World, user: &User) -> Vec<SessionId> {
    let live = world.stores.sessions.list(user.id, world.make.now()).await.unwrap();
    live.into_iter().map(|session| session.id).collect()
}
