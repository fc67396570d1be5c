use std::collections::BTreeMap;
use std::fs;
use std::process::id;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::release_free_memory;

/// How often the peaks are read, in case a process ends. Between two looks the kernel keeps each process's peak.
const INTERVAL: Duration = Duration::from_millis(50);

/// Bytes of physical memory that hold no file, in this process and its descendants. Pages that several of them share
/// are counted once.
pub(crate) fn resident() -> u64 {
    release_free_memory();
    family().into_iter().map(|process| held(process).unwrap_or_default()).sum()
}

/// Measures the largest amount of physical memory that this process and its descendants hold at one time.
pub(crate) struct PeakWatch {
    stop: Sender<()>,
    watching: JoinHandle<u64>,
}

impl PeakWatch {
    /// Begins to measure.
    pub(crate) fn begin() -> Self {
        let mut before = BTreeMap::new();
        for process in family() {
            // Makes the kernel forget the peak so far.
            let forgotten = fs::write(format!("/proc/{process}/clear_refs"), "5");
            if process == id() {
                forgotten.expect("a peak of memory can be reset");
            }
            before.extend(Some(process).zip(peak(process)));
        }
        let (stop, stopped) = channel();
        let watching = thread::spawn(move || {
            let mut peaks = BTreeMap::new();
            loop {
                let over = stopped.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Timeout);
                for process in family() {
                    peaks.extend(Some(process).zip(peak(process)));
                }
                if over {
                    break;
                }
            }
            let grown = |(process, peak): (&u32, &u64)| {
                peak.saturating_sub(before.get(process).copied().unwrap_or_default())
            };
            peaks.iter().map(grown).sum()
        });
        Self { stop, watching }
    }

    /// The most bytes that were held beyond what was held in the beginning. What a process had when it was started
    /// on the way is counted too.
    pub(crate) fn end(self) -> u64 {
        drop(self.stop);
        self.watching.join().expect("the peaks were read")
    }
}

/// This process and its descendants.
fn family() -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("memory is read from /proc, which is Linux's");
    let processes = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parents: Vec<(u32, u32)> =
        processes.filter_map(|process| Some((process, parent(process)?))).collect();
    let mut family = vec![id()];
    let mut next = 0;
    while let Some(&of) = family.get(next) {
        family.extend(parents.iter().filter(|(_, parent)| *parent == of).map(|(child, _)| child));
        next += 1;
    }
    family
}

/// `PID (NAME) STATE PARENT ...`, where the name may hold anything.
fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after) = stat.rsplit_once(") ")?;
    after.split(' ').nth(1)?.parse().ok()
}

/// `None` for a process that has ended.
fn held(process: u32) -> Option<u64> {
    let file = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    Some(field(&file, "Pss_Anon:")? + field(&file, "Pss_Shmem:")?)
}

/// `None` for a process that has ended.
fn peak(process: u32) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmHWM:")
}

/// The bytes in the line `NAME   123 kB`.
fn field(file: &str, name: &str) -> Option<u64> {
    let line = file.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NativeBlock;

    const BLOCK: usize = 64 << 20;

    #[test]
    fn memory_of_the_c_library_is_seen_and_its_return_too() {
        let before = resident();
        let watch = PeakWatch::begin();
        let block = NativeBlock::new(BLOCK);
        let during = resident();
        drop(block);
        let (after, peak) = (resident(), watch.end());
        let slack = BLOCK as u64 / 4;
        assert!(during > before + BLOCK as u64 - slack, "{before}, then {during}");
        assert!(after < before + slack, "{before}, then {after}");
        assert!(peak > BLOCK as u64 - slack, "a peak of {peak}");
    }
}
