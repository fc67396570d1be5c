//! What a library that was taken over can do from its process: it tries, and tells.

use std::fs::{self, File};
use std::io;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, OnceLock};

use futures::executor::block_on;
use godwit_backend::{
    Backend, Device, Error, ErrorKind, Graph, Model, Result, Target, async_trait,
};
use godwit_worker::{Profile, SystemCalls, Worker};
use memmap2::MmapMut;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, setrlimit};

use crate::served::command;

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("a_library_that_computes_reaches_nothing", a_library_that_computes_reaches_nothing),
    ("a_library_that_compiles_reads_its_own_files", a_library_that_compiles_reads_its_own_files),
    ("an_attack_ends_the_process", an_attack_ends_the_process),
    ("memory_is_bounded", memory_is_bounded),
    ("what_is_not_confined_can_do_all_that", what_is_not_confined_can_do_all_that),
];

/// What such a process is called, before how it is confined.
pub(crate) const CONFINED: &str = "confined-";

/// Bytes that the process may take.
const MEMORY: u64 = 256 << 20;

/// What is tried, and whether a process that is not confined can do it.
const ACTS: [&str; 11] = [
    "read a file",
    "read a secret",
    "read the parent",
    "write a file",
    "list a folder",
    "connect",
    "bind",
    "abstract socket",
    "start a program",
    "run new code",
    "raise a limit",
];

fn worker(how: &str) -> Worker {
    let name = format!("{CONFINED}{how}");
    Worker::new("fake", move || command(&name))
}

/// What came of it, as the process tells.
fn attempt(worker: &Worker, act: &str) -> Error {
    let model = Model::onnx(act, act.as_bytes());
    block_on(worker.load(&model, &Target::new("fake:0"))).unwrap_err()
}

fn a_library_that_computes_reaches_nothing() {
    let worker = worker("compute");
    for act in ACTS {
        let error = attempt(&worker, act);
        assert_eq!(error.message(), "refused", "{act}: {}", error.report());
    }
}

fn a_library_that_compiles_reads_its_own_files() {
    let worker = worker("compile");
    for act in ACTS {
        let can = ["run new code"].contains(&act);
        let error = attempt(&worker, act);
        assert_eq!(error.message() == "done", can, "{act}: {}", error.report());
    }
    assert_eq!(attempt(&worker, "read its library").message(), "done");
}

fn an_attack_ends_the_process() {
    for how in ["compute", "compile"] {
        for act in ["kill", "trace"] {
            let error = attempt(&worker(how), act);
            assert_eq!(error.kind(), ErrorKind::DeviceLost, "{how} {act}: {}", error.report());
            assert!(error.report().contains("signal 31"), "{how} {act}: {}", error.report());
        }
    }
}

fn memory_is_bounded() {
    let worker = worker("compute");
    let error = attempt(&worker, "take 64 MiB");
    assert_eq!(error.message(), "done", "{}", error.report());
    for act in ["take 512 MiB", "take 4096 MiB"] {
        let error = attempt(&worker, act);
        assert_eq!(error.message(), "refused", "{act}: {}", error.report());
    }
}

/// The tests above see something: without confinement all of it works.
fn what_is_not_confined_can_do_all_that() {
    let worker = worker("open");
    for act in ACTS {
        // To connect takes somebody who listens; the answer then is not that of the kernel's rules.
        let error = attempt(&worker, act);
        let is_denied =
            error.report().contains("denied") || error.report().contains("not permitted");
        assert!(!is_denied, "{act}: {}", error.report());
    }
}

/// Is such a process.
pub(crate) fn serve(how: &str) {
    let library = PathBuf::from("/usr/share");
    let calls = if how == "compile" { SystemCalls::Compile } else { SystemCalls::Compute };
    let profile = match how {
        "open" => Profile::open(),
        _ => {
            Profile { libraries: vec![library], memory: Some(MEMORY), ..Profile::processor(calls) }
        }
    };
    PARENT.get_or_init(parent);
    godwit_worker::serve(&profile, || Ok(Arc::new(Intruder))).unwrap();
}

#[derive(Debug)]
struct Intruder;

#[async_trait]
impl Backend for Intruder {
    fn name(&self) -> &str {
        "fake"
    }

    fn devices(&self) -> Result<Vec<Device>> {
        Ok(Vec::new())
    }

    async fn load(&self, model: &Model, _: &Target) -> Result<Arc<dyn Graph>> {
        Err(match act(model.name()) {
            Ok(()) => Error::failed("done"),
            Err(error) => Error::denied("refused").with_source(error.to_string()),
        })
    }
}

/// The process that started this one, asked for while it can be.
static PARENT: OnceLock<i32> = OnceLock::new();

fn parent() -> i32 {
    rustix::process::getppid().map_or(1, |pid| pid.as_raw_nonzero().get())
}

fn act(what: &str) -> io::Result<()> {
    let parent = *PARENT.get_or_init(parent);
    match what {
        "read a file" => File::open("/etc/passwd").map(drop),
        "read a secret" => fs::read("/proc/self/../../etc/hostname").map(drop),
        "read the parent" => fs::read(format!("/proc/{parent}/environ")).map(drop),
        "write a file" => fs::write("/tmp/godwit-confined", "written"),
        "list a folder" => fs::read_dir("/etc").map(drop),
        "read its library" => fs::read_dir("/usr/share").map(drop),
        "connect" => match TcpStream::connect("127.0.0.1:9") {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
            other => other.map(drop),
        },
        "bind" => UdpSocket::bind("127.0.0.1:0").map(drop),
        "abstract socket" => {
            use std::os::linux::net::SocketAddrExt as _;
            let address = std::os::unix::net::SocketAddr::from_abstract_name("godwit-nobody")?;
            match UnixStream::connect_addr(&address) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
                other => other.map(drop),
            }
        }
        "start a program" => Command::new("/bin/true").spawn()?.wait().map(drop),
        "run new code" => MmapMut::map_anon(4096)?.make_exec().map(drop),
        "raise a limit" => {
            let now = rustix::process::getrlimit(Resource::Core);
            let raised = Rlimit { current: now.maximum, maximum: now.maximum };
            setrlimit(Resource::Core, raised).map_err(Into::into)
        }
        "kill" => {
            let parent = Pid::from_raw(parent).ok_or(io::ErrorKind::NotFound)?;
            kill_process(parent, Signal::CONT).map_err(Into::into)
        }
        "trace" => {
            let traced = rustix::process::pidfd_open(
                Pid::from_raw(parent).ok_or(io::ErrorKind::NotFound)?,
                rustix::process::PidfdFlags::empty(),
            );
            traced.map(drop).map_err(Into::into)
        }
        take => {
            let mib = take.split(' ').nth(1).and_then(|mib| mib.parse::<usize>().ok());
            let bytes = mib.ok_or(io::ErrorKind::InvalidInput)? << 20;
            let mut taken: Vec<u8> = Vec::new();
            taken.try_reserve_exact(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
            taken.resize(bytes, 1);
            std::hint::black_box(&taken);
            Ok(())
        }
    }
}
