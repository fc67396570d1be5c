//! Programs compiled ahead of time: taken back unchanged, by the host that made them, and not otherwise.

use godwit_backend::ErrorKind;
use godwit_host::{Exit, Host, HostOptions, Key, Limits};

use crate::stage::{HOST, On, Settings, Stage, block_on, options, read_program};

fn key() -> Key {
    Key::from_bytes([7; 32])
}

#[test]
fn a_sealed_program_runs_as_the_program_does() {
    let stage = Stage::new(On::Fake, Settings::default());
    for guest in ["by_name", "witx_by_name"] {
        let sealed = HOST.seal(&key(), &read_program(guest)).unwrap();
        let program = HOST.open_sealed(&key(), &sealed).unwrap();
        let (invocation, _) = stage.invocation(guest);
        assert_eq!(block_on(program.run(invocation)).unwrap(), Exit::Code(0));

        let other = Host::new(&options()).unwrap();
        assert!(other.open_sealed(&key(), &sealed).is_ok(), "another process on this machine");
    }
}

#[test]
fn a_changed_file_is_refused() {
    let sealed = HOST.seal(&key(), &read_program("witx_endless_loop")).unwrap();
    let kind = |bytes: &[u8]| HOST.open_sealed(&key(), bytes).unwrap_err().kind();
    for at in [0, 7] {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(kind(&changed), ErrorKind::InvalidArgument, "byte {at}");
    }
    for at in [8, 39, 40, sealed.len() / 2, sealed.len() - 1] {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(kind(&changed), ErrorKind::Denied, "byte {at}");
    }
    assert_eq!(kind(&sealed[..sealed.len() - 1]), ErrorKind::Denied);
    assert_eq!(kind(&[&sealed[..], b"\0"].concat()), ErrorKind::Denied);
    for cut in [0, 8, 39] {
        assert_eq!(kind(&sealed[..cut]), ErrorKind::InvalidArgument, "{cut} bytes");
    }
    assert_eq!(kind(&sealed[..40]), ErrorKind::Denied);
    assert_eq!(kind(&read_program("witx_endless_loop")), ErrorKind::InvalidArgument);

    let mut other = [7; 32];
    other[31] = 8;
    let error = HOST.open_sealed(&Key::from_bytes(other), &sealed).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}

/// Compiled code knows no limits: those of the host that opens it count, whatever made it.
#[test]
fn a_sealed_program_keeps_to_the_limits_of_the_host_that_opens_it() {
    let limits = Limits { memory: 64 << 20, ..Limits::default() };
    let smaller = Host::new(&HostOptions { limits, ..options() }).unwrap();
    let sealed = HOST.seal(&key(), &read_program("memory_bomb")).unwrap();
    let program = smaller.open_sealed(&key(), &sealed).unwrap();
    let stage = Stage::new(On::Fake, Settings::default().memory(1 << 30));
    let (invocation, output) = stage.invocation("memory_bomb");
    let exit = block_on(program.run(invocation)).unwrap();
    assert!(matches!(exit, Exit::Trapped { .. }), "{exit:?}");
    assert_eq!(output.stdout(), "now the rude way\n", "{output:?}");
}

#[test]
fn what_is_no_program_cannot_be_sealed() {
    assert_eq!(HOST.seal(&key(), b"x").unwrap_err().kind(), ErrorKind::InvalidArgument);
}
