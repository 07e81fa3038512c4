//! How often one address may ask without showing a credential that is good.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;

/// How many networks are told apart. While there are more, they are counted in larger ones, so that an attack from a
/// million addresses costs little more memory than this.
const MOST: usize = 65_536;
/// After how many requests those who are quiet again are forgotten.
const UPKEEP_EVERY: usize = 4_096;

/// Counts by address, of IPv6 by the network of 64 bits that one client commonly has to itself.
pub(crate) struct Limits<C: Clock = DefaultClock> {
    counts: RateLimiter<IpNet, DashMapStateStore<IpNet>, C, NoOpMiddleware<C::Instant>>,
    /// Whose credentials were refused more often than may be, and until when they are not looked at.
    shut_out: Mutex<HashMap<IpNet, C::Instant>>,
    counted: AtomicUsize,
    crowded: AtomicBool,
}

impl Limits {
    /// So many a minute, as many of them at once.
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        Self::with_clock(per_minute, DefaultClock::default())
    }
}

impl<C: Clock> Limits<C> {
    fn with_clock(per_minute: NonZeroU32, clock: C) -> Self {
        Self {
            counts: RateLimiter::dashmap_with_clock(Quota::per_minute(per_minute), clock),
            shut_out: Mutex::default(),
            counted: AtomicUsize::new(0),
            crowded: AtomicBool::new(false),
        }
    }

    /// Counts a request without a credential.
    ///
    /// # Errors
    /// After which time the next is let through.
    pub(crate) fn count(&self, client: IpAddr) -> Result<(), Duration> {
        self.take(client).map_err(|(_, until)| until.duration_since(self.counts.clock().now()).into())
    }

    /// Counts a request whose credential was refused. When there were too many, what comes next from there is not looked
    /// at for as long as one is to wait.
    pub(crate) fn count_refused(&self, client: IpAddr) {
        if let Err((network, until)) = self.take(client) {
            let mut shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
            if shut_out.len() >= MOST {
                let now = self.counts.clock().now();
                shut_out.retain(|_, until| *until > now);
            }
            if shut_out.len() < MOST {
                shut_out.insert(network, until);
            }
        }
    }

    /// Whether a credential from there is not even looked at, and for how long.
    pub(crate) fn shut_out(&self, client: IpAddr) -> Option<Duration> {
        let mut shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
        if shut_out.is_empty() {
            return None;
        }
        let network = self.network(client);
        let until = *shut_out.get(&network)?;
        let now = self.counts.clock().now();
        if until > now {
            return Some(until.duration_since(now).into());
        }
        shut_out.remove(&network);
        None
    }

    fn take(&self, client: IpAddr) -> Result<(), (IpNet, C::Instant)> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % UPKEEP_EVERY == UPKEEP_EVERY - 1 {
            self.counts.retain_recent();
            self.crowded.store(self.counts.len() > MOST, Ordering::Relaxed);
        }
        let network = self.network(client);
        self.counts.check_key(&network).map_err(|refusal| (network, refusal.earliest_possible()))
    }

    fn network(&self, client: IpAddr) -> IpNet {
        let crowded = self.crowded.load(Ordering::Relaxed);
        let bits = match client {
            IpAddr::V4(_) => [32, 16],
            IpAddr::V6(_) => [64, 32],
        };
        let network = IpNet::new(client, bits[usize::from(crowded)]);
        network.map_or(IpNet::from(client), |network| network.trunc())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limits(per_minute: u32) -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limits::with_clock(NonZeroU32::new(per_minute).unwrap(), clock.clone()), clock)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_number_in_a_minute() {
        let (limits, clock) = limits(6);
        for _ in 0..6 {
            assert_eq!(limits.count(ip("198.51.100.1")), Ok(()));
        }
        assert_eq!(limits.count(ip("198.51.100.1")), Err(Duration::from_secs(10)));
        assert_eq!(limits.count(ip("198.51.100.2")), Ok(()), "another has its own");
        clock.advance(Duration::from_secs(10));
        assert_eq!(limits.count(ip("198.51.100.1")), Ok(()));
        assert_eq!(limits.count(ip("198.51.100.1")), Err(Duration::from_secs(10)));
    }

    #[test]
    fn a_network_of_64_bits_is_one_client() {
        let (limits, _) = limits(1);
        assert_eq!(limits.count(ip("2a00:1:2:3::1")), Ok(()));
        assert!(limits.count(ip("2a00:1:2:3:ffff::9")).is_err());
        assert_eq!(limits.count(ip("2a00:1:2:4::1")), Ok(()));
    }

    #[test]
    fn refused_credentials_shut_their_address_out_until_one_may_be_tried_again() {
        let (limits, clock) = limits(6);
        let (mallory, ada) = (ip("198.51.100.1"), ip("198.51.100.2"));
        for _ in 0..6 {
            limits.count_refused(mallory);
            assert_eq!(limits.shut_out(mallory), None);
        }
        limits.count_refused(mallory);
        assert_eq!(limits.shut_out(mallory), Some(Duration::from_secs(10)));
        assert_eq!(limits.shut_out(ada), None);
        clock.advance(Duration::from_secs(10));
        assert_eq!(limits.shut_out(mallory), None);
        assert!(limits.shut_out.lock().unwrap().is_empty(), "it is forgotten");
    }

    #[test]
    fn a_crowd_of_addresses_takes_bounded_memory_and_is_forgotten() {
        let (limits, clock) = limits(1);
        for number in 0..300_000_u32 {
            let _ = limits.count(Ipv4Addr::from_bits(number.wrapping_mul(2_654_435_761)).into());
        }
        for number in 0..100_000_u128 {
            let address = Ipv6Addr::from_bits((0x2a00 << 112) + (number << 64));
            limits.count_refused(address.into());
            limits.count_refused(address.into());
        }
        // The networks of 16 bits, beside those that were there before.
        let most = MOST + UPKEEP_EVERY + 65_536;
        assert!(limits.counts.len() <= most, "{} networks", limits.counts.len());
        assert!(limits.shut_out.lock().unwrap().len() <= MOST);
        clock.advance(Duration::from_mins(3));
        for _ in 0..UPKEEP_EVERY {
            let _ = limits.count(ip("198.51.100.1"));
        }
        // The one that asks, in its large network and then in its own.
        assert!(limits.counts.len() <= 2, "{} networks", limits.counts.len());
        assert!(!limits.crowded.load(Ordering::Relaxed));
    }
}
