use muster_domain::{Clock, UserId, to_micros};
use muster_testkit::{Builders, FixedClock, SeededEntropy};
use proptest::prelude::*;
use time::{Duration, OffsetDateTime};

#[test]
fn an_id_is_a_version_7_uuid_of_its_time() {
    let make = Builders::default();
    let id = UserId::new(make.now(), &*make.entropy);
    assert_eq!(id.0.get_version_num(), 7);
    let (seconds, nanoseconds) = id.0.get_timestamp().unwrap().to_unix();
    assert_eq!(i64::try_from(seconds).unwrap(), FixedClock::START.unix_timestamp());
    assert_eq!(nanoseconds, 0);
    assert_eq!(id.to_string().parse::<UserId>().unwrap(), id);
}

#[test]
fn a_malformed_id_is_refused() {
    for text in ["", "1", "not-an-id", "0192d5a0-0000-7000-8000-00000000000g"] {
        assert!(text.parse::<UserId>().is_err(), "{text}");
    }
}

#[test]
fn a_clock_stands_until_it_is_moved() {
    let clock = FixedClock::new();
    assert_eq!(clock.now(), FixedClock::START);
    clock.advance(Duration::minutes(-1));
    assert_eq!(clock.now(), FixedClock::START - Duration::MINUTE);
    clock.set(FixedClock::START + Duration::nanoseconds(1_999));
    assert_eq!(clock.now(), FixedClock::START + Duration::MICROSECOND);
}

proptest! {
    #[test]
    fn ids_sort_by_their_time(earlier in 0_i64..4_000_000_000, later in 0_i64..4_000_000_000, seed in any::<u64>()) {
        let entropy = SeededEntropy::new(seed);
        let id = |seconds| UserId::new(OffsetDateTime::from_unix_timestamp(seconds).unwrap(), &entropy);
        let (first, second) = (id(earlier), id(later));
        prop_assert_ne!(first, second);
        if earlier != later {
            prop_assert_eq!(first < second, earlier < later);
        }
    }

    #[test]
    fn cutting_to_microseconds_drops_less_than_one(seconds in -4_000_000_000_i64..4_000_000_000, nanos in 0_i64..1_000_000_000) {
        let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap() + Duration::nanoseconds(nanos);
        let cut = to_micros(at);
        prop_assert_eq!(cut.nanosecond() % 1_000, 0);
        prop_assert!(cut <= at && at - cut < Duration::MICROSECOND);
        prop_assert_eq!(to_micros(cut), cut);
    }
}
