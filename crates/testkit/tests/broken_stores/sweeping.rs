//! Housekeeping that takes too much, too little, or what somebody is using.

use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{DeviceLoss, DeviceRemoval, DeviceStore};
use muster_domain::housekeeping::{Bookmark, Housekeeping, OldDevice, Purged, Stale};
use time::{Duration, OffsetDateTime};

use crate::breakable::{Sweeping, over_memory};
use crate::{breaking, caught};

/// Where a batch begins.
type From = Option<Bookmark>;

over_memory! {
    /// Takes what is of that very time too.
    OneTooMany;
    /// Takes as many as there are.
    Unlimited;
    /// Says that it removed what others removed.
    CountsOthers;
    /// Takes all kinds along.
    AllKinds;
    /// Removes nothing.
    Idle;
    /// Looks at what is stale and removes it a moment later, whatever it is by then.
    LooksThenRemoves;
    /// Ends each walk after a batch.
    EndsEarly;
    /// Begins each walk again at its end.
    NeverEnds;
    /// Counts what is of that very time too.
    CountsTooMany;
    /// Holds all devices to the time for unproven ones.
    OneTime;
    /// Looks at no session.
    BlindToSessions;
    /// Names those that were seen last first.
    LatestFirst;
    /// Expires a device however lately it was seen.
    ExpiresAnyway;
    /// Says that it expired what was gone.
    SaysYes;
}

#[async_trait]
impl Sweeping for OneTooMany {
    async fn purge(&self, what: Stale, before: OffsetDateTime, from: From, limit: u16) -> Result<Purged, StoreError> {
        self.0.purge(what, before + Duration::MICROSECOND, from, limit).await
    }

    async fn old_devices(
        &self,
        unproven: OffsetDateTime,
        proven: OffsetDateTime,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<OldDevice>, StoreError> {
        let later = |at| at + Duration::MICROSECOND;
        self.0.old_devices(later(unproven), later(proven), now, limit).await
    }
}

#[async_trait]
impl Sweeping for Unlimited {
    async fn purge(&self, what: Stale, before: OffsetDateTime, from: From, _: u16) -> Result<Purged, StoreError> {
        self.0.purge(what, before, from, u16::MAX).await
    }

    async fn old_devices(
        &self,
        unproven: OffsetDateTime,
        proven: OffsetDateTime,
        now: OffsetDateTime,
        _: u16,
    ) -> Result<Vec<OldDevice>, StoreError> {
        self.0.old_devices(unproven, proven, now, u16::MAX).await
    }
}

#[async_trait]
impl Sweeping for CountsOthers {
    async fn purge(&self, what: Stale, before: OffsetDateTime, from: From, limit: u16) -> Result<Purged, StoreError> {
        let purged = self.0.purge(what, before, from, limit).await?;
        Ok(Purged { removed: purged.removed.max(1), ..purged })
    }
}

#[async_trait]
impl Sweeping for AllKinds {
    async fn purge(&self, what: Stale, before: OffsetDateTime, from: From, limit: u16) -> Result<Purged, StoreError> {
        for other in Stale::ALL.into_iter().filter(|other| *other != what) {
            self.0.purge(other, before, from, limit).await?;
        }
        self.0.purge(what, before, from, limit).await
    }
}

#[async_trait]
impl Sweeping for Idle {
    async fn purge(&self, _: Stale, _: OffsetDateTime, _: From, _: u16) -> Result<Purged, StoreError> {
        Ok(Purged { removed: 0, next: None })
    }

    async fn expire_device(&self, _: &OldDevice, _: OffsetDateTime, _: &AuditEvent) -> Result<bool, StoreError> {
        Ok(false)
    }
}

#[async_trait]
impl Sweeping for LooksThenRemoves {
    async fn purge(&self, what: Stale, before: OffsetDateTime, from: From, limit: u16) -> Result<Purged, StoreError> {
        // By then all of those are of this year, and this is about what is in use.
        let much_later = before + Duration::days(400);
        match what {
            Stale::Challenges | Stale::SendCounts | Stale::SendRefusals | Stale::SignInAttempts | Stale::Sessions => {
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
                self.0.purge(what, much_later, from, limit).await
            }
            Stale::RefreshTokens | Stale::Deactivations => self.0.purge(what, before, from, limit).await,
        }
    }
}

#[async_trait]
impl Sweeping for EndsEarly {
    async fn purge(&self, what: Stale, before: OffsetDateTime, from: From, limit: u16) -> Result<Purged, StoreError> {
        Ok(Purged { next: None, ..self.0.purge(what, before, from, limit).await? })
    }
}

#[async_trait]
impl Sweeping for NeverEnds {
    async fn purge(&self, what: Stale, before: OffsetDateTime, from: From, limit: u16) -> Result<Purged, StoreError> {
        Ok(Purged { next: Some(Bookmark(0)), ..self.0.purge(what, before, from, limit).await? })
    }
}

#[async_trait]
impl Sweeping for CountsTooMany {
    async fn backlog(&self, what: Stale, before: OffsetDateTime) -> Result<u64, StoreError> {
        self.0.backlog(what, before + Duration::MICROSECOND).await
    }
}

#[async_trait]
impl Sweeping for OneTime {
    async fn old_devices(
        &self,
        unproven: OffsetDateTime,
        _: OffsetDateTime,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<OldDevice>, StoreError> {
        self.0.old_devices(unproven, unproven, now, limit).await
    }
}

#[async_trait]
impl Sweeping for BlindToSessions {
    async fn old_devices(
        &self,
        unproven: OffsetDateTime,
        proven: OffsetDateTime,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<OldDevice>, StoreError> {
        self.0.old_devices(unproven, proven, now + Duration::days(400), limit).await
    }
}

#[async_trait]
impl Sweeping for LatestFirst {
    async fn old_devices(
        &self,
        unproven: OffsetDateTime,
        proven: OffsetDateTime,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<OldDevice>, StoreError> {
        let mut old = self.0.old_devices(unproven, proven, now, u16::MAX).await?;
        old.reverse();
        old.truncate(limit.into());
        Ok(old)
    }
}

#[async_trait]
impl Sweeping for ExpiresAnyway {
    async fn expire_device(
        &self,
        device: &OldDevice,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let OldDevice { user_id, id, .. } = *device;
        let reason = DeviceLoss::Expired;
        let (ending, spared, unless_seen_after) = (None, None, None);
        self.0.remove(&DeviceRemoval { user_id, id, reason, at, ending, spared, unless_seen_after }, event).await
    }
}

#[async_trait]
impl Sweeping for SaysYes {
    async fn expire_device(
        &self,
        device: &OldDevice,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        self.0.expire_device(device, at, event).await.map(|_| true)
    }
}

#[test]
fn a_purge_of_too_much_or_too_little_is_caught() {
    caught!(breaking!(housekeeping, OneTooMany), housekeeping::only_what_is_older_is_removed, "of that very time went");
    caught!(breaking!(housekeeping, Idle), housekeeping::only_what_is_older_is_removed, "of before stayed");
    caught!(
        breaking!(housekeeping, Unlimited),
        housekeeping::no_more_than_the_limit_is_removed_and_told_how_many,
        "Challenges"
    );
    caught!(
        breaking!(housekeeping, Unlimited),
        housekeeping_races::however_many_remove_at_once_nothing_is_removed_twice,
        "more than the limit"
    );
    caught!(
        breaking!(housekeeping, AllKinds),
        housekeeping::what_is_removed_of_one_kind_leaves_the_others,
        "went with another kind"
    );
}

#[test]
fn a_walk_that_ends_too_early_or_never_is_caught() {
    caught!(
        breaking!(housekeeping, EndsEarly),
        housekeeping::a_walk_removes_all_that_has_served_its_time_and_ends,
        "a walk left something"
    );
    caught!(
        breaking!(housekeeping, NeverEnds),
        housekeeping::a_walk_removes_all_that_has_served_its_time_and_ends,
        "a walk does not end"
    );
    caught!(
        breaking!(housekeeping, CountsTooMany),
        housekeeping::a_walk_removes_all_that_has_served_its_time_and_ends,
        "what is of that very time is no backlog"
    );
}

#[test]
fn what_is_counted_twice_is_caught() {
    caught!(breaking!(housekeeping, CountsOthers), housekeeping::only_what_is_older_is_removed, "went");
    caught!(
        breaking!(housekeeping, CountsOthers),
        housekeeping_races::however_many_remove_at_once_nothing_is_removed_twice,
        "something was removed twice"
    );
}

#[test]
fn each_kinds_own_time_is_held_to() {
    macro_rules! too_many {
        ($($case:ident: $complaint:expr;)*) => {
            $(caught!(breaking!(housekeeping, OneTooMany), housekeeping::$case, $complaint);)*
        };
    }
    too_many! {
        challenges_go_by_the_later_of_their_expiry_and_the_end_of_the_wait: "one is still waited for";
        a_session_goes_by_its_end_with_all_its_tokens: "left";
        superseded_tokens_go_while_their_session_goes_on: "not only the first was superseded by then";
        a_count_of_codes_that_went_begins_anew: "left";
        a_refusal_whose_note_went_is_recorded_again: "left";
        a_count_of_sign_ins_that_went_begins_anew: "left";
    }
    caught!(breaking!(housekeeping, Idle), housekeeping::a_persons_next_code_makes_their_challenge_again, "left");
    caught!(
        breaking!(housekeeping, Idle),
        housekeeping::refused_deactivations_stay_while_the_brake_holds,
        "not those alone that were counted"
    );
}

#[test]
fn what_is_removed_while_somebody_uses_it_is_caught() {
    caught!(
        breaking!(housekeeping, LooksThenRemoves),
        housekeeping_races::a_code_that_is_sent_meanwhile_stays,
        "a live code was removed"
    );
    caught!(
        breaking!(housekeeping, LooksThenRemoves),
        housekeeping_races::a_session_that_is_refreshed_meanwhile_goes_on,
        ""
    );
    caught!(
        breaking!(housekeeping, LooksThenRemoves),
        housekeeping_races::what_is_counted_meanwhile_stays_counted,
        "was counted for nothing"
    );
}

#[test]
fn devices_that_are_not_old_are_caught() {
    let case = "a device is old that was seen at that very time";
    caught!(
        breaking!(housekeeping, OneTooMany),
        housekeeping_devices::devices_are_old_that_were_last_seen_before_the_time_for_their_kind,
        case
    );
    caught!(
        breaking!(housekeeping, OneTime),
        housekeeping_devices::devices_are_old_that_were_last_seen_before_the_time_for_their_kind,
        "goes by the other time"
    );
    caught!(
        breaking!(housekeeping, BlindToSessions),
        housekeeping_devices::a_device_with_a_live_session_is_not_old,
        "a device is old on which somebody is signed in"
    );
    for store in [
        breaking!(housekeeping, LatestFirst) as fn(muster_testkit::MemoryStore) -> muster_testkit::Stores,
        breaking!(housekeeping, Unlimited),
    ] {
        caught!(
            store,
            housekeeping_devices::those_come_first_that_were_seen_longest_ago_and_no_more_than_the_limit,
            "seen longest ago"
        );
    }
}

#[test]
fn a_device_that_is_expired_though_it_is_in_use_is_caught() {
    caught!(
        breaking!(housekeeping, ExpiresAnyway),
        housekeeping_devices::no_device_is_expired_that_is_gone_or_was_seen_since,
        "a device was expired that is gone or was seen since"
    );
    caught!(
        breaking!(housekeeping, SaysYes),
        housekeeping_devices::of_many_servers_that_expire_a_device_at_once_exactly_one_does,
        "not exactly one expired the device"
    );
    caught!(
        breaking!(housekeeping, ExpiresAnyway),
        housekeeping_devices::a_device_that_is_seen_meanwhile_stays_with_its_person,
        "a device was expired that was seen meanwhile"
    );
}
