use std::path::PathBuf;
use std::str::FromStr;

/// `HOST::GUEST`, or `PATH` for the same name on both sides; `:ro` at the end refuses writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DirOption {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
    pub(crate) read_only: bool,
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
