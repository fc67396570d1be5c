//! Directories: what is given is given as told, and what is missing is an error.

use std::fs;
use std::path::Path;

use godwit_backend::ErrorKind;
use godwit_host::{Dir, Exit};
use tempfile::TempDir;

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

/// Guests that are given an empty folder as `/out`, and another as `/other`.
macro_rules! in_folders {
    ($($guest:ident: $ends:expr;)*) => {
        $(pub(crate) mod $guest {
            pub(crate) fn exists() {}

            #[test]
            fn in_folders() {
                super::in_folders(stringify!($guest), $ends);
            }
        })*
    };
}

in_folders! {
    links: super::only_straight_links;
    witx_links: super::only_straight_links;
    much_written: super::too_much_written;
    witx_much_written: super::too_much_written;
    far_end: super::too_much_written;
    witx_far_end: super::too_much_written;
}

/// More than a megabyte, and less than ten.
const OUTPUT: u64 = 4 << 20;

fn in_folders(guest: &str, ends: fn(Exit, &str, &Path)) {
    let mut settings = Settings::default();
    settings.limits.output_bytes = OUTPUT;
    let stage = Stage::new(On::Fake, settings);
    let (out, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let dir = |folder: &TempDir, guest: &str| Dir {
        host: folder.path().to_owned(),
        guest: guest.into(),
        read_only: false,
    };
    let (mut invocation, output) = stage.invocation(guest);
    invocation.dirs = vec![dir(&out, "/out"), dir(&other, "/other")];
    let exit = block_on(load(guest).run(invocation)).unwrap();
    ends(exit, &String::from_utf8_lossy(&output.stderr()), out.path());
}

fn only_straight_links(exit: Exit, told: &str, folder: &Path) {
    assert_eq!(exit, Exit::Code(0), "{told}");
    let target = fs::read_link(folder.join("below/straight")).unwrap();
    assert_eq!(target, Path::new("file"));
}

fn too_much_written(exit: Exit, told: &str, folder: &Path) {
    let Exit::Trapped { reason } = &exit else { panic!("{exit:?}: {told}") };
    assert!(reason.contains("wrote more than its 4194304 bytes of output"), "{reason}");
    let len = fs::metadata(folder.join("part")).map_or(0, |metadata| metadata.len());
    assert!(len <= OUTPUT, "{len}");
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
