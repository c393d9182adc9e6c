//! One measurement a second of every container that runs, and an hour of history in memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use sidecar_api_types::{ContainerMetrics, MetricsSample};
use sidecar_container::ContainerStatus;
use tokio::sync::broadcast;
use tokio::time::MissedTickBehavior;

use crate::containers::Entry;
use crate::context::Context;
use crate::events::now_ms;

const EVERY: Duration = Duration::from_secs(1);
/// Samples kept at full rate: ten minutes.
const RECENT: usize = 600;
/// Samples kept of the time before: fifty minutes, one in ten seconds.
const OLD: usize = 300;
const OLD_STEP_MS: u64 = 10_000;
const STREAM_CAPACITY: usize = 4096;
const PARALLEL_READS: usize = 8;

/// The measurements of all containers.
pub struct Meter {
    series: Mutex<BTreeMap<String, Series>>,
    live: broadcast::Sender<Arc<ContainerMetrics>>,
}

#[derive(Debug, Default)]
struct Series {
    recent: VecDeque<MetricsSample>,
    old: VecDeque<MetricsSample>,
}

impl Series {
    fn push(&mut self, sample: MetricsSample) {
        if self.recent.len() == RECENT
            && let Some(oldest) = self.recent.pop_front()
            && self
                .old
                .back()
                .is_none_or(|last| oldest.time_ms >= last.time_ms + OLD_STEP_MS)
        {
            if self.old.len() == OLD {
                self.old.pop_front();
            }
            self.old.push_back(oldest);
        }
        self.recent.push_back(sample);
    }

    /// Samples after `since_ms`, at least `step_ms` apart.
    fn read(&self, since_ms: u64, step_ms: u64) -> Vec<MetricsSample> {
        let mut next = 0;
        let wanted = self.old.iter().chain(&self.recent).filter(|sample| {
            if sample.time_ms <= since_ms || sample.time_ms < next {
                return false;
            }
            next = sample.time_ms.saturating_add(step_ms);
            true
        });
        wanted.copied().collect()
    }
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            series: Mutex::default(),
            live: broadcast::channel(STREAM_CAPACITY).0,
        }
    }
}

impl Meter {
    /// Each measurement as it is taken. A reader that is too slow misses some.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<ContainerMetrics>> {
        self.live.subscribe()
    }

    /// The last measurement of a container.
    pub fn last(&self, id: &str) -> Option<MetricsSample> {
        self.lock().get(id).and_then(|series| series.recent.back().copied())
    }

    pub(crate) fn history(&self, id: &str, since_ms: u64, step_ms: u64) -> Vec<MetricsSample> {
        self.lock()
            .get(id)
            .map(|series| series.read(since_ms, step_ms))
            .unwrap_or_default()
    }

    pub(crate) fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Series>> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Measures for ever. Sleeps without a timer while no container exists.
pub(crate) async fn run(context: Arc<Context>) {
    let mut changes = context.containers.changes();
    loop {
        changes.borrow_and_update();
        if context.containers.all().is_empty() {
            if changes.changed().await.is_err() {
                return;
            }
            continue;
        }
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let entries = context.containers.all();
            if entries.is_empty() {
                break;
            }
            let reads = entries.into_iter().filter(runs).map(|entry| measure(&context, entry));
            futures_util::stream::iter(reads)
                .buffer_unordered(PARALLEL_READS)
                .for_each(|()| async {})
                .await;
        }
    }
}

fn runs(entry: &Entry) -> bool {
    matches!(*entry.container.status().borrow(), ContainerStatus::Running { .. })
}

async fn measure(context: &Context, entry: Entry) {
    let stats = match entry.container.stats().await {
        Ok(stats) => stats,
        Err(cause) => {
            // It may have ended just now; its task reports that.
            tracing::debug!(container = entry.container.config().id, %cause, "no measurement");
            return;
        }
    };
    let sample = MetricsSample {
        time_ms: now_ms(),
        cpu_ns: stats.cpu_ns,
        memory_bytes: stats.memory_bytes,
        rx_bytes: stats.rx_bytes,
        tx_bytes: stats.tx_bytes,
        read_bytes: stats.read_bytes,
        write_bytes: stats.write_bytes,
        pids: stats.pids,
    };
    let id = &entry.container.config().id;
    if context.containers.get(id).is_none() {
        return;
    }
    context.meter.lock().entry(id.clone()).or_default().push(sample);
    if context.meter.live.receiver_count() > 0 {
        let _ = context.meter.live.send(Arc::new(describe(&entry, vec![sample])));
    }
}

pub(crate) fn describe(entry: &Entry, samples: Vec<MetricsSample>) -> ContainerMetrics {
    // A limit that nothing enforces would mislead.
    let limits = entry.container.enforced_limits();
    ContainerMetrics {
        id: entry.container.config().id.clone(),
        deployment: entry.deployment.clone(),
        service: entry.service.clone(),
        replica: entry.replica,
        cpu_limit_millicores: limits.cpu_millicores,
        memory_limit_bytes: limits.memory_bytes,
        samples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(time_ms: u64) -> MetricsSample {
        MetricsSample {
            time_ms,
            cpu_ns: 0,
            memory_bytes: 0,
            rx_bytes: 0,
            tx_bytes: 0,
            read_bytes: 0,
            write_bytes: 0,
            pids: 0,
        }
    }

    #[test]
    fn an_hour_is_kept_in_bounded_space() {
        let mut series = Series::default();
        for second in 1..=8000u64 {
            series.push(sample(second * 1000));
        }
        assert_eq!((series.recent.len(), series.old.len()), (RECENT, OLD));
        let all = series.read(0, 0);
        assert_eq!(all.last().map(|s| s.time_ms), Some(8_000_000));
        let reach = 8_000_000 - all[0].time_ms;
        assert!((3_580_000..=3_600_000).contains(&reach), "{reach}");
    }

    #[test]
    fn a_reader_asks_for_a_start_and_a_step() {
        let mut series = Series::default();
        for second in 1..=30u64 {
            series.push(sample(second * 1000));
        }
        let times = |since, step| {
            series
                .read(since, step)
                .iter()
                .map(|s| s.time_ms / 1000)
                .collect::<Vec<_>>()
        };
        assert_eq!(times(27_000, 0), [28, 29, 30]);
        assert_eq!(times(0, 10_000), [1, 11, 21]);
    }
}
