use std::thread;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::*;

fn pair() -> (Peer, Peer) {
    let kind = SocketType::SEQPACKET;
    let (a, b) = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None).unwrap();
    (Peer::new(a).unwrap(), Peer::new(b).unwrap())
}

fn send_bytes(peer: &Peer, parts: &[&[u8]]) {
    let mut lease = peer.lease(Lease::room(parts.iter().map(|part| part.len())).unwrap()).unwrap();
    let spans: Vec<Span> = parts.iter().map(|part| lease.put(part).unwrap()).collect();
    lease.lend();
    peer.send(&spans).unwrap();
}

fn bytes_of(loaned: &Loaned) -> Vec<u8> {
    let mut bytes = vec![0; loaned.len()];
    loaned.copy_to(&mut bytes);
    bytes
}

#[test]
fn messages_of_any_length_arrive_in_order() {
    let (a, b) = pair();
    let texts: Vec<String> = [1, 10, LONGEST, 1 << 20].map(|len| "x".repeat(len)).into();
    for text in &texts {
        a.send(text).unwrap();
    }
    for text in &texts {
        assert_eq!(b.receive::<String>().unwrap().as_ref(), Some(text));
    }
    drop(a);
    assert_eq!(b.receive::<String>().unwrap(), None);
}

#[test]
fn bytes_stay_until_they_are_given_back() {
    let (a, b) = pair();
    send_bytes(&a, &[b"one", b"two"]);
    let spans: Vec<Span> = b.receive().unwrap().unwrap();
    let [one, two] = spans.as_slice() else { panic!("two were sent") };
    let (one, two) = (b.claim(one).unwrap(), b.claim(two).unwrap());
    assert_eq!((bytes_of(&one), bytes_of(&two)), (b"one".to_vec(), b"two".to_vec()));
    drop(one);
    b.send(&"one is read").unwrap();
    a.receive::<String>().unwrap();
    // The second is still read, so the segment must not be used again.
    send_bytes(&a, &[b"three"]);
    let spans: Vec<Span> = b.receive().unwrap().unwrap();
    assert_ne!(spans[0].segment, two.segment);
    assert_eq!(bytes_of(&two), b"two");
    let (kept, other) = (two.segment, b.claim(&spans[0]).unwrap());
    drop(two);
    b.send(&"two is read").unwrap();
    a.receive::<String>().unwrap();
    send_bytes(&a, &[b"four"]);
    let spans: Vec<Span> = b.receive().unwrap().unwrap();
    assert_eq!(spans[0].segment, kept, "a segment that is back is used again");
    drop(other);
}

#[test]
fn a_span_that_is_not_there_is_refused() {
    let (a, b) = pair();
    send_bytes(&a, &[b"bytes"]);
    let spans: Vec<Span> = b.receive().unwrap().unwrap();
    let span = spans[0];
    let _good = b.claim(&span).unwrap();
    for wrong in [
        Span { segment: 99, ..span },
        Span { offset: 1 << 40, ..span },
        Span { len: 1 << 40, ..span },
        Span { offset: usize::MAX, len: 2, ..span },
    ] {
        assert!(b.claim(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn who_writes_without_being_read_does_not_wait() {
    let (a, b) = pair();
    const MANY: u32 = 20_000;
    // Far more than a socket holds, in both directions, before either side reads.
    for number in 0..MANY {
        a.send(&number).unwrap();
        b.send(&number).unwrap();
    }
    thread::scope(|scope| {
        for peer in [&a, &b] {
            scope.spawn(move || {
                for number in 0..MANY {
                    assert_eq!(peer.receive::<u32>().unwrap(), Some(number));
                }
            });
        }
    });
}

#[test]
fn nonsense_is_an_error() {
    let (a, b) = pair();
    a.outbox.send(Packet { bytes: vec![b'?', 1], file: None });
    assert!(b.receive::<u32>().is_err());
    a.outbox.send(Packet { bytes: vec![tag::NEW_SEGMENT, 1], file: None });
    assert!(b.receive::<u32>().is_err());
    a.outbox.send(Packet { bytes: b"m\0\0{".to_vec(), file: None });
    assert!(b.receive::<u32>().is_err());
    for short in [&b"m"[..], b"m\x01\0", b"m\xff\xff12345678{}"] {
        a.outbox.send(Packet { bytes: short.to_vec(), file: None });
        assert!(b.receive::<u32>().is_err());
    }
    // A file that could shrink under its reader.
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    let bytes = std::iter::once(tag::NEW_SEGMENT).chain(7u64.to_le_bytes()).collect();
    a.outbox.send(Packet { bytes, file: Some(file.into()) });
    assert!(b.receive::<u32>().is_err());
}
