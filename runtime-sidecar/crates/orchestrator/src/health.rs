//! Checks whether a container does what it is for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use sidecar_api_types::{Health, Reason};
use sidecar_container::{Container, ExecConfig, ExecSession};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use zlayer_types::spec::{HealthCheck, NetworkMode, Protocol, ServiceSpec};

use crate::reason::reason_at;

const INTERVAL: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(5);
/// Until its first success a container is asked this often, so that nobody waits a whole interval for one that is ready.
const EAGER: Duration = Duration::from_millis(500);
/// More of an HTTP answer is not read to find its status.
const STATUS_LINE: usize = 1024;

/// How to ask a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probe {
    Tcp {
        port: u16,
    },
    Http {
        host: String,
        port: u16,
        path: String,
        expect: u16,
    },
    Command {
        command: String,
    },
}

impl Probe {
    /// `Ok(None)`: nothing to ask. Port 0 means the first endpoint that speaks TCP.
    pub fn new(service: &str, spec: &ServiceSpec) -> Result<Option<Self>, Reason> {
        Ok(match &spec.health.check {
            _ if spec.network_mode == NetworkMode::None
                && !matches!(spec.health.check, HealthCheck::Command { .. }) =>
            {
                None
            }
            HealthCheck::Tcp { port: 0 } => {
                let endpoint = spec
                    .endpoints
                    .iter()
                    .find(|endpoint| endpoint.protocol != Protocol::Udp);
                endpoint.map(|endpoint| Self::Tcp {
                    port: endpoint.target_port(),
                })
            }
            HealthCheck::Tcp { port } => Some(Self::Tcp { port: *port }),
            HealthCheck::Http { url, expect_status } => {
                let Some((host, port, path)) = parse_url(url) else {
                    let message = format!(
                        "“{url}” cannot be checked; write http://localhost:PORT/PATH, where localhost means the container"
                    );
                    return Err(reason_at(
                        "invalid-url",
                        message,
                        format!("services.{service}.health.check.url"),
                    ));
                };
                Some(Self::Http {
                    host,
                    port,
                    path,
                    expect: *expect_status,
                })
            }
            HealthCheck::Command { command } => Some(Self::Command {
                command: command.clone(),
            }),
        })
    }

    /// `Err`: why the check failed, in words.
    async fn ask(&self, container: &Container, address: IpAddr) -> Result<(), String> {
        match self {
            Self::Tcp { port } => connect(address, *port).await.map(drop),
            Self::Http {
                host,
                port,
                path,
                expect,
            } => {
                let mut stream = connect(address, *port).await?;
                let failed = |cause: std::io::Error| format!("port {port} broke off: {cause}");
                let request = format!(
                    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: zlayer-sidecar\r\nAccept: */*\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(request.as_bytes()).await.map_err(failed)?;
                let mut answer = Vec::new();
                let mut chunk = [0; 256];
                while !answer.contains(&b'\n') && answer.len() < STATUS_LINE {
                    match stream.read(&mut chunk).await.map_err(failed)? {
                        0 => break,
                        n => answer.extend_from_slice(&chunk[..n]),
                    }
                }
                match status(&answer) {
                    Some(status) if status == *expect => Ok(()),
                    Some(status) => Err(format!("{path} answered {status} instead of {expect}")),
                    None => Err(format!("port {port} does not speak HTTP")),
                }
            }
            Self::Command { command } => run(container, command).await,
        }
    }
}

async fn connect(address: IpAddr, port: u16) -> Result<TcpStream, String> {
    TcpStream::connect(SocketAddr::new(address, port))
        .await
        .map_err(|cause| format!("port {port}: {}", plain(&cause)))
}

fn plain(cause: &std::io::Error) -> String {
    match cause.kind() {
        std::io::ErrorKind::ConnectionRefused => "nothing listens".to_owned(),
        _ => cause.to_string(),
    }
}

async fn run(container: &Container, command: &str) -> Result<(), String> {
    let args = ["/bin/sh", "-c", command].map(str::to_owned).to_vec();
    let exec = ExecConfig {
        args,
        ..ExecConfig::default()
    };
    let ExecSession {
        stdin,
        stdout,
        stderr,
        mut control,
    } = container.exec(exec).await.map_err(|e| e.to_string())?;
    drop(stdin);
    // Its output is thrown away, but it must not block on it.
    tokio::join!(drain(Some(stdout)), drain(stderr));
    match control.wait().await {
        Ok(0) => Ok(()),
        Ok(code) => Err(format!("the command ended with status {code}")),
        Err(cause) => Err(cause.to_string()),
    }
}

async fn drain(from: Option<impl AsyncRead + Unpin>) {
    if let Some(mut from) = from {
        let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
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

fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split_whitespace();
    words.next()?.strip_prefix("HTTP/")?;
    words.next()?.parse().ok()
}

/// Checks a running container until it is dropped; `report` hears of each change, with the reason of a failure.
/// Before the end of the start grace a failure does not count.
pub(crate) async fn watch(
    spec: &ServiceSpec,
    probe: Option<Probe>,
    container: &Container,
    address: Option<Ipv4Addr>,
    mut report: impl FnMut(Health, Option<String>),
) {
    let Some(probe) = probe else {
        report(Health::None, None);
        return std::future::pending().await;
    };
    let address = IpAddr::V4(address.unwrap_or(Ipv4Addr::LOCALHOST));
    let interval = spec.health.interval.unwrap_or(INTERVAL).max(Duration::from_millis(100));
    let limit = spec.health.timeout.unwrap_or(TIMEOUT).max(Duration::from_millis(10));
    let retries = spec.health.retries.max(1);
    let started = Instant::now();
    let grace = spec.health.start_grace.unwrap_or_default();
    report(Health::Pending, None);
    let mut passed = false;
    let mut failures = 0;
    // When the next failure may count: failures count once an interval, however often we ask.
    let mut counts_from = started + grace;
    loop {
        let outcome = match timeout(limit, probe.ask(container, address)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("no answer within {limit:?}")),
        };
        match outcome {
            Ok(()) => {
                passed = true;
                failures = 0;
                report(Health::Healthy, None);
            }
            Err(cause) if Instant::now() >= counts_from => {
                counts_from = Instant::now() + interval;
                failures += 1;
                if failures >= retries {
                    report(Health::Unhealthy, Some(cause));
                } else if !passed {
                    report(Health::Pending, Some(cause));
                }
            }
            Err(cause) if !passed && failures < retries => report(Health::Pending, Some(cause)),
            Err(_) => {}
        }
        sleep(if passed && failures == 0 {
            interval
        } else {
            interval.min(EAGER)
        })
        .await;
    }
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
    fn status_lines() {
        assert_eq!(status(b"HTTP/1.1 204 No Content\r\n"), Some(204));
        assert_eq!(status(b"SSH-2.0-OpenSSH\r\n"), None);
        assert_eq!(status(b""), None);
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
        assert_eq!(Probe::new("web", &spec("")).unwrap(), None);
        let two = "    endpoints: [{ name: dns, protocol: udp, port: 53 }, { name: http, protocol: http, port: 80, target_port: 8080 }]\n";
        assert_eq!(Probe::new("web", &spec(two)).unwrap(), Some(Probe::Tcp { port: 8080 }));
    }
}
