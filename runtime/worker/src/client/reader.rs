//! The thread of one process: it starts the process, reads what it says, and sees to its end. It lives as long as the
//! process, which the system ends if this thread should end before.

use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::{Arc, Weak};

use godwit_backend::Error;

use super::call::{Got, Handle};
use super::link::Link;
use super::process;
use crate::socket::{Event, HostSocket, Inbox};
use crate::wire::{Kept, Reply, Said};

/// Starts the process and serves its link until either ends.
pub(super) fn serve(command: Command, worker: OwnedFd, socket: &HostSocket, link: &Weak<Link>) {
    let mut child = match process::start(command, worker) {
        Ok(child) => child,
        Err(error) => {
            if let Some(link) = link.upgrade() {
                let error = Error::unavailable("no process could be started").with_source(error);
                link.deliver(0, Err(error));
                link.end("it could not be started".to_owned(), false);
            }
            return;
        }
    };
    if let Some(link) = link.upgrade() {
        link.set_process(child.id());
    }
    let doomed = read(socket, link);
    socket.hang_up();
    if doomed.is_some() {
        // One that has ended already cannot be killed, which is as well.
        let _ = child.kill();
    }
    let status = process::reap(child);
    let Some(link) = link.upgrade() else { return };
    let how = process::tell(status);
    match doomed {
        Some(why) => link.end(format!("{why} ({how})"), true),
        None => link.end(how, true),
    }
}

/// Reads until the process is gone or the link is dropped. Gives why the process is to be killed, if it is.
fn read(socket: &HostSocket, link: &Weak<Link>) -> Option<String> {
    let mut inbox = Inbox::default();
    loop {
        let until = {
            let link = link.upgrade()?;
            if let Some(why) = link.doomed() {
                return Some(why);
            }
            link.next_due()
        };
        match socket.receive::<Said>(&mut inbox, until) {
            Ok(Event::Message(said)) => take(said, &link.upgrade()?),
            Ok(Event::Awake) => {}
            Ok(Event::End) => return None,
            Err(error) => {
                return Some(format!("it was killed, for it is not understood: {error}"));
            }
        }
    }
}

fn take(said: Said, link: &Arc<Link>) {
    match said {
        Said::Done(run) => link.done(run),
        Said::Answer(call, outcome) => {
            let outcome = outcome.map(|reply| got(reply, link)).map_err(Error::from);
            link.deliver(call, outcome);
        }
    }
}

fn got(reply: Reply, link: &Arc<Link>) -> Got {
    let handle = |kept| Handle::new(link.clone(), kept);
    match reply {
        Reply::Ready(confinement) => Got::Ready(confinement),
        Reply::Devices(devices) => Got::Devices(devices),
        Reply::Graph { graph, info } => Got::Graph(handle(Kept::Graph(graph)), info),
        Reply::Context(id) => Got::Context(handle(Kept::Context(id))),
        Reply::Done => Got::Done,
    }
}
