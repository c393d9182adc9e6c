//! Files from before clusters had several nodes: the log held the machine's commands alone, and snapshots the machine alone.

use std::path::Path;

use redb::{Database, TableDefinition};
use sidecar_cluster::{Cluster, Options};

use crate::counters::{Counters, add};

const LOG: TableDefinition<u64, &[u8]> = TableDefinition::new("log");
const VALUES: TableDefinition<&str, &[u8]> = TableDefinition::new("values");

const MEMBERSHIP: &str = r#"{"configs":[[1]],"nodes":{"1":{"name":"","address":""}}}"#;

fn log_id(term: u64, index: u64) -> String {
    format!(
        r#"{{"leader_id":{{"term":{term},"node_id":{}}},"index":{index}}}"#,
        u64::from(term > 0)
    )
}

fn write(path: &Path, values: &[(&str, String)], log: &[(u64, String)]) {
    let database = Database::create(path).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(VALUES).unwrap();
        for (key, value) in values {
            table.insert(key, value.as_bytes()).unwrap();
        }
        let mut table = transaction.open_table(LOG).unwrap();
        for (index, entry) in log {
            table.insert(index, entry.as_bytes()).unwrap();
        }
    }
    transaction.commit().unwrap();
}

fn entry(term: u64, index: u64, payload: &str) -> (u64, String) {
    (
        index,
        format!(r#"{{"log_id":{},"payload":{payload}}}"#, log_id(term, index)),
    )
}

fn added(name: &str, amount: u64) -> String {
    format!(r#"{{"Normal":{{"name":"{name}","amount":{amount}}}}}"#)
}

fn vote() -> (&'static str, String) {
    (
        "vote",
        r#"{"leader_id":{"term":1,"node_id":1},"committed":true}"#.into(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_plain_commands_is_read_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raft.redb");
    write(
        &path,
        &[("format", "1".into()), vote(), ("committed", log_id(1, 3))],
        &[
            entry(0, 0, &format!(r#"{{"Membership":{MEMBERSHIP}}}"#)),
            entry(1, 1, r#""Blank""#),
            entry(1, 2, &added("a", 2)),
            entry(1, 3, &added("b", 5)),
        ],
    );
    for expected in [3, 4] {
        let cluster = Cluster::<Counters>::open(&path, Options::default()).await.unwrap();
        assert_eq!(cluster.read(|counters| counters.0["b"]), 5);
        assert_eq!(cluster.submit(add("a", 1)).await.unwrap(), expected);
        cluster.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_the_machine_alone_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raft.redb");
    let image = serde_json::json!({"format": 1, "machine": {"a": 7}}).to_string();
    let snapshot = format!(
        r#"{{"meta":{{"last_log_id":{last},"last_membership":{{"log_id":{first},"membership":{MEMBERSHIP}}},"snapshot_id":"s"}},"data":{data}}}"#,
        last = log_id(1, 4),
        first = log_id(0, 0),
        data = serde_json::to_string(&image).unwrap(),
    );
    write(
        &path,
        &[
            ("format", "1".into()),
            vote(),
            ("committed", log_id(1, 5)),
            ("purged", log_id(1, 4)),
            ("snapshot", snapshot),
        ],
        &[entry(1, 5, &added("a", 1))],
    );
    let cluster = Cluster::<Counters>::open(&path, Options::default()).await.unwrap();
    assert_eq!(cluster.submit(add("a", 1)).await.unwrap(), 9);
}
