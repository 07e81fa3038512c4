use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::audit::{AuditEvent, Origin};
use muster_domain::device::{Device, DeviceStore};
use muster_domain::housekeeping::{Housekeeping, HousekeepingService, OldDevice, Stale, Swept};
use muster_domain::session::SessionService;
use muster_domain::user::User;
use muster_domain::verification::Method;
use muster_testkit::Builders;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::house::House;

/// What a purge was asked for.
type Purge = (Stale, OffsetDateTime, u16);

/// A store that has of each kind as many as told, and notes what it is asked for.
#[derive(Default)]
struct Piles {
    left: Vec<(Stale, u64)>,
    devices: Vec<OldDevice>,
    /// How many devices were seen again right after they were found to be old.
    seen_again: usize,
    purges: Mutex<Vec<Purge>>,
    asked_for_devices: Mutex<Vec<[OffsetDateTime; 3]>>,
    expired: Mutex<Vec<(OldDevice, AuditEvent)>>,
}

#[async_trait]
impl Housekeeping for Piles {
    async fn purge(&self, what: Stale, before: OffsetDateTime, limit: u16) -> Result<u64, StoreError> {
        let mut purges = self.purges.lock().unwrap();
        let earlier = purges.iter().filter(|(of, ..)| *of == what).count() as u64;
        purges.push((what, before, limit));
        let pile = self.left.iter().find(|(of, _)| *of == what).map_or(0, |(_, pile)| *pile);
        Ok(pile.saturating_sub(earlier * u64::from(limit)).min(limit.into()))
    }

    async fn old_devices(
        &self,
        unproven: OffsetDateTime,
        proven: OffsetDateTime,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<OldDevice>, StoreError> {
        self.asked_for_devices.lock().unwrap().push([unproven, proven, now]);
        Ok(self.devices.iter().take(limit.into()).copied().collect())
    }

    async fn expire_device(
        &self,
        device: &OldDevice,
        _: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut expired = self.expired.lock().unwrap();
        expired.push((*device, event.clone()));
        Ok(expired.len() > self.seen_again)
    }
}

impl Piles {
    fn purges_of(&self, what: Stale) -> usize {
        self.purges.lock().unwrap().iter().filter(|(of, ..)| *of == what).count()
    }
}

fn service(make: &Builders, store: Arc<dyn Housekeeping>) -> HousekeepingService {
    HousekeepingService { store, clock: make.clock.clone(), entropy: make.entropy.clone() }
}

fn origin() -> Origin {
    Origin::system("housekeeping")
}

async fn sweep(house: &House) -> Swept {
    service(&house.make, Arc::new(house.store.clone())).sweep(&origin()).await.unwrap()
}

/// How many of a kind a sweep removes.
fn swept(swept: &Swept, what: Stale) -> u64 {
    swept.stale.iter().find(|(of, _)| *of == what).unwrap().1
}

#[tokio::test]
async fn each_kind_is_removed_when_it_was_kept_for_its_time() {
    let (make, store) = (Builders::default(), Arc::new(Piles::default()));
    let swept = service(&make, store.clone()).sweep(&origin()).await.unwrap();
    assert_eq!(swept, Swept { stale: Stale::ALL.map(|what| (what, 0)).to_vec(), devices: 0 });
    let before = |days| make.now() - Duration::days(days);
    let expected = [
        (Stale::Challenges, before(2), 500),
        (Stale::RefreshTokens, before(30), 500),
        (Stale::Sessions, before(30), 500),
        (Stale::SendCounts, before(2), 500),
        (Stale::SendRefusals, before(2), 500),
        (Stale::SignInAttempts, before(2), 500),
        (Stale::Deactivations, before(2), 500),
    ];
    assert_eq!(*store.purges.lock().unwrap(), expected);
    assert_eq!(*store.asked_for_devices.lock().unwrap(), [[before(90), before(365), make.now()]]);
}

#[tokio::test]
async fn batches_follow_one_another_while_they_are_full() {
    let left = vec![(Stale::Challenges, 499), (Stale::Sessions, 500), (Stale::SendCounts, 1_017)];
    let store = Arc::new(Piles { left: left.clone(), ..Piles::default() });
    let report = service(&Builders::default(), store.clone()).sweep(&origin()).await.unwrap();
    for (what, pile) in left {
        assert_eq!(swept(&report, what), pile, "{what:?}");
    }
    let batches = [Stale::Challenges, Stale::Sessions, Stale::SendCounts].map(|what| store.purges_of(what));
    assert_eq!(batches, [1, 2, 3]);
}

#[tokio::test]
async fn a_first_sweep_of_an_old_store_takes_no_more_than_the_most_batches() {
    let store = Arc::new(Piles { left: vec![(Stale::RefreshTokens, 1_000_000)], ..Piles::default() });
    let report = service(&Builders::default(), store.clone()).sweep(&origin()).await.unwrap();
    assert_eq!(swept(&report, Stale::RefreshTokens), 20_000);
    assert_eq!(store.purges_of(Stale::RefreshTokens), 40);
    assert_eq!(store.purges_of(Stale::Deactivations), 1, "one pile holds up the kinds after it");
}

#[tokio::test]
async fn devices_that_were_seen_again_meanwhile_do_not_count() {
    let make = Builders::default();
    let owner = make.user("ada").build().id;
    let old = |_| {
        let Device { id, platform, last_seen_at, .. } = make.device(owner);
        OldDevice { user_id: owner, id, platform, last_seen_at }
    };
    let devices: Vec<OldDevice> = (0..5).map(old).collect();
    let store = Arc::new(Piles { devices: devices.clone(), seen_again: 2, ..Piles::default() });
    assert_eq!(service(&make, store.clone()).sweep(&origin()).await.unwrap().devices, 3);
    let expired = store.expired.lock().unwrap();
    assert_eq!(expired.iter().map(|(device, _)| *device).collect::<Vec<_>>(), devices);
    let mut ids: Vec<_> = expired.iter().map(|(_, event)| event.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 5, "each record has an id of its own");
}

#[tokio::test]
async fn an_old_device_goes_with_a_record_and_one_that_is_seen_stays() {
    let house = House::new();
    let ada = house.user("ada").await;
    let (proven, unproven) = (house.device(&ada, "proven").await, house.device(&ada, "unproven").await);
    house.verification.send_code(ada.id, Method::Push, Some(proven.id), &house.origin).await.unwrap();
    let code = house.sender.last_code().unwrap();
    house.verification.verify_code(ada.id, Method::Push, &code, &house.origin).await.unwrap();
    let start = house.now();
    for (age, expected) in [(90, None), (365, Some(&proven))] {
        house.clock.set(start + Duration::days(age));
        assert_eq!(sweep(&house).await.devices, 0, "a device went that was seen {age} days ago to the microsecond");
        house.clock.advance(Duration::MICROSECOND);
        assert_eq!(sweep(&house).await.devices, 1);
        let gone = if expected.is_some() { &proven } else { &unproven };
        let record = house.last_event();
        assert_eq!((record.action.as_str(), record.subject), ("device.expired", Some(ada.id)));
        assert_eq!(record.details, json!({ "deviceId": gone.id, "platform": "android" }));
        assert_eq!((record.origin, record.at), (origin(), house.now()));
    }
    assert_eq!(DeviceStore::list(&house.store, ada.id).await.unwrap(), []);
    assert_eq!(house.status(ada.id).await.push.verified_at, None, "a device that is gone counts as a proof");
}

#[tokio::test]
async fn a_device_on_which_somebody_is_signed_in_stays() {
    let house = House::new();
    let ada = house.user("ada").await;
    let device = house.device(&ada, "token").await;
    house.clock.advance(Duration::days(89));
    house.sessions.issue(ada.id, None, None, Some(device.id), &house.origin).await.unwrap();
    house.clock.advance(SessionService::LIFETIME - Duration::MICROSECOND);
    assert_eq!(sweep(&house).await.devices, 0);
    house.clock.advance(Duration::MICROSECOND);
    assert_eq!(sweep(&house).await.devices, 1);
}

#[tokio::test]
async fn what_is_in_use_outlives_any_number_of_sweeps() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.prove(&ada, Method::Email).await;
    let mut token = refreshed_daily(&house, &ada).await;
    let proofs = house.profile(ada.id).await.proofs;
    let report = sweep(&house).await;
    assert_eq!(swept(&report, Stale::Sessions), 0);
    assert_eq!(swept(&report, Stale::RefreshTokens), 28, "all that were superseded more than thirty days ago");
    assert_eq!(swept(&report, Stale::Challenges), 1);
    assert_eq!(house.profile(ada.id).await.proofs, proofs);
    token = house.sessions.refresh(&token, &house.origin).await.unwrap().refresh_token;
    assert_eq!(sweep(&house).await.stale, Stale::ALL.map(|what| (what, 0)).to_vec());
    house.sessions.refresh(&token, &house.origin).await.unwrap();
}

/// The last token of a phone that was refreshed each day for sixty days.
async fn refreshed_daily(house: &House, user: &User) -> muster_domain::session::RefreshToken {
    let mut token = house.sessions.issue(user.id, None, None, None, &house.origin).await.unwrap().refresh_token;
    for _ in 0..60 {
        house.clock.advance(Duration::DAY);
        token = house.sessions.refresh(&token, &house.origin).await.unwrap().refresh_token;
    }
    token
}

#[tokio::test]
async fn a_store_that_fails_is_told() {
    let house = House::new();
    house.store.set_unavailable(true);
    let outcome = service(&house.make, Arc::new(house.store.clone())).sweep(&origin()).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))));
}
