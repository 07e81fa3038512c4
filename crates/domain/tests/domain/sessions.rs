use muster_domain::access::{AccessTokens, Audience};
use muster_domain::audit::{Actor, DirectoryFeed, Origin, RevokeReason};
use muster_domain::directory::RawRecord;
use muster_domain::session::{
    IssueSessionError, IssuedSession, RefreshError, RefreshToken, Refreshed, RefusedReason, SessionService,
};
use muster_domain::user::User;
use muster_domain::{SessionId, Text, UserId};
use serde_json::json;
use time::Duration;

use crate::house::{House, raw, record};

async fn issue(house: &House, user: &User) -> IssuedSession {
    house.sessions.issue(user.id, None, None, None, &house.origin).await.unwrap()
}

async fn refresh(house: &House, token: &RefreshToken) -> Result<Refreshed, RefusedReason> {
    match house.sessions.refresh(token, &anonymous()).await {
        Ok(refreshed) => Ok(refreshed),
        Err(RefreshError::Refused(reason)) => Err(reason),
        Err(other) => panic!("{other:?}"),
    }
}

async fn refused(house: &House, token: &RefreshToken) -> RefusedReason {
    refresh(house, token).await.unwrap_err()
}

fn anonymous() -> Origin {
    Origin { actor: Actor::Anonymous, ..Origin::system("") }
}

#[tokio::test]
async fn a_session_is_issued_for_ninety_days() {
    let house = House::new();
    let ada = house.user("ada").await;
    let device = house.device(&ada, "token").await;
    let mark = house.mark();
    let name = Text::parse("Ada's phone").unwrap();
    let issued = house.sessions.issue(ada.id, None, Some(name), Some(device.id), &house.origin).await.unwrap();
    assert_eq!(issued.expires_at, house.now() + Duration::days(90));
    assert_eq!(house.actions_since(mark), ["session.issued"]);
    let session = house.sessions.list(ada.id).await.unwrap().remove(0);
    assert_eq!((session.id, session.device_id), (issued.id, Some(device.id)));
    assert_eq!(session.device_name.as_deref(), Some("Ada's phone"));

    let claims = house.access_tokens.verify(issued.access_token.expose(), house.now()).unwrap();
    assert_eq!((claims.user_id, claims.session_id), (ada.id, Some(issued.id)));
    assert_eq!(claims.audience, Audience::Mobile);
    assert_eq!(claims.expires_at, house.now() + Duration::minutes(15));
}

#[tokio::test]
async fn no_session_is_issued_to_nobody_or_on_somebody_elses_device() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    let gone = house.insert(house.make.user("gone").deactivated()).await;
    let nobody = UserId::new(house.now(), &*house.make.entropy);
    let graces = house.device(&grace, "token").await;
    let mark = house.mark();
    for id in [gone.id, nobody] {
        let refused = house.sessions.issue(id, None, None, None, &house.origin).await;
        assert!(matches!(refused, Err(IssueSessionError::NoUser)));
    }
    let refused = house.sessions.issue(ada.id, None, None, Some(graces.id), &house.origin).await;
    assert!(matches!(refused, Err(IssueSessionError::NoDevice)));
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn nothing_is_written_when_the_access_token_cannot_be_signed() {
    let house = House::new();
    let ada = house.user("ada").await;
    let issued = issue(&house, &ada).await;
    house.access_tokens.break_key();
    let mark = house.mark();
    assert!(matches!(
        house.sessions.issue(ada.id, None, None, None, &house.origin).await,
        Err(IssueSessionError::Signing(_))
    ));
    assert!(matches!(
        house.sessions.refresh(&issued.refresh_token, &house.origin).await,
        Err(RefreshError::Signing(_))
    ));
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn a_refresh_gives_a_successor_with_the_same_end() {
    let house = House::new();
    let ada = house.user("ada").await;
    let issued = issue(&house, &ada).await;
    house.clock.advance(Duration::DAY);
    let mark = house.mark();
    let refreshed = refresh(&house, &issued.refresh_token).await.unwrap();
    assert_ne!(refreshed.refresh_token, issued.refresh_token);
    assert_eq!((refreshed.session_id, refreshed.expires_at), (issued.id, issued.expires_at));
    assert_eq!(refreshed.profile, house.profile(ada.id).await);
    let claims = house.access_tokens.verify(refreshed.access_token.expose(), house.now()).unwrap();
    assert_eq!((claims.user_id, claims.session_id), (ada.id, Some(issued.id)));
    assert_eq!(house.actions_since(mark), ["session.refreshed"]);
    let event = house.last_event();
    assert_eq!((event.subject, event.origin.actor), (Some(ada.id), Actor::User { id: ada.id }));
    assert_eq!(house.sessions.list(ada.id).await.unwrap()[0].last_used_at, house.now());
}

#[tokio::test]
async fn a_token_works_until_its_successor_is_used() {
    let house = House::new();
    let ada = house.user("ada").await;
    let first = issue(&house, &ada).await.refresh_token;
    let second = refresh(&house, &first).await.unwrap().refresh_token;
    for _ in 0..3 {
        house.clock.advance(Duration::DAY);
        assert_eq!(refresh(&house, &first).await.unwrap().refresh_token, second, "the same successor each time");
    }
    let third = refresh(&house, &second).await.unwrap().refresh_token;
    assert_eq!(refused(&house, &first).await, RefusedReason::LatePacket);
    assert_eq!(refresh(&house, &second).await.unwrap().refresh_token, third);
}

#[tokio::test]
async fn a_late_packet_within_the_grace_revokes_nothing() {
    let house = House::new();
    let ada = house.user("ada").await;
    let first = issue(&house, &ada).await.refresh_token;
    let second = refresh(&house, &first).await.unwrap().refresh_token;
    let third = refresh(&house, &second).await.unwrap().refresh_token;
    let mark = house.mark();
    house.clock.advance(house.sessions.replay_grace);
    assert_eq!(refused(&house, &first).await, RefusedReason::LatePacket);
    assert_eq!(house.actions_since(mark), [""; 0]);
    refresh(&house, &third).await.unwrap();
}

#[tokio::test]
async fn a_replay_after_the_grace_revokes_that_session_only() {
    let house = House::new();
    let ada = house.user("ada").await;
    let first = issue(&house, &ada).await;
    let other = issue(&house, &ada).await;
    let second = refresh(&house, &first.refresh_token).await.unwrap().refresh_token;
    let third = refresh(&house, &second).await.unwrap().refresh_token;
    house.clock.advance(house.sessions.replay_grace + Duration::MICROSECOND);
    let mark = house.mark();
    assert_eq!(refused(&house, &first.refresh_token).await, RefusedReason::Replayed);
    assert_eq!(house.actions_since(mark), ["session.replayed", "session.revoked"]);
    assert_eq!(house.last_event().origin.actor, Actor::Anonymous, "not the owner: anybody may have the token");
    assert_eq!(house.last_event().details["reason"], RevokeReason::Replayed.as_str());

    for token in [&first.refresh_token, &second, &third] {
        assert_eq!(refused(&house, token).await, RefusedReason::Revoked);
    }
    assert_eq!(house.mark(), mark + 2, "a replay is recorded once");
    refresh(&house, &other.refresh_token).await.unwrap();
    assert_eq!(house.sessions.list(ada.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_credential_whose_session_is_over_opens_no_other() {
    let house = House::new();
    let ada = house.user("ada").await;
    let (ended, live) = (issue(&house, &ada).await, issue(&house, &ada).await);
    assert!(house.sessions.revoke(ada.id, ended.id, &house.origin).await.unwrap());
    let mark = house.mark();
    let refused = house.sessions.issue(ada.id, Some(ended.id), None, None, &house.origin).await;
    assert!(matches!(refused, Err(IssueSessionError::SessionEnded)));
    assert_eq!(house.mark(), mark);
    house.sessions.issue(ada.id, Some(live.id), None, None, &house.origin).await.unwrap();
}

#[tokio::test]
async fn no_refresh_moves_the_end_of_a_session() {
    let house = House::new();
    let ada = house.user("ada").await;
    let issued = issue(&house, &ada).await;
    house.clock.set(issued.expires_at - Duration::MICROSECOND);
    let refreshed = refresh(&house, &issued.refresh_token).await.unwrap();
    house.clock.set(issued.expires_at);
    assert_eq!(refused(&house, &issued.refresh_token).await, RefusedReason::Expired);
    assert_eq!(refused(&house, &refreshed.refresh_token).await, RefusedReason::Expired);
    assert_eq!(house.sessions.list(ada.id).await.unwrap(), []);
}

#[tokio::test]
async fn an_unknown_token_is_refused() {
    let house = House::new();
    let stranger = RefreshToken::generate(&*house.make.entropy);
    assert_eq!(refused(&house, &stranger).await, RefusedReason::Unknown);
}

#[tokio::test]
async fn deactivation_ends_every_session() {
    let house = House::new();
    let apply =
        async |raw| house.directory.apply_record(&record(raw), DirectoryFeed::Scim, &house.origin).await.unwrap();
    let id = apply(raw("ada@example.com")).await.user_id;
    let ada = house.profile(id).await.user;
    let tokens = [issue(&house, &ada).await.refresh_token, issue(&house, &ada).await.refresh_token];
    apply(RawRecord { active: Some(false), ..raw("ada@example.com") }).await;
    for token in &tokens {
        assert_eq!(refused(&house, token).await, RefusedReason::Revoked);
    }
    apply(raw("ada@example.com")).await;
    assert_eq!(refused(&house, &tokens[0]).await, RefusedReason::Revoked, "coming back revives no session");
    assert_eq!(house.sessions.list(id).await.unwrap(), []);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_may_be_repeated() {
    let house = House::new();
    let ada = house.user("ada").await;
    let (first, other) = (issue(&house, &ada).await, issue(&house, &ada).await);
    let second = refresh(&house, &first.refresh_token).await.unwrap().refresh_token;
    let mark = house.mark();
    house.sessions.sign_out(&second, &anonymous()).await.unwrap();
    assert_eq!(house.actions_since(mark), ["session.revoked"]);
    assert_eq!(house.last_event().details["reason"], "signedOut");
    assert_eq!(house.last_event().origin.actor, Actor::User { id: ada.id });

    house.sessions.sign_out(&second, &anonymous()).await.unwrap();
    house.sessions.sign_out(&first.refresh_token, &anonymous()).await.unwrap();
    house.sessions.sign_out(&RefreshToken::generate(&*house.make.entropy), &anonymous()).await.unwrap();
    assert_eq!(house.mark(), mark + 1);
    assert_eq!(refused(&house, &second).await, RefusedReason::Revoked);
    refresh(&house, &other.refresh_token).await.unwrap();
}

#[tokio::test]
async fn an_owner_ends_their_own_sessions_only() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    let (adas, graces) = (issue(&house, &ada).await, issue(&house, &grace).await);
    assert!(!house.sessions.revoke(ada.id, graces.id, &house.origin).await.unwrap());
    let unknown = SessionId::new(house.now(), &*house.make.entropy);
    assert!(!house.sessions.revoke(ada.id, unknown, &house.origin).await.unwrap());
    assert!(house.sessions.revoke(ada.id, adas.id, &house.origin).await.unwrap());
    assert!(!house.sessions.revoke(ada.id, adas.id, &house.origin).await.unwrap());
    assert_eq!(house.last_event().details["reason"], "revokedByOwner");
    refresh(&house, &graces.refresh_token).await.unwrap();
}

#[tokio::test]
async fn the_operator_ends_every_live_session_of_one_person() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    let old = issue(&house, &ada).await;
    house.clock.set(old.expires_at);
    let (ended, first, second) = (issue(&house, &ada).await, issue(&house, &ada).await, issue(&house, &ada).await);
    let graces = issue(&house, &grace).await;
    assert!(house.sessions.revoke(ada.id, ended.id, &house.origin).await.unwrap());
    let mark = house.mark();
    let operator = Origin::system("operator");
    assert_eq!(house.sessions.revoke_all(ada.id, &operator).await.unwrap(), 2, "not those alone that were live");

    let records = house.store.audit_trail().split_off(mark);
    let of = |id: SessionId| json!({ "sessionId": id, "reason": "revokedByOperator" });
    assert_eq!(records.len(), 2);
    for (id, token) in [(first.id, &first.refresh_token), (second.id, &second.refresh_token)] {
        let record = records.iter().find(|record| record.details == of(id)).unwrap();
        assert_eq!(
            (record.action.as_str(), record.subject, &record.origin),
            ("session.revoked", Some(ada.id), &operator)
        );
        assert_eq!(refused(&house, token).await, RefusedReason::Revoked);
    }
    refresh(&house, &graces.refresh_token).await.unwrap();

    let mark = house.mark();
    let nobody = UserId::new(house.now(), &*house.make.entropy);
    for id in [ada.id, nobody] {
        assert_eq!(house.sessions.revoke_all(id, &operator).await.unwrap(), 0);
    }
    assert_eq!(house.mark(), mark);
}

#[tokio::test]
async fn sessions_are_listed_the_one_used_last_first() {
    let house = House::new();
    let ada = house.user("ada").await;
    let mut issued = Vec::new();
    for _ in 0..3 {
        house.clock.advance(Duration::SECOND);
        issued.push(issue(&house, &ada).await);
    }
    house.clock.advance(Duration::SECOND);
    refresh(&house, &issued[1].refresh_token).await.unwrap();
    let listed: Vec<SessionId> = house.sessions.list(ada.id).await.unwrap().into_iter().map(|s| s.id).collect();
    assert_eq!(listed, [issued[1].id, issued[2].id, issued[0].id]);
}

#[test]
fn the_lifetimes_are_as_promised() {
    assert_eq!(SessionService::LIFETIME, Duration::days(90));
    assert_eq!(SessionService::ACCESS_LIFETIME, Duration::minutes(15));
}
