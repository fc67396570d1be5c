//! What a worker process does to itself, so that its library reaches nothing but what it was given.

mod calls;
mod paths;

use std::fs;

use godwit_backend::{Error, Result};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use crate::{Confinement, Profile, SystemCalls, sys};

/// Files that a worker may have open.
const FILES: u64 = 512;

/// The first step: before a library is loaded, while this process has one thread.
pub(crate) fn begin(profile: &Profile) -> Confinement {
    // What cannot be had is said in the confinement; what has no place there is for good measure.
    if *profile != Profile::open() {
        let _ = sys::close_inherited();
    }
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let limit = |resource, most: u64| {
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    };
    limit(Resource::Core, 0);
    limit(Resource::Nofile, FILES);
    let is_sealed = sys::no_new_privileges().is_ok();
    let namespaces = profile.namespaces && sys::leave_namespaces().is_ok();
    // A new user namespace may have cleared it.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let files = profile.files && is_sealed && paths::restrict(profile);
    Confinement { namespaces, files, ..Confinement::default() }
}

/// The second step: the library is loaded, and no model has arrived.
pub(crate) fn finish(profile: &Profile, begun: Confinement) -> Result<Confinement> {
    let memory = profile.memory.is_some_and(limit_memory);
    let system_calls = match profile.system_calls {
        SystemCalls::All => false,
        allowed => calls::restrict(allowed)?,
    };
    Ok(Confinement { memory, system_calls, ..begun })
}

/// Bounds what this process may write to beyond what it has now, in bytes.
fn limit_memory(more: u64) -> bool {
    let Some(now) = written() else { return false };
    let most = Some(now.saturating_add(more));
    setrlimit(Resource::Data, Rlimit { current: most, maximum: most }).is_ok()
}

/// Bytes of private memory that this process may write to.
fn written() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// Tells what this kernel enforces, by confining a process that does nothing else: this one, for good.
///
/// # Errors
///
/// When the filter of system calls is refused.
pub fn try_out(profile: &Profile) -> Result<Confinement> {
    finish(profile, begin(profile))
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::unavailable("the system refused to confine a worker process")
        .with_source(error.to_string())
}
