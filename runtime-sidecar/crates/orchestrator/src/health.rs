//! Checks whether a container does what it is for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use sidecar_api_types::{Health, Reason};
use sidecar_container::{Container, ExecConfig, ExecSession};
use tokio::io::AsyncRead;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use zlayer_types::spec::{HealthCheck, NetworkMode, Protocol, ServiceSpec};

use crate::reason::reason_at;

const INTERVAL: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(5);
/// Until its first success a container is asked this often, so that nobody waits a whole interval for one that is ready.
const EAGER: Duration = Duration::from_millis(500);

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
                let status = get(connect(address, *port).await?, host, path)
                    .await
                    .map_err(|cause| format!("port {port} {cause}"))?;
                if status == *expect {
                    Ok(())
                } else {
                    Err(format!("{path} answered {status} instead of {expect}"))
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

/// The status of the answer to a request over HTTP/1.1.
async fn get(stream: TcpStream, host: &str, path: &str) -> Result<u16, String> {
    let failed = |cause: hyper::Error| {
        if cause.is_parse() {
            "does not speak HTTP".to_owned()
        } else {
            format!("broke off: {cause}")
        }
    };
    let request = Request::get(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, "zlayer-sidecar")
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|cause| format!("cannot be asked: {cause}"))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // The connection ends with the answer's first line: the rest is dropped.
    let answer = tokio::select! {
        biased;
        answer = sender.send_request(request) => answer,
        Err(cause) = connection => Err(cause),
    };
    Ok(answer.map_err(failed)?.status().as_u16())
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

    /// What a server that says `answer` and goes is taken for.
    async fn asked(answer: &'static [u8]) -> Result<u16, String> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let server = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = server.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = server.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(answer).await;
        });
        get(TcpStream::connect(address).await.unwrap(), "localhost", "/x?y").await
    }

    #[tokio::test]
    async fn only_the_status_of_an_answer_counts() {
        assert_eq!(asked(b"HTTP/1.1 204 No Content\r\n\r\n").await, Ok(204));
        assert_eq!(asked(b"HTTP/1.0 503 Busy\r\n\r\nbody").await, Ok(503));
        assert_eq!(
            asked(b"SSH-2.0-OpenSSH\r\n").await,
            Err("does not speak HTTP".to_owned())
        );
        assert!(asked(b"").await.unwrap_err().starts_with("broke off"));
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
