use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::audit::{AuditEvent, Origin};
use muster_domain::device::{Device, DeviceStore};
use muster_domain::housekeeping::{
    Batch, Bookmark, Housekeeping, HousekeepingService, OldDevice, Purged, Stale, Swept,
};
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
    async fn purge(
        &self,
        what: Stale,
        before: OffsetDateTime,
        from: Option<Bookmark>,
        limit: u16,
    ) -> Result<Purged, StoreError> {
        let mut purges = self.purges.lock().unwrap();
        let earlier = purges.iter().filter(|(of, ..)| *of == what).count() as u64;
        let bookmark = |number: u64| Bookmark(number.try_into().unwrap());
        assert_eq!(from, (earlier > 0).then(|| bookmark(earlier)), "a walk goes on where the batch before it said");
        purges.push((what, before, limit));
        let left = self.backlog_of(what).saturating_sub(earlier * u64::from(limit));
        let removed = left.min(limit.into());
        Ok(Purged { removed, next: (left > removed).then(|| bookmark(earlier + 1)) })
    }

    async fn backlog(&self, what: Stale, before: OffsetDateTime) -> Result<u64, StoreError> {
        self.purges.lock().unwrap().push((what, before, 0));
        Ok(self.backlog_of(what))
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
    fn backlog_of(&self, what: Stale) -> u64 {
        self.left.iter().find(|(of, _)| *of == what).map_or(0, |(_, pile)| *pile)
    }

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
    assert_eq!(batches, [1, 1, 3]);
}

#[tokio::test]
async fn a_sweep_goes_on_until_nothing_is_left() {
    let store = Arc::new(Piles { left: vec![(Stale::RefreshTokens, 1_000_000)], ..Piles::default() });
    let report = service(&Builders::default(), store.clone()).sweep(&origin()).await.unwrap();
    assert_eq!(swept(&report, Stale::RefreshTokens), 1_000_000);
    assert_eq!(store.purges_of(Stale::RefreshTokens), 2_000);
    assert_eq!(store.purges_of(Stale::Deactivations), 1);
}

#[tokio::test]
async fn kinds_take_turns_so_that_a_large_backlog_holds_up_no_other() {
    let left = vec![(Stale::Challenges, 1_400), (Stale::SendCounts, 600)];
    let store = Arc::new(Piles { left, ..Piles::default() });
    let service = service(&Builders::default(), store);
    let mut sweep = service.begin();
    let mut batches = Vec::new();
    while let Some(Batch { what, removed }) = service.next_batch(&mut sweep, &origin()).await.unwrap() {
        batches.push((what, removed));
    }
    let first = [("challenges", 500), ("refresh_tokens", 0), ("sessions", 0), ("send_counts", 500)];
    let rest = [("send_refusals", 0), ("sign_in_attempts", 0), ("deactivations", 0), ("devices", 0)];
    let later = [("challenges", 500), ("send_counts", 100), ("challenges", 400)];
    assert_eq!(batches, [&first[..], &rest, &later].concat());
    assert_eq!(service.next_batch(&mut sweep, &origin()).await.unwrap(), None, "a sweep that is over stays over");
}

#[tokio::test]
async fn a_sweep_goes_on_where_the_store_failed() {
    let house = House::new();
    let service = service(&house.make, Arc::new(house.store.clone()));
    let mut sweep = service.begin();
    service.next_batch(&mut sweep, &origin()).await.unwrap();
    let before = sweep.clone();
    house.store.set_unavailable(true);
    assert!(service.next_batch(&mut sweep, &origin()).await.is_err());
    assert_eq!(sweep, before);
    house.store.set_unavailable(false);
    let next = service.next_batch(&mut sweep, &origin()).await.unwrap();
    assert_eq!(next, Some(Batch { what: "refresh_tokens", removed: 0 }));
}

#[test]
fn a_rest_is_five_times_as_long_as_the_batch_before_it_within_bounds() {
    use std::time::Duration as Elapsed;
    let rests = [0, 1, 2, 20, 199, 60_000].map(|millis| HousekeepingService::rest_after(Elapsed::from_millis(millis)));
    assert_eq!(rests, [5, 5, 10, 100, 995, 1_000].map(Elapsed::from_millis));
}

#[tokio::test]
async fn the_backlog_of_each_kind_goes_by_its_own_time() {
    let left = vec![(Stale::Challenges, 7), (Stale::Sessions, 5_000_000)];
    let (make, store) = (Builders::default(), Arc::new(Piles { left, ..Piles::default() }));
    let backlog = service(&make, store.clone()).backlog().await.unwrap();
    let expected = Stale::ALL.map(|what| (what, store.backlog_of(what)));
    assert_eq!(backlog, expected);
    assert_eq!(*store.purges.lock().unwrap(), Stale::ALL.map(|what| (what, make.now() - what.kept_for(), 0)));
}

#[tokio::test]
async fn devices_are_expired_in_batches_until_none_is_left() {
    let house = House::new();
    let many = usize::from(HousekeepingService::DEVICES) * 2 + 1;
    for number in 0..=many / 10 {
        let user = house.user(&format!("u{number}")).await;
        for device in 0..(many - number * 10).min(10) {
            house.device(&user, &format!("{number}-{device}")).await;
        }
    }
    house.clock.advance(Duration::days(91));
    assert_eq!(sweep(&house).await.devices, many as u64);
}

#[tokio::test]
async fn a_batch_of_devices_that_were_all_seen_again_ends_the_walk() {
    let make = Builders::default();
    let owner = make.user("ada").build().id;
    let old = |_| {
        let Device { id, platform, last_seen_at, .. } = make.device(owner);
        OldDevice { user_id: owner, id, platform, last_seen_at }
    };
    let devices = (0..HousekeepingService::DEVICES).map(old).collect();
    let store = Arc::new(Piles { devices, seen_again: usize::MAX, ..Piles::default() });
    assert_eq!(service(&make, store.clone()).sweep(&origin()).await.unwrap().devices, 0);
    assert_eq!(store.asked_for_devices.lock().unwrap().len(), 1);
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
