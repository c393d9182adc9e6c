//! Memory goes back to the system when there is nothing to do: the sidecar runs all day, mostly idle.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sidecar_orchestrator::Engine;

/// Without a change of the containers for so long, what their starts and ends needed is not needed any more.
const SETTLE: Duration = Duration::from_secs(5);

/// Keeps the allocator of the C library from giving each thread an arena of its own, which it would never give back.
/// Call it before any thread is started.
pub(crate) fn limit_arenas() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets a parameter of the allocator; there is one thread.
    unsafe {
        nix::libc::mallopt(nix::libc::M_ARENA_MAX, 1);
    }
}

/// Gives memory back when the containers have not changed for a while, until it is dropped.
pub(crate) async fn give_back(engine: Arc<Engine>) {
    let mut changes = engine.container_changes();
    while changes.changed().await.is_ok() {
        while let Ok(Ok(())) = tokio::time::timeout(SETTLE, changes.changed()).await {}
        trim();
        forget_code();
    }
}

fn trim() {
    #[cfg(target_env = "gnu")]
    // SAFETY: returns free pages to the system; no memory in use is touched.
    unsafe {
        nix::libc::malloc_trim(0);
    }
}

/// Takes our own code out of our memory: most of it served the start of containers. What is needed again comes back from the
/// page cache, a page at a time.
fn forget_code() {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let program = std::fs::read_link("/proc/self/exe").unwrap_or_default();
    for (start, length) in maps.lines().filter_map(|line| code(line, &program)) {
        // SAFETY: the pages are those of a file, mapped without the right to write and never relocated; the kernel reads
        // them again when they are touched.
        unsafe {
            nix::libc::madvise(start as *mut nix::libc::c_void, length, nix::libc::MADV_DONTNEED);
        }
    }
}

/// Start and length of a mapping of the program's code, from its line in `/proc/self/maps`.
fn code(line: &str, program: &Path) -> Option<(usize, usize)> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let executable = fields.next()? == "r-xp";
    let own = fields.nth(3).is_some_and(|path| Path::new(path) == program);
    let (start, end) = (
        usize::from_str_radix(start, 16).ok()?,
        usize::from_str_radix(end, 16).ok()?,
    );
    (executable && own).then(|| (start, end.saturating_sub(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of our own code, in kB.
    fn resident() -> u64 {
        let program = std::fs::read_link("/proc/self/exe").unwrap();
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut own = false;
        let mut sum = 0;
        for line in maps.lines() {
            if line.contains('-') && !line.contains(':') || line.split_whitespace().count() >= 5 {
                own = code(line, &program).is_some();
            } else if own && let Some(rest) = line.strip_prefix("Rss:") {
                sum += rest.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
            }
        }
        sum
    }

    #[test]
    fn code_that_is_forgotten_still_runs() {
        let before = resident();
        forget_code();
        let after = resident();
        assert!(before > 0 && after < before, "{before} {after}");
        trim();
    }
}
