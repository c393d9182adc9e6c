//! The replicated state, on a real disk.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod counters;
mod full_disk;
mod older_file;
mod one_node;
mod storage_suite;
