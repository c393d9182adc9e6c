//! Which subnet a deployment gets and which address a container gets. Pure: no kernel, no disk.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// The size of one deployment's subnet, unless the pool itself is smaller.
const SUBNET_PREFIX: u8 = 24;

/// A subnet of the pool that overlaps nothing in `taken` (other deployments, routes of the host). The search starts at a
/// place given by `seed`, so that two engines on one machine that choose at the same moment hardly choose the same.
pub fn free_subnet(pool: Ipv4Net, taken: &[Ipv4Net], seed: u32) -> Option<Ipv4Net> {
    let prefix = SUBNET_PREFIX.max(pool.prefix_len());
    let overlaps = |a: &Ipv4Net, b: &Ipv4Net| a.contains(b) || b.contains(a);
    let free = |subnet: &Ipv4Net| !taken.iter().any(|other| overlaps(subnet, other));
    let subnets = pool.trunc().subnets(prefix).ok()?;
    let start = u64::from(seed) % (1 << (prefix - pool.prefix_len()));
    subnets
        .skip(start as usize)
        .find(free)
        .or_else(|| subnets.take(start as usize).find(free))
}

/// The bridge's address in a subnet: the first usable one.
pub fn gateway(subnet: Ipv4Net) -> Ipv4Addr {
    subnet.hosts().next().unwrap_or(subnet.network())
}

/// Hands out addresses in rising order and comes back to the lowest only at the end, so that an address which was just
/// given back is not used again at once while peers still remember its former owner.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursor(u32);

impl Cursor {
    /// The next address of the subnets, in order, that `in_use` does not claim, with the subnet it is from.
    pub fn next(&mut self, subnets: &[Ipv4Net], in_use: impl Fn(Ipv4Addr) -> bool) -> Option<(Ipv4Net, Ipv4Addr)> {
        let usable = || {
            subnets
                .iter()
                .flat_map(|subnet| subnet.hosts().skip(1).map(|address| (*subnet, address)))
                .filter(|(_, address)| !in_use(*address))
        };
        let chosen = usable()
            .find(|(_, address)| u32::from(*address) > self.0)
            .or_else(|| usable().next())?;
        self.0 = u32::from(chosen.1);
        Some(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn net(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn a_subnet_avoids_what_is_taken() {
        let pool = net("10.89.0.0/16");
        let check = |taken: &[&str], seed, expect: Option<&str>| {
            let taken: Vec<_> = taken.iter().map(|text| net(text)).collect();
            assert_eq!(free_subnet(pool, &taken, seed), expect.map(net), "{taken:?} {seed}");
        };
        check(&[], 0, Some("10.89.0.0/24"));
        check(&[], 259, Some("10.89.3.0/24"));
        check(&["10.89.0.0/24"], 0, Some("10.89.1.0/24"));
        check(&["10.89.0.0/17", "10.89.128.7/32"], 0, Some("10.89.129.0/24"));
        check(&["10.89.255.0/24"], 255, Some("10.89.0.0/24"));
        check(&["10.0.0.0/8"], 7, None);
    }

    #[test]
    fn a_small_pool_is_one_subnet() {
        assert_eq!(free_subnet(net("10.1.2.0/30"), &[], 9), Some(net("10.1.2.0/30")));
        assert_eq!(free_subnet(net("10.1.2.0/30"), &[net("10.1.2.0/30")], 9), None);
    }

    #[test]
    fn addresses_rise_then_wrap_and_never_collide() {
        let subnets = [net("10.1.2.0/29"), net("10.1.3.0/29")];
        let mut used = HashSet::new();
        let mut cursor = Cursor::default();
        while let Some((subnet, address)) = cursor.next(&subnets, |a| used.contains(&a)) {
            assert!(subnet.contains(&address) && address != gateway(subnet) && address != subnet.broadcast());
            assert!(used.insert(address));
        }
        assert_eq!(used.len(), 10);
        used.remove(&Ipv4Addr::new(10, 1, 2, 4));
        assert_eq!(
            cursor.next(&subnets, |a| used.contains(&a)).unwrap().1,
            Ipv4Addr::new(10, 1, 2, 4)
        );
    }
}
