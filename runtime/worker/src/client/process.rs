use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a process whose connection has ended gets for ending itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts the process, with its end of a socket in the place of its standard input.
pub(super) fn start(mut command: Command, socket: OwnedFd) -> io::Result<Child> {
    command
        .stdin(Stdio::from(socket))
        // What a library prints must not get between what an app prints.
        .stdout(Stdio::from(io::stderr().as_fd().try_clone_to_owned()?))
        // A key that interrupts the app is the app's business, which then ends this process in order.
        .process_group(0)
        .spawn()
}

/// Waits for the end of a process whose connection has ended, and sees to it that it comes.
pub(super) fn reap(mut child: Child) -> io::Result<ExitStatus> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(2));
    }
    child.kill()?;
    child.wait()
}

/// How it ended, for the operator.
pub(super) fn tell(status: io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => match (status.signal(), status.code()) {
            (Some(signal), _) => format!("it was ended by signal {signal}{}", name(signal)),
            (None, Some(code)) => format!("it ended with code {code}"),
            (None, None) => "it ended".to_owned(),
        },
        Err(error) => format!("how it ended is not known: {error}"),
    }
}

/// The names of those that a library's failure sends.
fn name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        15 => " (SIGTERM)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn ended(script: &str) -> String {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let nothing = File::open("/dev/null").unwrap();
        tell(reap(start(command, nothing.into()).unwrap()))
    }

    #[test]
    fn how_a_process_ended_is_told() {
        assert_eq!(ended("exit 3"), "it ended with code 3");
        assert_eq!(ended("kill -ABRT $$"), "it was ended by signal 6 (SIGABRT)");
    }

    #[test]
    fn one_that_does_not_end_is_ended() {
        assert_eq!(ended("exec sleep 1000"), "it was ended by signal 9 (SIGKILL)");
    }
}
