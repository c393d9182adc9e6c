//! Queries for names that are not ours, handed on to the host's resolvers as they came.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const PORT: u16 = 53;
const PATIENCE: Duration = Duration::from_secs(2);
const MOST_RESOLVERS: usize = 3;

/// The host's resolvers, read anew for each query since a laptop's network changes. `own` are our addresses, which must
/// not ask themselves.
pub async fn resolvers(own: &[Ipv4Addr]) -> Vec<SocketAddr> {
    let text = tokio::fs::read_to_string("/etc/resolv.conf").await.unwrap_or_default();
    parse(&text)
        .into_iter()
        .filter(|address| !own.iter().any(|ours| *address == IpAddr::V4(*ours)))
        .map(|address| SocketAddr::new(address, PORT))
        .collect()
}

fn parse(text: &str) -> Vec<IpAddr> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    lines
        .filter_map(|rest| rest.trim().parse().ok())
        .take(MOST_RESOLVERS)
        .collect()
}

/// The answer of the first resolver that gives one. One that cannot be reached from here, such as another namespace's
/// loopback, refuses at once and costs no time.
pub async fn forward(query: &[u8], resolvers: &[SocketAddr], tcp: bool) -> Option<Vec<u8>> {
    for resolver in resolvers {
        let attempt = async {
            if tcp {
                over_tcp(query, *resolver).await
            } else {
                over_udp(query, *resolver).await
            }
        };
        if let Ok(Ok(answer)) = timeout(PATIENCE, attempt).await {
            return Some(answer);
        }
    }
    None
}

async fn over_udp(query: &[u8], resolver: SocketAddr) -> io::Result<Vec<u8>> {
    let any: IpAddr = if resolver.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    // A socket of its own: the kernel picks an unforeseeable port and lets only this resolver's packets in.
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(resolver).await?;
    socket.send(query).await?;
    let mut answer = vec![0; usize::from(u16::MAX)];
    loop {
        let length = socket.recv(&mut answer).await?;
        if length >= 12 && answer.get(..2) == query.get(..2) {
            answer.truncate(length);
            return Ok(answer);
        }
    }
}

async fn over_tcp(query: &[u8], resolver: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(resolver).await?;
    write_message(&mut stream, query).await?;
    read_message(&mut stream).await
}

/// A message as TCP carries it: its length in two bytes, then itself.
pub async fn write_message(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(message);
    stream.write_all(&framed).await
}

/// See [`write_message`].
pub async fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut message = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_is_read() {
        let text = "# nameserver 9.9.9.9\nsearch home\nnameserver 127.0.0.53\n nameserver\t1.1.1.1 \nnameserver fe80::1%eth0\nnameserver ::1\n";
        let expect: Vec<IpAddr> = vec![
            "127.0.0.53".parse().unwrap(),
            "1.1.1.1".parse().unwrap(),
            "::1".parse().unwrap(),
        ];
        assert_eq!(parse(text), expect);
    }

    /// A resolver that answers every query with itself, over UDP and TCP.
    async fn mirror() -> SocketAddr {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let at = udp.local_addr().unwrap();
        let tcp = tokio::net::TcpListener::bind(at).await.unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, client)) = udp.recv_from(&mut buffer).await {
                // First the answer to somebody else's query.
                udp.send_to(b"\xff\xffnot the answer", client).await.unwrap();
                udp.send_to(&buffer[..length], client).await.unwrap();
            }
        });
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let query = read_message(&mut stream).await.unwrap();
                write_message(&mut stream, &query).await.unwrap();
            }
        });
        at
    }

    #[tokio::test]
    async fn the_first_resolver_that_answers_is_heard() {
        let query = b"\x12\x34a query of some length";
        let closed = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let resolvers = [closed, mirror().await];
        for tcp in [false, true] {
            assert_eq!(
                forward(query, &resolvers, tcp).await.as_deref(),
                Some(&query[..]),
                "tcp: {tcp}"
            );
            assert_eq!(forward(query, &[closed], tcp).await, None);
        }
    }
}
