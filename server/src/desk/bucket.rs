//! How often an address may try keys: a token bucket each, in memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use kaunta_domain::time::Timestamp;

/// How many tries an address has at once.
const FULL: u64 = 10;
/// How long until it gets one more.
const REFILL: Duration = Duration::from_secs(30);
/// How many addresses are remembered; those that are full again are forgotten first.
const MOST: usize = 10_000;

/// A bucket: when it was last filled up to what.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: u64,
    at: Timestamp,
}

/// The buckets of all addresses that tried lately.
#[derive(Debug, Default)]
pub(super) struct Buckets(HashMap<IpAddr, Bucket>);

impl Buckets {
    /// Takes a try from the bucket of `address`, or tells how long until there is one.
    pub(super) fn take(&mut self, address: IpAddr, now: Timestamp) -> Result<(), Duration> {
        if self.0.len() >= MOST {
            self.0.retain(|_, bucket| bucket.filled(now).tokens < FULL);
        }
        // Nobody is locked out by a crowd of strangers, and memory has an end.
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let whole = Bucket {
            tokens: FULL,
            at: now,
        };
        let bucket = self.0.entry(network(address)).or_insert(whole);
        *bucket = bucket.filled(now);
        if bucket.tokens == 0 {
            return Err(REFILL.saturating_sub(now.since(bucket.at)));
        }
        bucket.tokens -= 1;
        Ok(())
    }

    /// Gives the try back to somebody whose key was right.
    pub(super) fn give_back(&mut self, address: IpAddr) {
        if let Some(bucket) = self.0.get_mut(&network(address)) {
            bucket.tokens = (bucket.tokens + 1).min(FULL);
        }
    }
}

impl Bucket {
    fn filled(self, now: Timestamp) -> Self {
        let steps = now.since(self.at).as_secs() / REFILL.as_secs();
        if steps == 0 {
            return self;
        }
        if self.tokens.saturating_add(steps) >= FULL {
            return Self {
                tokens: FULL,
                at: now,
            };
        }
        Self {
            tokens: self.tokens + steps,
            at: self.at + Duration::from_secs(steps * REFILL.as_secs()),
        }
    }
}

/// Whoever has one IPv6 address has the whole network of it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => IpAddr::V6((u128::from(long) >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn after(seconds: u64) -> Timestamp {
        Timestamp::from_millis(0) + Duration::from_secs(seconds)
    }

    #[test]
    fn tries_run_out_and_come_back_one_by_one() {
        let mut buckets = Buckets::default();
        for _ in 0..FULL {
            assert_eq!(buckets.take(HERE, after(0)), Ok(()));
        }
        assert_eq!(buckets.take(HERE, after(10)), Err(Duration::from_secs(20)));
        assert_eq!(buckets.take("10.0.0.1".parse().unwrap(), after(10)), Ok(()));
        assert_eq!(buckets.take(HERE, after(30)), Ok(()));
        assert!(buckets.take(HERE, after(31)).is_err());
        buckets.give_back(HERE);
        assert_eq!(buckets.take(HERE, after(31)), Ok(()));
    }

    #[test]
    fn a_network_of_ipv6_addresses_shares_its_tries_and_memory_has_an_end() {
        let mut buckets = Buckets::default();
        for at in 0..FULL {
            assert_eq!(
                buckets.take(format!("2001:db8::{at}").parse().unwrap(), after(0)),
                Ok(())
            );
        }
        assert!(buckets.take("2001:db8::ffff".parse().unwrap(), after(0)).is_err());
        for at in 0..u32::try_from(MOST).unwrap() + 5 {
            let _ = buckets.take(IpAddr::V4(at.into()), after(0));
        }
        assert!(buckets.0.len() <= MOST);
    }
}
