//! Servers that are Python packages.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Beyond what a server takes to start on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(120);

/// The folder of an installed server.
///
/// # Panics
///
/// When it is not installed.
pub fn installed(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("target/servers").join(name);
    assert!(
        folder.join("installed.txt").exists(),
        "the server '{name}' is not installed: run `cargo xtask setup`"
    );
    folder.canonicalize().expect("a folder that exists")
}

/// The Python that the servers were installed by.
pub(crate) fn interpreter() -> &'static str {
    if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" }
}

/// Ports of loopback that nobody listens on, each another.
///
/// They lie below those that systems give to clients: a server may bind them seconds later.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let mut held = Vec::new();
    while held.len() < N {
        let chance = RandomState::new().hash_one(held.len());
        let port = 20_000 + u16::try_from(chance % 12_000).expect("a small number");
        held.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    }
    std::array::from_fn(|index| held[index].local_addr().expect("an address").port())
}

/// A process that serves until it is dropped. What it prints is kept in a file.
#[derive(Debug)]
pub struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command`, whose output goes to `log`.
    pub fn start(command: &mut Command, log: PathBuf) -> Self {
        let file = File::create(&log).expect("a log can be written");
        let errors = file.try_clone().expect("a log can be shared");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{command:?}: {error}")), log }
    }

    /// Waits until a GET of `path` at `port` is answered with success.
    pub fn wait(&mut self, port: u16, path: &str) {
        let end = Instant::now() + PATIENCE;
        while !is_answered(port, path) {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the server ended ({status}):\n{}", self.tail());
            }
            assert!(Instant::now() < end, "the server is not ready:\n{}", self.tail());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Servers end their own children when they are asked to end, not when they are killed.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").arg(&id).status();
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_answered(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(head.ends_with(b"200"))
    };
    ask().unwrap_or(false)
}
