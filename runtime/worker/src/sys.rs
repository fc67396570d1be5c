//! Calls of the system for which nothing else here has a safe function.

#![allow(unsafe_code, reason = "calls of the system")]

use std::io;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Waits while `word` is `value`, until somebody wakes it or the time is over. Whoever shares the word can end the
/// wait at any time.
pub(crate) fn futex_wait(
    word: &AtomicU32,
    value: u32,
    patience: Option<Duration>,
) -> io::Result<()> {
    let timeout = patience.map(|patience| libc::timespec {
        tv_sec: patience.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: patience.subsec_nanos().into(),
    });
    let timeout = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the word lives as long as the call, and the kernel only reads the timeout.
    let waited = unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, value, timeout, 0, 0)
    };
    match (waited, io::Error::last_os_error().raw_os_error()) {
        (0, _) | (_, Some(libc::EAGAIN | libc::EINTR | libc::ETIMEDOUT)) => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Wakes one that waits for `word`.
pub(crate) fn futex_wake(word: &AtomicU32) {
    // SAFETY: the word lives as long as the call. Waking nobody is no error.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1, 0, 0, 0) };
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Neither this process nor what it starts gains privileges by what it executes.
pub(crate) fn no_new_privileges() -> io::Result<()> {
    // SAFETY: concerns flags of this process alone.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })
}

/// Leaves the network, other users' ids and shared memory by name behind.
pub(crate) fn leave_namespaces() -> io::Result<()> {
    let flags = libc::CLONE_NEWUSER | libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
    // SAFETY: concerns what this process sees, and fails where it has other threads.
    check(unsafe { libc::unshare(flags) })
}

/// Closes what this process inherited beyond its three standard files. Nothing here may own any yet.
pub(crate) fn close_inherited() -> io::Result<()> {
    // SAFETY: the caller says that no file beyond the third is owned by anything.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0) };
    if closed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The processors that a thread may run on.
#[derive(Clone, Copy)]
pub(crate) struct Processors(libc::cpu_set_t);

impl Processors {
    /// Those of the thread that calls.
    pub(crate) fn of_this_thread() -> io::Result<Self> {
        // SAFETY: a set of bits, all of which may be zero.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        // SAFETY: the set is as large as is said.
        check(unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) })?;
        Ok(Self(set))
    }

    /// The one that runs the thread that calls.
    pub(crate) fn current() -> io::Result<(usize, Self)> {
        // SAFETY: takes nothing.
        let index = usize::try_from(unsafe { libc::sched_getcpu() });
        let index = index.map_err(|_| io::Error::last_os_error())?;
        // SAFETY: a set of bits, all of which may be zero.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        // SAFETY: an index beyond the set is ignored.
        unsafe { libc::CPU_SET(index, &mut set) };
        Ok((index, Self(set)))
    }

    /// Lets a thread run on these alone; zero is the thread that calls.
    pub(crate) fn bind(&self, thread: i32) -> io::Result<()> {
        // SAFETY: the set is as large as is said. Which threads may be bound is for the system to say.
        check(unsafe { libc::sched_setaffinity(thread, size_of_val(&self.0), &self.0) })
    }
}

/// The number of the thread that calls.
pub(crate) fn thread() -> i32 {
    // SAFETY: takes nothing.
    unsafe { libc::gettid() }
}
