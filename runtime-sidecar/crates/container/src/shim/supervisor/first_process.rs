//! The container's own process: its start, its end, and the state that is told of it.

use super::*;

impl Supervisor {
    pub(super) fn helper(&self) -> Helper<'_> {
        Helper {
            dir: &self.dir,
            blueprint: &self.blueprint,
            node: &self.node,
        }
    }

    pub(super) fn start(&mut self) -> Result<()> {
        let failed = |e: Errno| ContainerError::internal("cannot prepare the container's process", e);
        let mut stdio = Stdio::default();
        let mut outputs = Vec::new();
        if !self.blueprint.config.terminal {
            for (slot, source) in [(&mut stdio.stdout, Source::Stdout), (&mut stdio.stderr, Source::Stderr)] {
                let (read, write) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
                outputs.push(
                    Output::new(read, source)
                        .map_err(|e| ContainerError::internal("cannot read the container's output", e))?,
                );
                *slot = Some(write);
            }
            if self.blueprint.config.stdin_open {
                let (read, write) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
                stdio.stdin = Some(read);
                self.stdin = Some(write);
            }
        }
        let launch = self.helper().start(stdio).map_err(failed)?;
        self.outputs = outputs;
        self.phase = Phase::Starting(launch);
        Ok(())
    }

    pub(super) fn started(&mut self) {
        let Phase::Starting(mut launch) = std::mem::replace(&mut self.phase, Phase::Ended) else {
            return;
        };
        let pid = match launch.outcome() {
            Ok(pid) => pid,
            Err(failure) => {
                if let Some(pid) = launch.pid {
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
                return self.start_failed(failure.unwrap_or_else(|| killed_early(&self.blueprint)));
            }
        };
        if let Some(console) = launch.console.take() {
            let output = console
                .try_clone()
                .and_then(|console| Output::new(console, Source::Stdout));
            self.outputs.extend(output);
            self.console = Some(console);
        }
        rootfs::release_own_namespace(&self.blueprint.config.network);
        let oom_kills_before = self.oom_kills();
        let id = u32::try_from(pid).unwrap_or(0);
        let network = NamespaceCounters::open(&self.blueprint.config.network, id);
        self.phase = Phase::Running {
            pid,
            network,
            oom_kills_before,
        };
        let state = RunState::Running {
            pid: id,
            start_ticks: process::start_ticks(id).unwrap_or(0),
            started_at_ms: now_ms(),
        };
        self.set_state(state, false);
        for connection in self
            .connections
            .values_mut()
            .filter(|connection| connection.role == Role::Restarter)
        {
            connection.send(&Reply::Done);
            connection.role = Role::New;
        }
        self.claim(pid);
    }

    pub(super) fn start_failed(&mut self, failure: Failure) {
        self.phase = Phase::Ended;
        self.drain_output();
        let first = self.record.is_none();
        let waiting = |role: &Role| matches!(role, Role::Starter | Role::Restarter);
        for connection in self
            .connections
            .values_mut()
            .filter(|connection| waiting(&connection.role))
        {
            connection.send(&Reply::Failed {
                failure: failure.clone(),
            });
            if connection.role == Role::Restarter {
                connection.role = Role::New;
            }
        }
        if first {
            self.destroy();
        }
    }

    pub(super) fn ended(&mut self, ending: Ending) {
        let Phase::Running {
            network,
            oom_kills_before,
            ..
        } = std::mem::replace(&mut self.phase, Phase::Ended)
        else {
            return;
        };
        self.drain_output();
        let base = self.record.as_ref().map(|record| record.network).unwrap_or_default();
        let network = network.map_or(base, |counters| counters.fold_into(base));
        let oom_killed = self.oom_kills() > oom_kills_before;
        if let Some(record) = &mut self.record {
            record.network = network;
        }
        let state = RunState::Exited {
            code: ending.code,
            signal: ending.signal,
            oom_killed,
            finished_at_ms: now_ms(),
        };
        self.set_state(state, true);
    }

    pub(super) fn drain_output(&mut self) {
        // Every process of the container is gone, and with them the writers.
        for mut output in std::mem::take(&mut self.outputs) {
            output.drain(&mut self.log, &mut self.buffers);
        }
        self.buffers.release();
        self.stdin = None;
        self.console = None;
        self.note_disk();
    }

    pub(super) fn oom_kills(&self) -> u64 {
        self.blueprint
            .cgroup_path()
            .map_or(0, |path| Layout::of_machine().oom_kills(&path))
    }

    pub(super) fn set_state(&mut self, state: RunState, durable: bool) {
        let (network, log_disk_full) = self.record.as_ref().map_or((NetworkBase::default(), false), |record| {
            (record.network, record.log_disk_full)
        });
        self.publish(
            Record {
                state,
                network,
                log_disk_full,
                sequence: 0,
            },
            durable,
        );
    }

    /// Gives the record its number.
    pub(super) fn publish(&mut self, mut record: Record, durable: bool) {
        record.sequence = self.record.as_ref().map_or(0, |last| last.sequence) + 1;
        if let Err(error) = self.dir.write_record(&record, durable) {
            note(&error);
        }
        for connection in self
            .connections
            .values()
            .filter(|c| matches!(c.role, Role::Starter | Role::Watcher))
        {
            connection.send(&Reply::State { record: record.clone() });
        }
        self.record = Some(record);
    }

    pub(super) fn note_disk(&mut self) {
        let full = self.log.lost_records() > 0;
        if let Some(record) = self.record.as_ref().filter(|record| record.log_disk_full != full) {
            self.publish(
                Record {
                    log_disk_full: full,
                    ..record.clone()
                },
                false,
            );
        }
    }
}
