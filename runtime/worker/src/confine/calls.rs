//! System calls that can be made: seccomp.

use std::collections::BTreeMap;

use godwit_backend::Result;
use libc::{c_int, c_long};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use super::refused;
use crate::SystemCalls;

/// A call, with the conditions of which one must hold; always, where there are none.
type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// What computing needs of any library: its memory and threads, clocks, and files that are open.
const ALWAYS: &[c_long] = &[
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_sched_yield,
    libc::SYS_rseq,
    libc::SYS_set_robust_list,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigaction,
    libc::SYS_sigaltstack,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    // The connection to the host, which is open.
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_shutdown,
    // glibc makes threads by `clone` where this is refused as unknown: its flags lie where no filter sees them.
    libc::SYS_clone3,
];

/// What opens files, and asks about them. Which can be opened is said by Landlock.
const FILES: &[c_long] = &[
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_getdents64,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_pread64,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
];

/// What no library asks for, but an intruder: it ends the process.
const DEADLY: &[c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_mount,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
    libc::SYS_open_by_handle_at,
    libc::SYS_reboot,
    libc::SYS_setuid,
];

/// Names a mapping, for those who look at a process's memory: glibc does so.
const PR_SET_VMA: u64 = 0x5356_4d41;

/// Restricts all threads of this process, for good. Says whether the kernel enforces it.
pub(super) fn restrict(allowed: SystemCalls) -> Result<bool> {
    let deadly = DEADLY.iter().map(|&call| (call, Vec::new())).collect();
    let deadly = filter(deadly, SeccompAction::Allow, SeccompAction::KillProcess)?;
    let unknown = SeccompAction::Errno(libc::ENOSYS as u32);
    let clone3 =
        filter(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), SeccompAction::Allow, unknown)?;
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    let allowed = filter(rules(allowed)?, denied, SeccompAction::Allow)?;
    // The last does not allow what installs another.
    for program in [&deadly, &clone3, &allowed] {
        if let Err(error) = seccompiler::apply_filter_all_threads(program) {
            tracing::warn!(%error, "system calls cannot be restricted");
            return Ok(false);
        }
    }
    Ok(true)
}

fn filter(rules: Rules, missed: SeccompAction, matched: SeccompAction) -> Result<BpfProgram> {
    let arch = std::env::consts::ARCH.try_into().map_err(refused)?;
    let filter = SeccompFilter::new(rules, missed, matched, arch).map_err(refused)?;
    filter.try_into().map_err(refused)
}

fn rules(allowed: SystemCalls) -> Result<Rules> {
    let mut rules: Rules = ALWAYS.iter().map(|&call| (call, Vec::new())).collect();
    // Not FUTEX_REQUEUE, which would move a thread of the host's to a word that nobody wakes.
    let futex = [libc::FUTEX_WAIT, libc::FUTEX_WAKE, libc::FUTEX_WAIT_BITSET];
    let futex = futex.into_iter().map(|what| when(1, masked(libc::FUTEX_CMD_MASK), what as u64));
    rules.insert(libc::SYS_futex, futex.collect::<Result<_>>()?);
    // Signals to itself alone: the host has the same user.
    let itself = std::process::id().into();
    rules.insert(libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Eq, itself)?]);
    // Threads, and no processes.
    let thread: c_int = libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD;
    rules.insert(libc::SYS_clone, vec![when(0, masked(thread), thread as u64)?]);
    let named = [libc::PR_SET_NAME as u64, PR_SET_VMA];
    let named = named.into_iter().map(|what| when(0, SeccompCmpOp::Eq, what));
    rules.insert(libc::SYS_prctl, named.collect::<Result<_>>()?);
    // Of a file that is open.
    let open = when(3, SeccompCmpOp::Eq, libc::AT_EMPTY_PATH as u64)?;
    rules.insert(libc::SYS_newfstatat, vec![open]);
    // To read limits, and to set none.
    let read = SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0);
    let read = SeccompRule::new(vec![read.map_err(refused)?]).map_err(refused)?;
    rules.insert(libc::SYS_prlimit64, vec![read]);
    let not_executable = || when(2, masked(libc::PROT_EXEC), 0);
    match allowed {
        SystemCalls::Compute | SystemCalls::All => {
            rules.insert(libc::SYS_mmap, vec![not_executable()?]);
            rules.insert(libc::SYS_mprotect, vec![not_executable()?]);
        }
        SystemCalls::Compile => {
            rules.insert(libc::SYS_mmap, Vec::new());
            rules.insert(libc::SYS_mprotect, Vec::new());
            rules.extend(FILES.iter().map(|&call| (call, Vec::new())));
            let writes = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND;
            rules.insert(libc::SYS_openat, vec![when(2, masked(writes), 0)?]);
            // A library's threads take a core each.
            rules.insert(libc::SYS_sched_setaffinity, vec![when(0, SeccompCmpOp::Eq, 0)?]);
            let fcntl = [libc::F_GETFL, libc::F_GETFD, libc::F_SETFD];
            let fcntl = fcntl.into_iter().map(|what| when(1, SeccompCmpOp::Eq, what as u64));
            rules.insert(libc::SYS_fcntl, fcntl.collect::<Result<_>>()?);
        }
    }
    Ok(rules)
}

fn masked(mask: c_int) -> SeccompCmpOp {
    SeccompCmpOp::MaskedEq(mask as u32 as u64)
}

/// Holds when the argument, as 32 bits, compares so with the value.
fn when(argument: u8, how: SeccompCmpOp, value: u64) -> Result<SeccompRule> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, how, value);
    SeccompRule::new(vec![condition.map_err(refused)?]).map_err(refused)
}
