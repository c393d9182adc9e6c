//! Logs: nothing lost, nothing doubled, whatever happens to who reads them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use common::*;
use futures_util::StreamExt;
use sidecar_container::{Container, LogConfig, LogPosition, LogQuery, LogStream};

fn follow() -> LogQuery {
    LogQuery { follow: true, ..all() }
}

/// Counts up the numbers that the stream delivers, until `stop_at` or the end.
async fn count(stream: &mut LogStream, mut next: u64, stop_at: u64) -> u64 {
    while next < stop_at {
        let Some(batch) = stream.next_batch().await else { break };
        for record in batch.unwrap() {
            assert_eq!(std::str::from_utf8(&record.data).unwrap(), next.to_string());
            next += 1;
        }
    }
    next
}

async fn flood(bed: &Bed, lines: u64) -> Container {
    let mut config = sh("one", &format!("seq 0 {}; sleep 1000", lines - 1));
    config.log = LogConfig {
        max_bytes: 8 << 20,
        keep_files: 100,
    };
    bed.runtime.run(config).await.unwrap()
}

async fn finish(bed: &Bed, container: Container) {
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn a_million_lines_arrive_once_each_across_rotation() {
    const LINES: u64 = 1_000_000;
    let bed = Bed::new("flood");
    let container = flood(&bed, LINES).await;
    let mut stream = container.logs(follow());
    let counted = count(&mut stream, 0, LINES);
    assert_eq!(
        tokio::time::timeout(Duration::from_secs(120), counted)
            .await
            .expect("all in time"),
        LINES
    );
    assert!(
        std::fs::read_dir(bed.dir("one").join("log")).unwrap().count() > 3,
        "it rotated"
    );
    finish(&bed, container).await;
}

#[tokio::test]
async fn a_follower_goes_on_in_the_next_sidecar() {
    const LINES: u64 = 1_000_000;
    let bed = Bed::new("successor");
    let container = flood(&bed, LINES).await;
    let (mut next, mut position): (u64, Option<LogPosition>) = (0, None);
    let mut current = container.clone();
    while next < LINES {
        let mut stream = current.logs_from(follow(), position);
        let target = LINES.min(next + 150_000);
        next = tokio::time::timeout(Duration::from_secs(60), count(&mut stream, next, target))
            .await
            .expect("all in time");
        position = stream.position();
        // What a new process would do.
        current = bed.second_runtime().adopt().await.unwrap().pop().unwrap();
    }
    assert_eq!(next, LINES);
    finish(&bed, current).await;
}

#[tokio::test]
async fn the_last_lines_are_that_many_while_more_are_written() {
    let bed = Bed::new("last");
    let mut config = sh("one", "i=0; while true; do echo $i; i=$((i+1)); done");
    config.log = LogConfig {
        max_bytes: 64 << 10,
        keep_files: 100,
    };
    let container = bed.runtime.run(config).await.unwrap();
    let mut stream = container.logs(follow());
    count(&mut stream, 0, 1000).await;
    for _ in 0..300 {
        let last = lines(&container, LogQuery { tail: Some(3), ..all() }).await;
        let numbers: Vec<u64> = last.iter().map(|line| line.parse().unwrap()).collect();
        assert_eq!(numbers, [numbers[0], numbers[0] + 1, numbers[0] + 2]);
    }
    finish(&bed, container).await;
}

#[tokio::test]
async fn queries() {
    let bed = Bed::new("queries");
    let container = bed
        .runtime
        .run(sh("one", "seq 1 50000; echo error >&2; sleep 0.05; seq 1 3"))
        .await
        .unwrap();
    exited(&container).await;
    let tail = |n| LogQuery { tail: Some(n), ..all() };
    assert_eq!(lines(&container, tail(2)).await, ["2", "3"]);
    assert_eq!(lines(&container, tail(0)).await, [""; 0]);
    assert_eq!(lines(&container, tail(20_000)).await.len(), 20_000);
    assert_eq!(lines(&container, tail(1_000_000)).await.len(), 50_004);
    let errors = LogQuery {
        stderr: true,
        ..LogQuery::default()
    };
    assert_eq!(lines(&container, errors.clone()).await, ["error"]);
    assert_eq!(
        lines(
            &container,
            LogQuery {
                tail: Some(1),
                ..errors
            }
        )
        .await,
        ["error"]
    );
    let records: Vec<_> = container.logs(all()).map(Result::unwrap).collect().await;
    let last_ms = records.last().unwrap().time_ns / 1_000_000;
    assert_eq!(
        lines(
            &container,
            LogQuery {
                since_ms: Some(last_ms),
                ..all()
            }
        )
        .await,
        ["1", "2", "3"]
    );
    assert_eq!(
        lines(
            &container,
            LogQuery {
                until_ms: Some(last_ms - 1),
                ..all()
            }
        )
        .await
        .len(),
        50_001
    );
    assert_eq!(
        lines(
            &container,
            LogQuery {
                since_ms: Some(last_ms + 1000),
                ..all()
            }
        )
        .await,
        [""; 0]
    );
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn long_and_binary_lines() {
    let bed = Bed::new("binary");
    let script = "head -c 40000 /dev/zero | tr '\\0' x; echo; printf 'a\\377\\000b\\nend'";
    let container = bed.runtime.run(sh("one", script)).await.unwrap();
    exited(&container).await;
    let records: Vec<_> = container.logs(all()).map(Result::unwrap).collect().await;
    let shape: Vec<_> = records.iter().map(|r| (r.data.len(), r.partial)).collect();
    assert_eq!(
        shape,
        [(16384, true), (16384, true), (7232, false), (4, false), (3, true)]
    );
    assert_eq!(&records[3].data[..], b"a\xff\0b");
    let tail: Vec<_> = container
        .logs(LogQuery { tail: Some(3), ..all() })
        .map(Result::unwrap)
        .collect()
        .await;
    assert_eq!(tail.len(), 5, "the three parts of the long line are one line");
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn a_follower_sees_a_restart_and_ends_with_the_removal() {
    let bed = Bed::new("follow");
    let container = bed.runtime.run(sh("one", "echo started")).await.unwrap();
    let mut stream = container.logs(follow());
    assert_eq!(&stream.next().await.unwrap().unwrap().data[..], b"started");
    exited(&container).await;
    container.restart().await.unwrap();
    assert_eq!(&stream.next().await.unwrap().unwrap().data[..], b"started");
    exited(&container).await;
    container.remove().await.unwrap();
    let end = tokio::time::timeout(Duration::from_secs(10), stream.next())
        .await
        .expect("it ends");
    assert!(end.is_none());
    bed.assert_clean();
}

#[tokio::test]
async fn a_slow_follower_is_told_what_it_missed_and_never_slows_the_container() {
    let bed = Bed::new("slow");
    let mut config = sh("one", "seq 0 999999");
    config.log = LogConfig {
        max_bytes: 1 << 20,
        keep_files: 1,
    };
    let container = bed.runtime.run(config).await.unwrap();
    let mut stream = container.logs(follow());
    exited(&container).await;
    let (mut skipped, mut last) = (0, Vec::new());
    while last != b"999999" {
        match stream.next().await.unwrap() {
            Ok(record) => last = record.data.to_vec(),
            Err(error) => {
                assert_eq!(error.code(), "log-skipped");
                skipped += 1;
            }
        }
    }
    assert!(skipped >= 1);
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn a_full_disk_costs_lines_but_does_not_stop_the_container() {
    let bed = Bed::new("full");
    let disk = bed.temp.path().join("containers");
    std::fs::create_dir(&disk).unwrap();
    nix::mount::mount(
        Some("tmpfs"),
        &disk,
        Some("tmpfs"),
        nix::mount::MsFlags::empty(),
        Some("size=6m"),
    )
    .unwrap();
    let _unmount = Unmount(disk.clone());
    let container = bed
        .runtime
        .run(sh(
            "one",
            "seq 1 500000; until [ -e /go ]; do sleep 0.02; done; echo after",
        ))
        .await
        .unwrap();
    let full = async {
        while !container.log_disk_full() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), full)
        .await
        .expect("the disk is full");
    nix::mount::mount(
        None::<&str>,
        &disk,
        None::<&str>,
        nix::mount::MsFlags::MS_REMOUNT,
        Some("size=64m"),
    )
    .unwrap();
    assert_eq!(exec(&container, command(&["touch", "/go"])).await.code, 0);
    exited(&container).await;
    let text = lines(&container, all()).await;
    assert_eq!(text.last().unwrap(), "after");
    let marker = text
        .iter()
        .position(|line| line.contains("disk was full"))
        .expect("it is told");
    let lost: usize = text[marker].split(' ').nth(1).unwrap().parse().unwrap();
    assert_eq!(
        marker + lost + (text.len() - marker - 1) - 1,
        500_000,
        "{}",
        text[marker]
    );
    container.remove().await.unwrap();
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = nix::mount::umount2(&self.0, nix::mount::MntFlags::MNT_DETACH);
    }
}
