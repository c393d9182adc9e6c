//! What the tests run as an ordinary user: enters the namespaces, then does what the arguments say. Each answer is one
//! line of JSON. `serve` goes on until its standard input is closed.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns};
use sidecar_network::{NetworkConfig, NetworkManager, PublishedPort};
use sidecar_rootless::{RootlessConfig, dissolve, enter};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, data_dir, rest @ ..] = arguments.as_slice() else {
        return Err("rootless_helper WHAT DATA_DIR …".into());
    };
    let data_dir = PathBuf::from(data_dir);
    let environment = enter(&RootlessConfig {
        data_dir: data_dir.clone(),
    })?;
    let limitations: Vec<&str> = environment
        .limitations
        .iter()
        .map(|limitation| limitation.code.as_str())
        .collect();
    let namespaces: Vec<String> = ["user", "mnt", "net"]
        .iter()
        .filter_map(|name| {
            Some(
                fs::read_link(format!("/proc/self/ns/{name}"))
                    .ok()?
                    .to_string_lossy()
                    .into_owned(),
            )
        })
        .collect();
    say(&serde_json::json!({
        "limitations": limitations,
        "resumed": environment.resumed,
        "real_uid": environment.real_uid,
        "subordinate_ids": environment.subordinate_ids,
        "uid": nix::unistd::Uid::effective().as_raw(),
        "namespaces": namespaces,
    }))?;
    match what.as_str() {
        "enter" => Ok(()),
        "overlay" => overlay(&data_dir),
        "peers" => peers(&data_dir),
        "connect" => connect(rest.first().ok_or("a port is missing")?.parse()?),
        "serve" => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?
            .block_on(serve(&data_dir)),
        other => Err(format!("{other} is not known").into()),
    }
}

fn say(value: &serde_json::Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}

/// A file of the lower layer that is removed and one that is made, as a container's root file system has them.
fn overlay(data_dir: &Path) -> Result<()> {
    let at = |name: &str| data_dir.join("overlay").join(name);
    for name in ["lower", "upper", "work", "merged"] {
        fs::create_dir_all(at(name))?;
    }
    fs::write(at("lower/kept"), "kept")?;
    fs::write(at("lower/removed"), "removed")?;
    let options = format!(
        "lowerdir={},upperdir={},workdir={},userxattr",
        at("lower").display(),
        at("upper").display(),
        at("work").display()
    );
    mount(
        Some("overlay"),
        &at("merged"),
        Some("overlay"),
        MsFlags::empty(),
        Some(options.as_str()),
    )?;
    fs::remove_file(at("merged/removed"))?;
    fs::write(at("merged/made"), "made")?;
    let owned = std::os::unix::fs::chown(at("merged/made"), Some(1000), Some(1000)).is_ok();
    let mut names: Vec<String> = fs::read_dir(at("merged"))?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    say(&serde_json::json!({ "names": names, "chown": owned }))
}

/// The uid of each of two peers, as the API sees it.
fn peers(data_dir: &Path) -> Result<()> {
    let path = data_dir.join("socket");
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666))?;
    say(&serde_json::json!({ "listening": true }))?;
    for _ in 0..2 {
        let (stream, _) = listener.accept()?;
        let peer = nix::sys::socket::getsockopt(&stream, nix::sys::socket::sockopt::PeerCredentials)?;
        say(&serde_json::json!({ "peer": peer.uid(), "own": nix::unistd::Uid::effective().as_raw() }))?;
    }
    Ok(())
}

/// What a server on the host's loopback says to a client inside.
fn connect(port: u16) -> Result<()> {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    // The way out looks for new listeners once a second.
    let text = loop {
        let mut text = String::new();
        let heard =
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).and_then(|mut stream| stream.read_to_string(&mut text));
        match heard {
            Ok(_) if !text.is_empty() => break text,
            result if std::time::Instant::now() > deadline => {
                return Err(format!("nothing was heard: {result:?}").into());
            }
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    say(&serde_json::json!({ "heard": text }))
}

fn inside<T: Send>(netns: &Path, work: impl FnOnce() -> std::io::Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            setns(fs::File::open(netns)?, CloneFlags::CLONE_NEWNET)?;
            work()
        });
        Ok(thread.join().map_err(|_| "a thread panicked")??)
    })
}

/// Two containers: `web` answers on a published TCP and UDP port, `peer` calls it.
async fn serve(data_dir: &Path) -> Result<()> {
    let net = NetworkManager::open(NetworkConfig::new(data_dir.join("network"))).await?;
    let resumed = net.attachment("web").await;
    let (web, published) = match resumed {
        Some(web) => (web, net.published("web").await),
        None => {
            let web = net.attach("shop", "web", &BTreeMap::new()).await?;
            let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
            let ports = [false, true].map(|udp| PublishedPort {
                host_ip: any,
                host_port: None,
                container_port: 80,
                udp,
            });
            (web, net.publish("web", &ports).await?)
        }
    };
    let listener = inside(&web.netns, || TcpListener::bind("0.0.0.0:80"))?;
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.and_then(|mut stream| stream.write_all(b"web"));
        }
    });
    let socket = inside(&web.netns, || UdpSocket::bind("0.0.0.0:80"))?;
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let _ = buffer.get(..length).map(|bytes| socket.send_to(bytes, from));
        }
    });
    if net.attachment("peer").await.is_none() {
        net.attach("shop", "peer", &BTreeMap::new()).await?;
    }
    let peer = net.attachment("peer").await.ok_or("the peer has no network")?;
    let mut heard = String::new();
    inside(&peer.netns, || TcpStream::connect(SocketAddr::from((web.address, 80))))?.read_to_string(&mut heard)?;
    let ports: Vec<Option<u16>> = published.iter().map(|port| port.host_port).collect();
    say(&serde_json::json!({ "heard": heard, "ports": ports, "address": web.address }))?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    net.retain(&[]).await?;
    Ok(dissolve(&RootlessConfig {
        data_dir: data_dir.to_owned(),
    })?)
}
