//! A node of a cluster of registers, as a process of its own: for tests that kill it.
//!
//!     register_node HOME NAME [TOKEN]
//!
//! It says `ready ID ADDRESS` when it is open, then answers each line on its input by one line: `write KEY VALUE`, `read KEY`,
//! `invite`, `leader`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sidecar_cluster::{Cluster, ClusterError, Invitation, Machine, Options, PeerOptions};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Registers(BTreeMap<String, Vec<u64>>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Append {
    register: String,
    value: u64,
}

impl Machine for Registers {
    type Command = Append;
    type Outcome = usize;

    const FORMAT: u32 = 1;

    fn apply(&mut self, Append { register, value }: Append) -> usize {
        let values = self.0.entry(register).or_default();
        values.push(value);
        values.len()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let home = PathBuf::from(arguments.next().ok_or("the home directory is missing")?);
    let name = arguments.next().ok_or("the name is missing")?;
    let token = arguments.next();
    std::fs::create_dir_all(&home)?;
    let options = Options {
        patience: Duration::from_secs(5),
        ..Options::default()
    };
    // Like a user's node, it is at the same address after each start.
    let address_file = home.join("address");
    let listen = std::fs::read_to_string(&address_file).unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let peers = PeerOptions {
        beat: Duration::from_millis(300),
        ..PeerOptions::new(home.join("peers"), &listen, &name)
    };
    let state = home.join("raft.redb");
    let cluster: Cluster<Registers> = match token {
        Some(token) => Cluster::join(&state, options, peers, &token).await?,
        None => Cluster::open_with_peers(&state, options, peers).await?,
    };
    let address = cluster.address().unwrap_or_default();
    std::fs::write(&address_file, &address)?;
    say(&format!("ready {} {address}", cluster.id()))?;
    // It blocks this thread only; the runtime has others.
    for line in std::io::stdin().lines() {
        let line = line?;
        let answer = match answer(&cluster, &line).await {
            Ok(answer) => format!("ok {answer}"),
            Err(cause @ (ClusterError::NoLeader(_) | ClusterError::NoMajority { .. })) => format!("not-done {cause}"),
            Err(cause) => format!("unsure {cause}"),
        };
        say(&answer)?;
    }
    cluster.close().await;
    Ok(())
}

async fn answer(cluster: &Cluster<Registers>, line: &str) -> Result<String, ClusterError> {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["write", register, value] => {
            let command = Append {
                register: (*register).to_owned(),
                value: value.parse().unwrap_or_default(),
            };
            Ok(cluster.submit(command).await?.to_string())
        }
        ["read", register] => {
            let values = cluster
                .read_fresh(|state| state.0.get(*register).cloned().unwrap_or_default())
                .await?;
            Ok(format!("{values:?}"))
        }
        ["invite"] => {
            let invitation = Invitation {
                life_seconds: 60,
                wallet: None,
                replaces: None,
            };
            Ok(cluster.invite(invitation).await?.to_string())
        }
        ["leader"] => Ok(cluster.read_local(|_| ()).leader.unwrap_or_default()),
        _ => Ok("?".to_owned()),
    }
}

fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
