//! One node of a mesh in the present network namespace, for the benchmark and for trying it by hand:
//!     node LINK ADDRESS RANGE PORT MTU <secret-file> [PEER-KEY ENDPOINT NETWORK]…
//! It prints its public key; without peers it ends then. It runs until its standard input is closed.

use std::error::Error;
use std::io::{Read, stdin};
use std::path::Path;

use sidecar_mesh::{Mesh, MeshConfig, Peer, SecretKey};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [link, address, range, port, mtu, secret, peers @ ..] = arguments.as_slice() else {
        return Err("usage: node LINK ADDRESS RANGE PORT MTU SECRET-FILE [PEER-KEY ENDPOINT NETWORK]…".into());
    };
    let secret = SecretKey::load_or_create(Path::new(secret))?;
    println!("{}", secret.public());
    if peers.is_empty() {
        return Ok(());
    }
    let config = MeshConfig {
        link: link.clone(),
        secret,
        port: port.parse()?,
        address: address.parse()?,
        range: range.parse()?,
        mtu: mtu.parse()?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mesh = runtime.block_on(Mesh::start(config))?;
    for (number, peer) in peers.chunks(3).enumerate() {
        let [key, endpoint, network] = peer else {
            return Err("a peer is PEER-KEY ENDPOINT NETWORK".into());
        };
        mesh.set_peer(Peer {
            name: format!("peer{number}"),
            keys: vec![key.parse()?],
            endpoint: Some(endpoint.parse()?),
            networks: vec![network.parse()?],
            keepalive: Some(25),
        })?;
    }
    println!("listening on port {}", mesh.port());
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
