//! How a health check asks.

use zlayer_types::spec::{HealthCheck, NetworkMode, Protocol};

use super::Parts;

/// How to ask a container whether it does what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    Tcp {
        port: u16,
    },
    Http {
        /// As in the request's header: with the port where the URL has one.
        host: String,
        port: u16,
        path: String,
        /// Status.
        expect: u16,
    },
    Command {
        /// For `/bin/sh -c`.
        command: String,
    },
}

impl Parts<'_> {
    /// `None`: nothing to ask. Port 0 means the first endpoint that speaks TCP.
    pub fn probe(&mut self) -> Option<Probe> {
        let spec = self.spec;
        match &spec.health.check {
            _ if spec.network_mode == NetworkMode::None
                && !matches!(spec.health.check, HealthCheck::Command { .. }) =>
            {
                None
            }
            HealthCheck::Tcp { port: 0 } => spec
                .endpoints
                .iter()
                .find(|endpoint| endpoint.protocol != Protocol::Udp)
                .map(|endpoint| Probe::Tcp {
                    port: endpoint.target_port(),
                }),
            HealthCheck::Tcp { port } => Some(Probe::Tcp { port: *port }),
            HealthCheck::Http { url, expect_status } => {
                let Some((host, port, path)) = parse_url(url) else {
                    let message = format!(
                        "“{url}” cannot be checked; write http://localhost:PORT/PATH, where localhost means the container"
                    );
                    self.fault("invalid-url", "health.check.url", message);
                    return None;
                };
                Some(Probe::Http {
                    host,
                    port,
                    path,
                    expect: *expect_status,
                })
            }
            HealthCheck::Command { command } if command.contains('\0') => {
                self.nul("health.check.command");
                None
            }
            HealthCheck::Command { command } => Some(Probe::Command {
                command: command.clone(),
            }),
        }
    }
}

/// Host, port and path of `http://host[:port][/path]`.
fn parse_url(url: &str) -> Option<(String, u16, String)> {
    let rest = url.strip_prefix("http://")?;
    if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let authority = authority.rsplit('@').next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok().filter(|port| *port != 0)?),
        _ => (authority, 80),
    };
    let path = path.split('#').next().unwrap_or("/");
    (!host.is_empty()).then(|| (authority.to_owned(), port, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let check = |url: &str, want: Option<(&str, u16, &str)>| {
            assert_eq!(
                parse_url(url),
                want.map(|(h, p, path)| (h.to_owned(), p, path.to_owned())),
                "{url}"
            );
        };
        check(
            "http://localhost:8080/healthz?x=1#y",
            Some(("localhost:8080", 8080, "/healthz?x=1")),
        );
        check("http://localhost", Some(("localhost", 80, "/")));
        check("http://[::1]:81/", Some(("[::1]:81", 81, "/")));
        check("https://localhost/", None);
        check("http://localhost:0/", None);
        check("http://localhost/a b", None);
        check("localhost:80", None);
    }

    #[test]
    fn port_zero_is_the_first_endpoint_that_speaks_tcp() {
        let spec = |endpoints: &str| {
            let text = format!(
                "version: v1\ndeployment: shop\nservices:\n  web:\n    image: {{ name: nginx:1 }}\n{endpoints}"
            );
            zlayer_types::spec::from_yaml_str(&text)
                .unwrap()
                .services
                .remove("web")
                .unwrap()
        };
        assert_eq!(Parts::new("web", &spec("")).probe(), None);
        let two = "    endpoints: [{ name: dns, protocol: udp, port: 53 }, { name: http, protocol: http, port: 80, target_port: 8080 }]\n";
        assert_eq!(Parts::new("web", &spec(two)).probe(), Some(Probe::Tcp { port: 8080 }));
    }
}
