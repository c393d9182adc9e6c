//! A wire between two nodes that can be cut: a TCP relay.

use std::collections::HashMap;
use std::net::TcpListener as StdListener;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// One direction between two nodes: who dials reaches the target through this.
struct Relay {
    address: String,
    open: watch::Sender<bool>,
}

/// The wires of a whole fleet: a relay for each dialling node and each dialled address.
#[derive(Clone, Default)]
pub struct Wires(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    relays: HashMap<(String, String), Relay>,
    /// Pairs of (dialling name, dialled address) that are cut.
    cut: Vec<(String, String)>,
    /// Addresses behind which another one stands.
    forwarded: HashMap<String, String>,
}

impl Wires {
    /// The address of the relay from a node to an address; it is made when it is first asked for.
    pub fn route(&self, from: &str, to: &str) -> String {
        let mut state = self.0.lock().unwrap();
        let to = state.forwarded.get(to).cloned().unwrap_or_else(|| to.to_owned());
        let key = (from.to_owned(), to.clone());
        let is_cut = state.cut.contains(&key);
        let relay = state.relays.entry(key).or_insert_with(|| start(to, !is_cut));
        relay.address.clone()
    }

    /// Whoever dials the first address reaches the second.
    pub fn forward(&self, from: &str, to: &str) {
        self.0.lock().unwrap().forwarded.insert(from.to_owned(), to.to_owned());
    }

    /// Cuts the wire from a node to an address: what is connected breaks off, and new connections get no further than the relay.
    pub fn cut(&self, from: &str, to: &str) {
        let mut state = self.0.lock().unwrap();
        let key = (from.to_owned(), to.to_owned());
        if let Some(relay) = state.relays.get(&key) {
            relay.open.send_replace(false);
        }
        state.cut.push(key);
    }

    pub fn mend_all(&self) {
        let mut state = self.0.lock().unwrap();
        state.cut.clear();
        for relay in state.relays.values() {
            relay.open.send_replace(true);
        }
    }
}

fn start(target: String, open: bool) -> Relay {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = watch::channel(open);
    tokio::spawn(async move {
        let listener = TcpListener::from_std(listener).unwrap();
        while let Ok((near, _)) = listener.accept().await {
            let (target, mut open) = (target.clone(), receiver.clone());
            tokio::spawn(async move {
                if !*open.borrow_and_update() {
                    // A packet that gets lost: the connection stays, and nothing comes.
                    let _ = open.wait_for(|open| *open).await;
                    return;
                }
                let relayed = async {
                    let mut near = near;
                    if let Ok(mut far) = TcpStream::connect(&target).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                };
                tokio::select! {
                    () = relayed => {}
                    _ = open.wait_for(|open| !open) => {}
                }
            });
        }
    });
    Relay { address, open: sender }
}
