//! What the process that compiles gives up before it reads a program: everything but computing.

use std::collections::BTreeMap;

use godwit_backend::{Error, Result};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::process::MOST_NATIVE;

/// Bytes of memory that a compilation may have.
const MEMORY: u64 = 4 << 30;

/// Bytes of address space. More than the memory: each thread reserves some.
const ADDRESSES: u64 = 64 << 30;

/// Seconds of processor time, over all cores. A host that is itself stopped kills nothing.
const SECONDS: u64 = 3600;

/// Computing, in threads, on memory; reading and writing what is open.
const CALLS: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getcpu,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_newfstatat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_prctl,
    libc::SYS_read,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_sigaltstack,
    libc::SYS_write,
    libc::SYS_writev,
];

/// Locks this process down, for all threads that it starts from now on.
///
/// # Errors
///
/// `Unavailable` when the system refuses.
pub(super) fn apply() -> Result<()> {
    let refused = |what: &'static str| {
        move |error: rustix::io::Errno| {
            Error::unavailable(format!("the system refused {what}")).with_source(error)
        }
    };
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(refused("to watch the host"))?;
    let limits = [
        (Resource::Core, 0),
        (Resource::Data, MEMORY),
        (Resource::As, ADDRESSES),
        (Resource::Fsize, MOST_NATIVE),
        (Resource::Cpu, SECONDS),
    ];
    for (resource, most) in limits {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, limit).map_err(refused("a limit on resources"))?;
    }
    filter().map_err(|error| {
        Error::unavailable("the system refused a filter of system calls").with_source(error)
    })
}

/// Refuses every call that is not listed, and a new process among those that are.
fn filter() -> Result<(), seccompiler::Error> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        CALLS.iter().map(|call| (*call, Vec::new())).collect();
    let thread = libc::CLONE_THREAD as u64;
    let is_thread =
        SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(thread), thread)?;
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![is_thread])?]);
    // `clone3` passes its flags in memory, where no filter sees them. Without it, libraries take `clone`.
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::ENOSYS.cast_unsigned()),
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    let program: seccompiler::BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::net::TcpListener;
    use std::process::Command;
    use std::{env, thread};

    use super::*;

    #[test]
    #[ignore = "what the next test starts, in a process of its own"]
    fn locked_down() {
        apply().unwrap();
        assert!(File::open("/etc/passwd").is_err(), "a file was opened");
        assert!(File::create("/tmp/godwit-made").is_err(), "a file was made");
        assert!(TcpListener::bind("127.0.0.1:0").is_err(), "a socket was opened");
        assert!(Command::new("/bin/true").spawn().is_err(), "a program was started");
        assert!(Vec::<u8>::new().try_reserve_exact(5 << 30).is_err(), "it has 5 GiB");
        assert_eq!(thread::spawn(|| 7).join().unwrap(), 7, "it has no threads");
    }

    #[test]
    fn the_process_that_compiles_can_do_nothing_else() {
        let name = "compiler::lockdown::tests::locked_down";
        let mut process = Command::new(env::current_exe().unwrap());
        let output = process.args(["--ignored", "--exact", name, "--nocapture"]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
    }
}
