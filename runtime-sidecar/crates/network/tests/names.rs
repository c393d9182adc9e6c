//! The name server of a deployment, asked from its containers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use common::{Bench, ask, inside, query};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;

#[tokio::test(flavor = "multi_thread")]
async fn names_are_served_inside_their_deployment_only() {
    let bench = Bench::new("10.207.0.0/16").await;
    let web = bench.attach("shop", "web").await;
    let stranger = bench.attach("bank", "stranger").await;
    let addresses = [(1, Ipv4Addr::new(10, 207, 0, 9)), (2, Ipv4Addr::new(10, 207, 0, 8))];
    bench.net.set_names("shop", "db", &addresses).await;
    bench.net.set_names("bank", "db", &[(1, stranger.address)]).await;

    for name in ["db", "DB", "db.shop", "db.shop."] {
        let answer = ask(&web.netns, web.gateway, name, RecordType::A);
        assert_eq!(answer.code, ResponseCode::NoError, "{name}");
        let mut got = answer.addresses.clone();
        got.sort();
        assert_eq!(got, [addresses[1].1, addresses[0].1], "{name}");
        assert!(answer.longest_ttl <= 10);
    }
    assert_eq!(
        ask(&web.netns, web.gateway, "2.db.shop", RecordType::A).addresses,
        [addresses[1].1]
    );
    // Asked twice, the order differs.
    let first = ask(&web.netns, web.gateway, "db", RecordType::A).addresses[0];
    assert_ne!(ask(&web.netns, web.gateway, "db", RecordType::A).addresses[0], first);
    // There is no IPv6, which is not the same as no such name.
    let answer = ask(&web.netns, web.gateway, "db", RecordType::AAAA);
    assert_eq!((answer.code, answer.addresses.len()), (ResponseCode::NoError, 0));
    for name in ["nobody", "nobody.shop", "3.db.shop"] {
        assert_eq!(
            ask(&web.netns, web.gateway, name, RecordType::A).code,
            ResponseCode::NXDomain,
            "{name}"
        );
    }
    // Each sees its own.
    assert_eq!(
        ask(&stranger.netns, stranger.gateway, "db", RecordType::A).addresses,
        [stranger.address]
    );
    let other = query(&stranger.netns, web.gateway, "db", RecordType::A);
    assert!(other.is_err(), "another deployment's server answered");

    bench.net.set_names("shop", "db", &[]).await;
    assert_eq!(
        ask(&web.netns, web.gateway, "db", RecordType::A).code,
        ResponseCode::NXDomain
    );
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tcp_and_with_many_replicas() {
    let bench = Bench::new("10.208.0.0/16").await;
    let web = bench.attach("shop", "web").await;
    let addresses: Vec<_> = (0..100)
        .map(|number| (number, Ipv4Addr::new(10, 208, 1, number as u8)))
        .collect();
    bench.net.set_names("shop", "web", &addresses).await;
    let answer = ask(&web.netns, web.gateway, "web", RecordType::A);
    assert!(answer.truncated && !answer.addresses.is_empty());
    let mut stream = inside(&web.netns, || TcpStream::connect((web.gateway, 53)).unwrap());
    // Two queries on one connection, and then nonsense, which ends only this connection.
    for _ in 0..2 {
        let query = common::message("web", RecordType::A).to_vec().unwrap();
        stream.write_all(&(query.len() as u16).to_be_bytes()).unwrap();
        stream.write_all(&query).unwrap();
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(Message::from_vec(&answer).unwrap().answers().len(), 100);
    }
    stream.write_all(&[0, 3, 1, 2, 0xff]).unwrap();
    assert_eq!(stream.read(&mut [0; 10]).unwrap(), 0);
    assert!(ask(&web.netns, web.gateway, "web", RecordType::A).truncated);
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_of_the_name_server_is_told() {
    // In a namespace of its own, so that the other tests keep their name servers.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    std::thread::spawn(move || {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let taken = std::net::UdpSocket::bind("0.0.0.0:53").unwrap();
            let net = common::open(&path, "10.215.0.0/16").await;
            let error = net
                .attach("shop", "web", &std::collections::BTreeMap::new())
                .await
                .unwrap_err();
            assert_eq!(error.code(), "name-port-in-use");
            drop(taken);
            net.attach("shop", "web", &std::collections::BTreeMap::new())
                .await
                .unwrap();
            net.retain(&[]).await.unwrap();
        });
    })
    .join()
    .unwrap();
}
