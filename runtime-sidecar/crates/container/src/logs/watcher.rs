//! Tells followers that a log directory changed. One inotify instance serves all of them: a user has few.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use inotify::{Inotify, WatchDescriptor, WatchMask, Watches};
use tokio::sync::watch;

#[derive(Default)]
pub(crate) struct LogWatcher(Arc<Mutex<Option<Instance>>>);

struct Instance {
    watches: Watches,
    changes: HashMap<WatchDescriptor, watch::Sender<()>>,
}

impl LogWatcher {
    /// Each change in the directory, from now on, marks the receiver as changed; its end closes it.
    pub fn watch(&self, directory: &Path) -> io::Result<watch::Receiver<()>> {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            let inotify = Inotify::init()?;
            let watches = inotify.watches();
            let events = inotify.into_event_stream(vec![0; 16 * 1024])?;
            *guard = Some(Instance {
                watches,
                changes: HashMap::new(),
            });
            tokio::spawn(Self(Arc::clone(&self.0)).dispatch(events));
        }
        let Some(instance) = guard.as_mut() else {
            return Err(io::ErrorKind::Other.into());
        };
        let mask = WatchMask::MODIFY | WatchMask::CREATE | WatchMask::DELETE | WatchMask::DELETE_SELF;
        // The same directory gives the same descriptor.
        let descriptor = instance.watches.add(directory, mask)?;
        Ok(instance
            .changes
            .entry(descriptor)
            .or_insert_with(|| watch::Sender::new(()))
            .subscribe())
    }

    async fn dispatch<S>(self, mut events: S)
    where
        S: futures_util::Stream<Item = io::Result<inotify::Event<std::ffi::OsString>>> + Unpin,
    {
        while let Some(event) = events.next().await {
            let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(instance) = guard.as_mut() else { break };
            match event {
                Ok(event) if event.mask.contains(inotify::EventMask::IGNORED) => {
                    instance.changes.remove(&event.wd);
                }
                Ok(event) if event.mask.contains(inotify::EventMask::Q_OVERFLOW) => {
                    for changed in instance.changes.values() {
                        let _ = changed.send(());
                    }
                }
                Ok(event) => {
                    let unwatched = instance
                        .changes
                        .get(&event.wd)
                        .is_some_and(|changed| changed.send(()).is_err());
                    if unwatched {
                        instance.changes.remove(&event.wd);
                        let _ = instance.watches.remove(event.wd);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "followers of logs are not told of changes any more");
                    break;
                }
            }
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
