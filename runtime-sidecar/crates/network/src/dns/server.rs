//! Listens on one deployment's gateway address, UDP and TCP.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::answer::{Decision, decide, server_failure};
use super::forward::{forward, read_message, resolvers, write_message};
use super::zone::Zone;
use crate::error::NetworkError;
use crate::port_owner::owner;
use crate::sockets::{bind_tcp, bind_udp};

const PORT: u16 = 53;
/// Queries on their way and open TCP connections, each; more must wait, so that a flood costs no memory.
const MOST_AT_ONCE: usize = 256;
const IDLE_CONNECTION: Duration = Duration::from_secs(10);

struct Shared {
    zone: RwLock<Zone>,
    turn: AtomicUsize,
    permits: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    own: RwLock<Vec<Ipv4Addr>>,
}

/// One deployment's name server. Dropping it stops it.
pub struct NameServer {
    shared: Arc<Shared>,
    tasks: Vec<AbortHandle>,
}

impl NameServer {
    pub fn new(zone: Zone) -> Self {
        let permits = || Arc::new(Semaphore::new(MOST_AT_ONCE));
        let shared = Shared {
            zone: RwLock::new(zone),
            turn: AtomicUsize::new(0),
            permits: permits(),
            connections: permits(),
            own: RwLock::default(),
        };
        Self {
            shared: Arc::new(shared),
            tasks: Vec::new(),
        }
    }

    /// Serves on one more address.
    ///
    /// # Errors
    /// `NamePortInUse` when another program listens on port 53 of all addresses, `Kernel` for other failures.
    pub fn listen(&mut self, address: Ipv4Addr) -> Result<(), NetworkError> {
        let at = SocketAddr::from((address, PORT));
        let failed = |error: io::Error, udp| match error.kind() {
            io::ErrorKind::AddrInUse => NetworkError::NamePortInUse {
                address,
                owner: owner(address.into(), PORT, udp),
            },
            _ => NetworkError::kernel(format!("serve names on {at}"), error),
        };
        let udp = bind_udp(at).map_err(|error| failed(error, true))?;
        let tcp = bind_tcp(at).map_err(|error| failed(error, false))?;
        self.shared
            .own
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(address);
        self.tasks
            .push(tokio::spawn(serve_udp(Arc::new(udp), self.shared.clone())).abort_handle());
        self.tasks
            .push(tokio::spawn(serve_tcp(tcp, self.shared.clone())).abort_handle());
        Ok(())
    }

    pub fn set(&self, service: &str, addresses: &[(u32, Ipv4Addr)]) {
        self.shared
            .zone
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .set(service, addresses);
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Shared {
    fn decide(&self, query: &[u8], tcp: bool) -> Decision {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        decide(
            &self.zone.read().unwrap_or_else(PoisonError::into_inner),
            query,
            turn,
            tcp,
        )
    }

    async fn ask_others(&self, query: &[u8], tcp: bool) -> Option<Vec<u8>> {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner).clone();
        forward(query, &resolvers(&own).await, tcp)
            .await
            .or_else(|| server_failure(query))
    }
}

async fn serve_udp(socket: Arc<UdpSocket>, shared: Arc<Shared>) {
    let mut buffer = vec![0; 4096];
    loop {
        // An error here is about one packet (a client that is gone), not about the socket.
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        let query = &buffer[..length];
        match shared.decide(query, false) {
            Decision::Ignore => {}
            Decision::Reply(answer) => drop(socket.send_to(&answer, client).await),
            Decision::Forward => {
                let Ok(permit) = shared.permits.clone().try_acquire_owned() else {
                    continue;
                };
                let (query, socket, shared) = (query.to_vec(), socket.clone(), shared.clone());
                tokio::spawn(async move {
                    let _permit = permit;
                    if let Some(answer) = shared.ask_others(&query, false).await {
                        let _ = socket.send_to(&answer, client).await;
                    }
                });
            }
        }
    }
}

async fn serve_tcp(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok(permit) = shared.connections.clone().acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely; waiting lets some be closed.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            let _permit = permit;
            serve_connection(stream, &shared).await;
        });
    }
}

async fn serve_connection(mut stream: TcpStream, shared: &Shared) {
    while let Ok(Ok(query)) = timeout(IDLE_CONNECTION, read_message(&mut stream)).await {
        let answer = match shared.decide(&query, true) {
            Decision::Ignore => return,
            Decision::Reply(answer) => Some(answer),
            Decision::Forward => shared.ask_others(&query, true).await,
        };
        let Some(answer) = answer else { return };
        if !matches!(
            timeout(IDLE_CONNECTION, write_message(&mut stream, &answer)).await,
            Ok(Ok(()))
        ) {
            return;
        }
    }
}
