//! A guest sees its arguments, its environment and its directories, and nothing else of the machine.

use std::fs;
use std::net::{TcpListener, TcpStream};

fn main() {
    let env: Vec<_> = std::env::vars().collect();
    assert_eq!(env, [("GIVEN".to_owned(), "yes".to_owned())]);
    assert_eq!(std::env::args().next().as_deref(), Some("sees_only_what_it_was_given"));

    assert!(fs::read_dir("/models").is_ok_and(|mut entries| entries.next().is_some()));
    for path in
        ["/", "/etc/passwd", "/proc/self/maps", "/models/..", "/models/../../Cargo.toml", "."]
    {
        assert!(fs::metadata(path).is_err(), "{path} is visible");
    }
    assert!(fs::read_link("/models/digits.onnx").is_err());

    assert!(TcpListener::bind("127.0.0.1:0").is_err(), "it can listen");
    assert!(TcpStream::connect("127.0.0.1:22").is_err(), "it can connect");
}
