//! Checks whether a container does what it is for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use sidecar_api_types::Health;
use sidecar_container::{Container, ExecConfig, ExecSession};
use sidecar_spec::parts::Probe;
use tokio::io::AsyncRead;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use zlayer_types::spec::ServiceSpec;

const INTERVAL: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(5);
/// Until its first success a container is asked this often, so that nobody waits a whole interval for one that is ready.
const EAGER: Duration = Duration::from_millis(500);

/// `Err`: why the check failed, in words.
async fn ask(probe: &Probe, container: &Container, address: IpAddr) -> Result<(), String> {
    match probe {
        Probe::Tcp { port } => connect(address, *port).await.map(drop),
        Probe::Http {
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
        Probe::Command { command } => run(container, command).await,
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
        let outcome = match timeout(limit, ask(&probe, container, address)).await {
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
}
