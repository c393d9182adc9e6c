//! The names of one deployment. Pure.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// What a name means here.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    Addresses(Vec<Ipv4Addr>),
    /// It could only be a name of this deployment, and there is none such.
    Unknown,
    /// Not ours: the host's resolvers know.
    Foreign,
}

/// The names of one deployment: `service`, `service.<deployment>` and `<replica>.service.<deployment>`.
///
/// Names of one label, of the two forms under the deployment's name, and reverse names of the pool are never asked of
/// others. So in a deployment that is called like a top-level domain, such as `app`, the site `example.app` is not found,
/// while `www.example.app` is.
#[derive(Debug)]
pub struct Zone {
    domain: String,
    pool: Ipv4Net,
    services: BTreeMap<String, Vec<(u32, Ipv4Addr)>>,
}

/// The deployment's name as a DNS label: lower case, at most 63 characters, other characters replaced by `-`.
pub fn domain(deployment: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let label: String = deployment.chars().map(safe).take(63).collect();
    let label = label.trim_matches('-');
    if label.is_empty() {
        "deployment".to_owned()
    } else {
        label.to_owned()
    }
}

impl Zone {
    pub fn new(deployment: &str, pool: Ipv4Net) -> Self {
        Self {
            domain: domain(deployment),
            pool,
            services: BTreeMap::new(),
        }
    }

    /// Replaces the addresses of a service; none at all removes its name.
    pub fn set(&mut self, service: &str, addresses: &[(u32, Ipv4Addr)]) {
        let service = service.to_ascii_lowercase();
        if addresses.is_empty() {
            self.services.remove(&service);
        } else {
            self.services.insert(service, addresses.to_vec());
        }
    }

    /// Looks up a name given by its labels, in lower case, without the root.
    pub fn look_up(&self, labels: &[&str]) -> Meaning {
        let all = |service: &str| self.addresses(service, None);
        match labels {
            [service] => all(service),
            [service, domain] if *domain == self.domain => all(service),
            [replica, service, domain] if *domain == self.domain => match replica.parse() {
                Ok(replica) => self.addresses(service, Some(replica)),
                Err(_) => Meaning::Foreign,
            },
            [reversed @ .., "in-addr", "arpa"] if self.is_reverse(reversed) => Meaning::Unknown,
            _ => Meaning::Foreign,
        }
    }

    fn addresses(&self, service: &str, replica: Option<u32>) -> Meaning {
        let Some(entries) = self.services.get(service) else {
            return Meaning::Unknown;
        };
        let chosen = entries
            .iter()
            .filter(|(number, _)| replica.is_none_or(|wanted| wanted == *number));
        let addresses: Vec<_> = chosen.map(|(_, address)| *address).collect();
        if addresses.is_empty() {
            Meaning::Unknown
        } else {
            Meaning::Addresses(addresses)
        }
    }

    fn is_reverse(&self, labels: &[&str]) -> bool {
        let octets: Option<Vec<u8>> = labels.iter().rev().map(|label| label.parse().ok()).collect();
        match octets.as_deref() {
            Some(&[a, b, c, d]) => self.pool.contains(&Ipv4Addr::new(a, b, c, d)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Zone {
        let mut zone = Zone::new("Shop", "10.89.0.0/16".parse().unwrap());
        zone.set(
            "Web",
            &[(1, Ipv4Addr::new(10, 89, 0, 2)), (2, Ipv4Addr::new(10, 89, 0, 3))],
        );
        zone
    }

    fn check(name: &str, expect: Meaning) {
        let labels: Vec<&str> = name.split('.').collect();
        assert_eq!(zone().look_up(&labels), expect, "{name}");
    }

    #[test]
    fn own_names() {
        let both = || Meaning::Addresses(vec![Ipv4Addr::new(10, 89, 0, 2), Ipv4Addr::new(10, 89, 0, 3)]);
        check("web", both());
        check("web.shop", both());
        check("2.web.shop", Meaning::Addresses(vec![Ipv4Addr::new(10, 89, 0, 3)]));
        check("3.web.shop", Meaning::Unknown);
        check("db", Meaning::Unknown);
        check("db.shop", Meaning::Unknown);
        check("1.db.shop", Meaning::Unknown);
        check("7.0.89.10.in-addr.arpa", Meaning::Unknown);
    }

    #[test]
    fn names_of_others() {
        check("example.com", Meaning::Foreign);
        check("www.example.shop", Meaning::Foreign);
        check("web.other", Meaning::Foreign);
        check("7.0.90.10.in-addr.arpa", Meaning::Foreign);
    }

    #[test]
    fn a_service_without_replicas_has_no_name() {
        let mut zone = zone();
        zone.set("web", &[]);
        assert_eq!(zone.look_up(&["web"]), Meaning::Unknown);
    }

    #[test]
    fn odd_deployment_names_become_a_label() {
        assert_eq!(domain("My App/ü.x"), "my-app---x");
        assert_eq!(domain("--"), "deployment");
        assert_eq!(domain(&"x".repeat(300)).len(), 63);
    }
}
