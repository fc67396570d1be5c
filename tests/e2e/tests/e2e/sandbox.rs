//! Directories: what is given is given as told, and what is missing is an error.

use std::fs;

use godwit_backend::ErrorKind;
use godwit_host::{Dir, Exit};

use crate::stage::{On, Settings, Stage, block_on, load};

/// The guest of this name needs a directory of its own.
pub(crate) mod writable_directory {
    use super::{Dir, Exit, On, Settings, Stage, block_on, fs, load};

    pub(crate) fn exists() {}

    #[test]
    fn what_it_writes_is_there() {
        let stage = Stage::new(On::Fake, Settings::default());
        let folder = tempfile::tempdir().unwrap();
        let run = |read_only| {
            let host = folder.path().to_owned();
            let (mut invocation, _) = stage.invocation("writable_directory");
            invocation.dirs = vec![Dir { host, guest: "/out".into(), read_only }];
            block_on(load("writable_directory").run(invocation)).unwrap()
        };
        assert!(matches!(run(true), Exit::Trapped { .. }));
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
        assert_eq!(run(false), Exit::Code(0));
        assert_eq!(fs::read(folder.path().join("answer")).unwrap(), b"42");
    }
}

#[test]
fn a_directory_that_is_not_there_is_an_error() {
    let stage = Stage::new(On::Fake, Settings::default());
    for guest in ["by_name", "witx_by_name"] {
        let (mut invocation, _) = stage.invocation(guest);
        let host = stage.folder().join("nowhere");
        invocation.dirs = vec![Dir { host, guest: "/models".into(), read_only: true }];
        let error = block_on(load(guest).run(invocation)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.message().contains("nowhere"), "{error}");
    }
}

/// A link inside a directory leads no further than the directory.
#[cfg(unix)]
#[test]
fn a_link_out_of_a_directory_leads_nowhere() {
    let stage = Stage::new(On::Cpu, Settings::default());
    fs::remove_file(stage.folder().join("digits.onnx")).unwrap();
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("secret.onnx");
    fs::write(&target, godwit_fixtures::models::DIGITS_ONNX).unwrap();
    std::os::unix::fs::symlink(&target, stage.folder().join("digits.onnx")).unwrap();
    let ended = stage.run("by_bytes");
    assert!(matches!(ended.exit, Exit::Trapped { .. }), "{ended}");
}
