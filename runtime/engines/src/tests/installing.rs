use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;

use super::wheels::{CONTENTS, FILE, engine, pinned};
use crate::folder::installed_of;
use crate::install::install_with;
use crate::pip::Pip;
use crate::release::{LINUX_X86_64, MACOS_AARCH64};
use crate::{
    Engine, Found, InstallError, InstallOptions, Installed, Outcome, Place, Source, Step, Version,
    remove,
};

/// The real client, which finds only what is in `folder`.
fn offline(folder: &Path) -> Pip {
    let set = |name: &str, value: &Path| (name.into(), value.as_os_str().to_owned());
    let variables = vec![
        set("PIP_NO_INDEX", Path::new("1")),
        set("PIP_FIND_LINKS", folder),
        set("PIP_CONFIG_FILE", Path::new("/dev/null")),
    ];
    Pip { variables, ..Pip::default() }
}

fn install(
    pip: &Pip,
    engine: &'static Engine,
    folder: &Path,
    options: &InstallOptions,
) -> (Result<Installed, InstallError>, Vec<Step>) {
    let mut steps = Vec::new();
    let ended = install_with(pip, Some(LINUX_X86_64), engine, folder, options, &mut |step| {
        steps.push(step)
    });
    (ended, steps)
}

fn from_file(wheel: &Path) -> InstallOptions {
    InstallOptions { wheel: Some(wheel.to_owned()), ..InstallOptions::default() }
}

/// Every file below `folder`, with its text where it has one.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}

/// No folder of a release, whole or half.
fn assert_nothing_is_there(folder: &Path) {
    let left: Vec<_> = files(folder).into_iter().filter(|file| !file.ends_with(".lock")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_package_client_fetches_and_what_is_used_is_unpacked() {
    let temporary = TempDir::new().unwrap();
    let folder = temporary.path().join("engines");
    let (probe, wheel) = engine(&temporary.path().join("index"), &CONTENTS);
    let pip = offline(wheel.parent().unwrap());

    let (ended, steps) = install(&pip, probe, &folder, &InstallOptions::default());
    let there = ended.unwrap();
    let place = folder.join("probe/1.2.3");
    assert_eq!(there.folder, place);
    assert_eq!(there.whole, Some(true));
    let expected = [
        "installed.json",
        "libneeded.so",
        "libprobe.so.1.2.3",
        "licenses/LICENSE",
        "licenses/tbb_third-party-programs.txt",
    ];
    assert_eq!(files(&place), expected.map(|file| place.join(file)));
    assert_eq!(fs::read_to_string(place.join("libprobe.so.1.2.3")).unwrap(), "the library");
    let total = fs::metadata(&wheel).unwrap().len();
    assert_eq!(steps.first(), Some(&Step::Fetching { done: 0, total }));
    assert!(steps.contains(&Step::Fetching { done: total, total }), "{steps:?}");
    assert!(steps.contains(&Step::Checking), "{steps:?}");
    assert!(
        matches!(steps.last(), Some(Step::Unpacking { done, total }) if done == total),
        "{steps:?}"
    );

    // Again: nothing is done, not even asking for the client.
    let nobody = Pip { pythons: Vec::new(), variables: Vec::new() };
    let (again, steps) = install(&nobody, probe, &folder, &InstallOptions::default());
    assert_eq!((again.unwrap(), steps.len()), (there, 0));
    let forced = InstallOptions { force: true, ..InstallOptions::default() };
    assert!(matches!(install(&nobody, probe, &folder, &forced).0, Err(InstallError::NoPython(_))));
    assert!(
        place.join("libprobe.so.1.2.3").is_file(),
        "what was there stays until the new is whole"
    );
    install(&pip, probe, &folder, &forced).0.unwrap();
}

#[test]
fn what_is_damaged_or_of_unknown_origin_is_installed_anew() {
    let temporary = TempDir::new().unwrap();
    let (probe, wheel) = engine(temporary.path(), &CONTENTS);
    let folder = temporary.path().join("engines");
    let library = folder.join("probe/1.2.3/libprobe.so.1.2.3");

    fs::create_dir_all(library.parent().unwrap()).unwrap();
    fs::write(&library, "copied by hand").unwrap();
    assert_eq!(installed_of(probe, &folder)[0].whole, None);
    install(&Pip::default(), probe, &folder, &from_file(&wheel)).0.unwrap();
    assert_eq!(fs::read_to_string(&library).unwrap(), "the library");

    let other = library.with_file_name("libother.so");
    let damage: [&dyn Fn(); 4] = [
        &|| fs::write(&library, "cut").unwrap(),
        &|| fs::write(&library, "the librarx").unwrap(),
        &|| fs::remove_file(library.with_file_name("libneeded.so")).unwrap(),
        &|| fs::write(&other, "a plug-in").unwrap(),
    ];
    for damage in damage {
        damage();
        assert_eq!(installed_of(probe, &folder)[0].whole, Some(false));
        install(&Pip::default(), probe, &folder, &from_file(&wheel)).0.unwrap();
        assert_eq!(fs::read_to_string(&library).unwrap(), "the library");
        assert!(!other.exists());
    }
}

/// What a file was found to be holds while it looks the same, and not from the moment it does not.
#[cfg(unix)]
#[test]
fn an_altered_file_is_not_loaded() {
    let temporary = TempDir::new().unwrap();
    let (probe, wheel) = engine(temporary.path(), &CONTENTS);
    let folder = temporary.path().join("engines");
    let there = install(&Pip::default(), probe, &folder, &from_file(&wheel)).0.unwrap();
    let path = there.library.unwrap();
    let found = Found {
        path: path.clone(),
        place: Place::new(Source::Installed, &there.folder, Outcome::Found),
        version: None,
    };
    assert_eq!(found.check(), Ok(()));
    let seen = there.folder.join("checked.json");
    assert_eq!(fs::read_to_string(&seen).unwrap_or_default().matches("libprobe").count(), 0);
    thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(found.check(), Ok(()));
    assert_eq!(fs::read_to_string(&seen).unwrap().matches("libprobe").count(), 1);
    assert_eq!(found.check(), Ok(()));

    // The same length, and the same time of writing.
    let written = fs::metadata(&path).unwrap().modified().unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    std::io::Write::write_all(&mut &file, b"another one").unwrap();
    file.set_modified(written).unwrap();
    let altered = found.check().unwrap_err();
    assert_eq!(altered.file, path);
    assert!(altered.what.contains("is not the file that was installed"), "{altered}");
    // What was seen of one file says nothing of another.
    fs::write(&path, "the library").unwrap();
    fs::remove_file(there.folder.join("installed.json")).unwrap();
    assert!(found.check().is_err());
}

#[test]
fn a_cut_off_installation_leaves_nothing_that_is_found_and_is_cleared_away() {
    let temporary = TempDir::new().unwrap();
    let (probe, wheel) = engine(temporary.path(), &CONTENTS);
    let folder = temporary.path().join("engines");
    let half = folder.join("probe/.unfinished-x1y2/unpacked");
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("libprobe.so.1.2.3"), "half").unwrap();
    assert_eq!(installed_of(probe, &folder), []);
    install(&Pip::default(), probe, &folder, &from_file(&wheel)).0.unwrap();
    assert!(!half.exists());
    assert_eq!(installed_of(probe, &folder).len(), 1);
}

#[test]
fn many_at_once_install_it_once() {
    let temporary = TempDir::new().unwrap();
    let (probe, wheel) = engine(temporary.path(), &CONTENTS);
    let folder = temporary.path().join("engines");
    let (start, options) = (Barrier::new(8), from_file(&wheel));
    let work = || {
        start.wait();
        let (ended, steps) = install(&Pip::default(), probe, &folder, &options);
        assert_eq!(ended.unwrap().whole, Some(true));
        steps.contains(&Step::Checking)
    };
    let did = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(did.iter().filter(|did| **did).count(), 1, "{did:?}");
}

#[test]
fn another_file_than_the_pinned_one_is_refused() {
    let temporary = TempDir::new().unwrap();
    let (_, wheel) = engine(temporary.path(), &CONTENTS);
    let folder = temporary.path().join("engines");
    let other = pinned(&"0".repeat(64), 100);
    let refused = |ended: Result<Installed, InstallError>| {
        let error = ended.unwrap_err();
        assert!(matches!(error, InstallError::WrongHash { .. }), "{error:?}");
        let text = error.to_string();
        let hash = crate::install::sha256(&wheel).unwrap();
        assert!(text.contains(FILE) && text.contains(&hash), "{text}");
        assert_nothing_is_there(&folder);
    };
    // By the client, and by hand.
    refused(install(&offline(temporary.path()), other, &folder, &InstallOptions::default()).0);
    refused(install(&Pip::default(), other, &folder, &from_file(&wheel)).0);
}

#[test]
fn the_reasons_why_nothing_can_be_fetched() {
    let temporary = TempDir::new().unwrap();
    let (probe, _) = engine(&temporary.path().join("index"), &CONTENTS);
    let folder = temporary.path().join("engines");
    let refused = |pip: &Pip| {
        let error = install(pip, probe, &folder, &InstallOptions::default()).0.unwrap_err();
        assert_nothing_is_there(&folder);
        assert!(error.remedy().len() > 10);
        error
    };

    let pythons = vec![OsString::from("no-such-python")];
    let error = refused(&Pip { pythons, ..Pip::default() });
    assert!(matches!(error, InstallError::NoPython(_)), "{error:?}");
    assert!(error.remedy().contains(FILE) && error.remedy().contains("--wheel"), "{error:?}");

    // An empty environment of packages: the interpreter is there, its pip is not.
    let bare = temporary.path().join("bare");
    let made = std::process::Command::new("python3")
        .args(["-m", "venv", "--without-pip"])
        .arg(&bare)
        .status();
    assert!(made.unwrap().success());
    let error = refused(&Pip { pythons: vec![bare.join("bin/python3").into()], ..Pip::default() });
    assert!(matches!(error, InstallError::NoPip(_)), "{error:?}");

    let empty = temporary.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let error = refused(&offline(&empty));
    assert!(matches!(error, InstallError::NotInIndex(..)), "{error:?}");

    // Nobody listens on port 9 of this machine.
    let set = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
    let variables = vec![
        set("PIP_INDEX_URL", "http://127.0.0.1:9/simple"),
        set("PIP_CONFIG_FILE", "/dev/null"),
        set("http_proxy", ""),
        set("HTTP_PROXY", ""),
        set("no_proxy", "127.0.0.1"),
    ];
    let error = refused(&Pip { variables, ..Pip::default() });
    assert!(
        matches!(&error, InstallError::NoNetwork(_, said) if said.contains("refused")),
        "{error:?}"
    );
}

#[test]
fn a_platform_without_a_release() {
    let temporary = TempDir::new().unwrap();
    let (probe, wheel) = engine(temporary.path(), &CONTENTS);
    for platform in [Some(MACOS_AARCH64), None] {
        let error = install_with(
            &Pip::default(),
            platform,
            probe,
            temporary.path(),
            &from_file(&wheel),
            &mut |_| {},
        )
        .unwrap_err();
        assert!(matches!(error, InstallError::UnsupportedPlatform(..)), "{error:?}");
        assert!(error.to_string().contains("published for Linux x86_64"), "{error}");
        assert!(error.remedy().contains("GODWIT_PROBE"), "{}", error.remedy());
    }
}

#[test]
fn a_file_that_is_no_wheel_or_lacks_the_library() {
    let temporary = TempDir::new().unwrap();
    let folder = temporary.path().join("engines");
    let (probe, wheel) = engine(temporary.path(), &CONTENTS[5..]);
    let error = install(&Pip::default(), probe, &folder, &from_file(&wheel)).0.unwrap_err();
    assert!(
        matches!(&error, InstallError::Damaged(what) if what.contains("no library")),
        "{error:?}"
    );
    assert_nothing_is_there(&folder);

    fs::write(&wheel, "<html>not found</html>").unwrap();
    let probe = pinned(&crate::install::sha256(&wheel).unwrap(), 22);
    let error = install(&Pip::default(), probe, &folder, &from_file(&wheel)).0.unwrap_err();
    assert!(matches!(error, InstallError::Damaged(_)), "{error:?}");
    assert_nothing_is_there(&folder);

    let missing = from_file(Path::new("no-such.whl"));
    let error = install(&Pip::default(), probe, &folder, &missing).0.unwrap_err();
    assert!(matches!(&error, InstallError::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("no-such.whl"), "{error}");
}

/// A disk of 64 kB cannot be had by everyone; the error that it gives can.
#[test]
fn a_full_disk_is_named() {
    let error = InstallError::io("cannot write", Path::new("x"), io::ErrorKind::StorageFull.into());
    assert!(matches!(error, InstallError::DiskFull(_)));
    let errno = InstallError::io("cannot write", Path::new("x"), io::Error::from_raw_os_error(28));
    assert!(matches!(errno, InstallError::DiskFull(_)) || cfg!(windows), "{errno:?}");
    assert!(error.remedy().contains("GODWIT_ENGINES"), "{}", error.remedy());
}

#[test]
fn a_folder_that_cannot_be_written() {
    let temporary = TempDir::new().unwrap();
    let (probe, wheel) = engine(temporary.path(), &CONTENTS);
    let file = temporary.path().join("a-file");
    fs::write(&file, "").unwrap();
    let error = install(&Pip::default(), probe, &file, &from_file(&wheel)).0.unwrap_err();
    assert!(matches!(error, InstallError::Io { .. }), "{error:?}");
}

#[test]
fn removing_one_version_or_all() {
    let temporary = TempDir::new().unwrap();
    let (probe, wheel) = engine(temporary.path(), &CONTENTS);
    let folder = temporary.path().join("engines");
    assert_eq!(remove(probe, &folder, None).unwrap(), []);
    let install = || install(&Pip::default(), probe, &folder, &from_file(&wheel)).0.unwrap();
    let there = install();
    let old = folder.join("probe/1.0.0");
    fs::create_dir_all(&old).unwrap();
    fs::write(old.join("libprobe.so"), "old").unwrap();
    let versions: Vec<_> =
        installed_of(probe, &folder).iter().map(|there| there.version.to_string()).collect();
    assert_eq!(versions, ["1.2.3", "1.0.0"]);

    let version = Version::parse("1.2.3");
    assert_eq!(remove(probe, &folder, version.as_ref()).unwrap(), [there]);
    assert_eq!(remove(probe, &folder, version.as_ref()).unwrap(), []);
    assert!(old.join("libprobe.so").is_file());
    install();
    assert_eq!(remove(probe, &folder, None).unwrap().len(), 2);
    assert_nothing_is_there(&folder);
}
