use std::fs;
use std::path::PathBuf;

use godwit_host::Dir;
use godwit_platform::files;

use crate::error::{CliError, Code};

/// `HOST::GUEST`, or `PATH` for the same name on both sides; `:ro` at the end refuses writing.
pub(crate) fn dir(text: &str) -> Result<Dir, String> {
    let (paths, read_only) = match text.strip_suffix(":ro") {
        Some(paths) => (paths, true),
        None => (text, false),
    };
    let (host, guest) = paths.split_once("::").unwrap_or((paths, paths));
    if host.is_empty() || guest.is_empty() {
        return Err("write HOST::GUEST, for example --dir ./images::/images:ro".to_owned());
    }
    Ok(Dir { host: PathBuf::from(host), guest: guest.to_owned(), read_only })
}

/// Fails unless the folder is there: better now than after the engines are loaded.
pub(crate) fn check_dir(dir: &Dir) -> Result<(), CliError> {
    let shown = dir.host.display();
    match fs::metadata(&dir.host) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(CliError::new(Code::File, format!("'{shown}' is not a folder"))
            .help("name the folder it is in: --dir HOST::GUEST")),
        Err(error) => Err(files::cannot_read("the folder", &dir.host, &error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String, bool) {
        let dir = dir(text).unwrap();
        (dir.host.display().to_string(), dir.guest, dir.read_only)
    }

    #[test]
    fn every_form() {
        assert_eq!(read("./a::/b"), ("./a".into(), "/b".into(), false));
        assert_eq!(read("./a::/b:ro"), ("./a".into(), "/b".into(), true));
        assert_eq!(read("data"), ("data".into(), "data".into(), false));
        assert_eq!(read("data:ro"), ("data".into(), "data".into(), true));
        assert_eq!(read("c:/x::/x"), ("c:/x".into(), "/x".into(), false));
    }

    #[test]
    fn a_side_that_is_missing_is_refused() {
        for text in ["", "::", "a::", "::b", ":ro", "a:::ro"] {
            assert!(dir(text).is_err(), "{text}");
        }
    }
}
