use std::os::fd::AsRawFd as _;
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::host::{Event, Inbox};
use super::*;

fn pair() -> (HostSocket, WorkerSocket) {
    let kind = SocketType::SEQPACKET;
    let (host, worker) = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None).unwrap();
    (HostSocket::new(host).unwrap(), WorkerSocket::new(worker))
}

fn next(host: &HostSocket, inbox: &mut Inbox) -> io::Result<Event<String>> {
    host.receive(inbox, Some(Instant::now() + Duration::from_secs(20)))
}

fn message(host: &HostSocket, inbox: &mut Inbox) -> String {
    match next(host, inbox).unwrap() {
        Event::Message(text) => text,
        other => panic!("a message was sent: {other:?}"),
    }
}

#[test]
fn messages_of_any_length_arrive_in_order() {
    let (host, worker) = pair();
    let texts: Vec<String> = [1, 10, PACKET, 1 << 20].map(|len| "x".repeat(len)).into();
    thread::scope(|scope| {
        scope.spawn(|| {
            for text in &texts {
                worker.send(text).unwrap();
                let (back, files) = worker.receive::<String>().unwrap().unwrap();
                assert!(back == *text && files.is_empty());
            }
        });
        let mut inbox = Inbox::default();
        for text in &texts {
            assert_eq!(message(&host, &mut inbox), *text);
            host.send(text, Vec::new()).unwrap();
            // What the socket did not take is sent while the host receives.
            while !lock_is_empty(&host) {
                let _ = host.receive::<String>(&mut inbox, Some(Instant::now()));
            }
        }
    });
    drop(worker);
    assert!(matches!(next(&host, &mut Inbox::default()).unwrap(), Event::End));
}

fn lock_is_empty(host: &HostSocket) -> bool {
    format!("{host:?}").contains("data: []")
}

#[test]
fn files_go_with_the_message_that_names_them() {
    let (host, worker) = pair();
    let files =
        || ["/dev/null", "/dev/zero"].map(|path| OwnedFd::from(std::fs::File::open(path).unwrap()));
    host.send(&"x".repeat(3 * PACKET), files().into()).unwrap();
    host.send(&"without", Vec::new()).unwrap();
    let (long, given) = worker.receive::<String>().unwrap().unwrap();
    assert_eq!((long.len(), given.len()), (3 * PACKET, 2));
    let path = std::fs::read_link(format!("/proc/self/fd/{}", given[1].as_raw_fd())).unwrap();
    assert_eq!(path.to_str(), Some("/dev/zero"));
    let (_, none) = worker.receive::<String>().unwrap().unwrap();
    assert!(none.is_empty());
}

#[test]
fn a_worker_that_reads_nothing_cannot_make_its_host_wait_or_remember_all() {
    let (host, _worker) = pair();
    let sent = (0..100_000).take_while(|number| host.send(number, Vec::new()).is_ok()).count();
    assert!((1000..10_000).contains(&sent), "{sent}");
}

#[test]
fn nonsense_is_an_error() {
    let nonsense: [&[u8]; 4] = [b"?", b"e{", b"e\"\xff\"", b"z\"text\""];
    for packet in nonsense {
        let (a, b) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
                .unwrap();
        let host = HostSocket::new(a).unwrap();
        send(&b, packet, &[], SendFlags::empty()).unwrap();
        assert!(next(&host, &mut Inbox::default()).is_err(), "{packet:?}");
        // A file of the worker's is not taken either.
        send(&b, b"e\"text\"", &[b.as_fd()], SendFlags::empty()).unwrap();
        assert!(next(&host, &mut Inbox::default()).is_err());
    }
    let mut assembly = Assembly::new(100);
    assert!(assembly.take(&[b"c", [b'x'; 90].as_slice()].concat()).unwrap().is_none());
    assert!(assembly.take(&[b"e", [b'x'; 20].as_slice()].concat()).is_err());
}

#[test]
fn the_bell_and_the_time_wake_who_receives() {
    let (host, _worker) = pair();
    let mut inbox = Inbox::default();
    let begun = Instant::now();
    let until = Some(begun + Duration::from_millis(20));
    assert!(matches!(host.receive::<String>(&mut inbox, until).unwrap(), Event::Awake));
    assert!(begun.elapsed() >= Duration::from_millis(20));
    host.ring();
    assert!(matches!(host.receive::<String>(&mut inbox, None).unwrap(), Event::Awake));
}
