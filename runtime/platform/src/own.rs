//! Files that nobody but this user can have written.

use std::fs::{self, File, Metadata};
use std::path::Path;

use crate::files::cannot_read;
use crate::{PlatformError, PlatformErrorKind, Result};

/// Opens a file that decides what this process does. `what` says what it is to the user.
///
/// It and its folder must belong to this user or to root, and no other user may be able to change either. A folder
/// like `/tmp`, where everyone may write and each removes only what is theirs, is taken.
///
/// # Errors
///
/// `File`, with the command that mends it.
pub fn open(what: &str, path: &Path) -> Result<File> {
    let file = File::open(path).map_err(|error| cannot_read(what, path, &error))?;
    let metadata = file.metadata().map_err(|error| cannot_read(what, path, &error))?;
    check(what, path, &metadata)?;
    folder_of(what, path)?;
    // Whoever can replace what a link leads to needs no access to the link.
    match fs::canonicalize(path) {
        Ok(target) => folder_of(what, &target)?,
        Err(error) => tracing::debug!(%error, path = %path.display(), "not a path of its own"),
    }
    Ok(file)
}

/// As [`open`], for a folder whose files decide what this process does.
///
/// # Errors
///
/// `File`, with the command that mends it.
pub fn check_folder(what: &str, path: &Path) -> Result<()> {
    let metadata = fs::metadata(path).map_err(|error| cannot_read(what, path, &error))?;
    check(what, path, &metadata)
}

fn folder_of(what: &str, file: &Path) -> Result<()> {
    let Some(folder) = file.parent() else { return Ok(()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    check_folder(&format!("the folder of {what}"), folder)
}

#[cfg(unix)]
fn check(what: &str, path: &Path, metadata: &Metadata) -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;

    const OTHERS_MAY_WRITE: u32 = 0o022;
    const ONLY_THEIR_OWN: u32 = 0o1000;

    let refused = |what: String| PlatformError::new(PlatformErrorKind::File, what);
    let shown = path.display();
    let (user, owner) = (rustix::process::geteuid().as_raw(), metadata.uid());
    if owner != user && owner != 0 {
        return Err(refused(format!("{what} '{shown}' belongs to another user"))
            .why(format!("its owner is user {owner}, who could start any program as user {user}"))
            .help(format!("if you trust what is in it: sudo chown {user} '{shown}'")));
    }
    let mode = metadata.mode() & 0o7777;
    let shared = metadata.is_dir() && mode & ONLY_THEIR_OWN != 0;
    if mode & OTHERS_MAY_WRITE != 0 && !shared {
        return Err(refused(format!("{what} '{shown}' can be changed by other users"))
            .why(format!("its mode is {mode:04o}: they could start any program as you"))
            .help(format!("if you trust what is in it: chmod go-w '{shown}'")));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_what: &str, _path: &Path, _metadata: &Metadata) -> Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_what_others_cannot_change_is_opened() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("folder");
        let file = folder.join("file");
        let link = home.path().join("link");
        fs::create_dir(&folder).unwrap();
        fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let with = |of_folder: u32, of_file: u32| {
            fs::set_permissions(&folder, Permissions::from_mode(of_folder)).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(of_file)).unwrap();
            [open("it", &file), open("it", &link)].map(|opened| opened.map(drop))
        };
        for (of_folder, of_file) in [(0o755, 0o644), (0o700, 0o600), (0o1777, 0o644)] {
            assert_eq!(with(of_folder, of_file), [Ok(()), Ok(())], "{of_folder:o} {of_file:o}");
        }
        for (of_folder, of_file, mended) in [
            (0o755, 0o664, &file),
            (0o755, 0o666, &file),
            (0o775, 0o644, &folder),
            (0o777, 0o644, &folder),
        ] {
            for refused in with(of_folder, of_file) {
                let refused = refused.unwrap_err();
                let help = refused.help.join("\n");
                let names = [mended, &link].map(|path| format!("chmod go-w '{}'", path.display()));
                assert!(names.iter().any(|command| help.contains(command)), "{help}");
            }
        }
    }

    #[test]
    fn what_belongs_to_root_is_taken() {
        assert!(open("it", Path::new("/proc/version")).is_ok());
    }
}
