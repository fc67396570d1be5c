use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use godwit_host::Dir;

use crate::failure::{Code, Failure, Outcome};
use crate::files;

/// `HOST::GUEST`, or `PATH` for the same name on both sides; `:ro` at the end refuses writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DirOption {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
    pub(crate) read_only: bool,
}

impl DirOption {
    /// Fails unless the folder is there: better now than after the engines are loaded.
    pub(crate) fn check(&self) -> Outcome<()> {
        let shown = self.host.display();
        match fs::metadata(&self.host) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => Err(Failure::new(Code::File, format!("'{shown}' is not a folder"))
                .help("name the folder it is in: --dir HOST::GUEST")),
            Err(error) => Err(files::cannot_read("the folder", &self.host, &error)),
        }
    }

    /// What the guest is given.
    pub(crate) fn dir(&self) -> Dir {
        let Self { host, guest, read_only } = self.clone();
        Dir { host, guest, read_only }
    }
}

impl FromStr for DirOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (paths, read_only) = match text.strip_suffix(":ro") {
            Some(paths) => (paths, true),
            None => (text, false),
        };
        let (host, guest) = paths.split_once("::").unwrap_or((paths, paths));
        if host.is_empty() || guest.is_empty() {
            return Err("write HOST::GUEST, for example --dir ./images::/images:ro".to_owned());
        }
        Ok(Self { host: PathBuf::from(host), guest: guest.to_owned(), read_only })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(text: &str) -> (String, String, bool) {
        let dir: DirOption = text.parse().unwrap();
        (dir.host.display().to_string(), dir.guest, dir.read_only)
    }

    #[test]
    fn every_form() {
        assert_eq!(dir("./a::/b"), ("./a".into(), "/b".into(), false));
        assert_eq!(dir("./a::/b:ro"), ("./a".into(), "/b".into(), true));
        assert_eq!(dir("data"), ("data".into(), "data".into(), false));
        assert_eq!(dir("data:ro"), ("data".into(), "data".into(), true));
        assert_eq!(dir("c:/x::/x"), ("c:/x".into(), "/x".into(), false));
    }

    #[test]
    fn a_side_that_is_missing_is_refused() {
        for text in ["", "::", "a::", "::b", ":ro", "a:::ro"] {
            assert!(text.parse::<DirOption>().is_err(), "{text}");
        }
    }
}
