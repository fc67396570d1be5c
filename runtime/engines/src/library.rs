use std::fs;
use std::path::{Path, PathBuf};

use crate::{Os, Version};

/// The file that is loaded, by its name on each operating system.
#[derive(Debug)]
pub(crate) struct Library {
    /// Ends in `.so`; versions follow it.
    pub(crate) linux: &'static str,
    /// Ends in `.dylib`; versions stand before that.
    pub(crate) macos: &'static str,
    /// Ends in `.dll`.
    pub(crate) windows: &'static str,
    /// Whether a file's number is OpenVINO's: `2641` for 2026.4.1.
    pub(crate) counts_years: bool,
}

/// A library's file, and the version in its name if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) path: PathBuf,
    pub(crate) version: Option<Version>,
}

impl Library {
    /// The newest of the library's files in `folder`.
    pub(crate) fn newest_in(&self, folder: &Path, os: Os) -> Option<Candidate> {
        let entries = fs::read_dir(folder).ok()?;
        let candidates = entries.flatten().filter_map(|entry| {
            let version = self.version_in(entry.file_name().to_str()?, os)?;
            let path = entry.path();
            // Follows links: one that leads nowhere is no library.
            path.is_file().then_some(Candidate { path, version })
        });
        candidates.max_by(|a, b| (&a.version, &a.path).cmp(&(&b.version, &b.path)))
    }

    /// `None` if `file` is not the library; `Some(None)` if it is, without a version in its name.
    pub(crate) fn version_in(&self, file: &str, os: Os) -> Option<Option<Version>> {
        let number = match os {
            Os::Linux => file.strip_prefix(self.linux)?,
            Os::Macos => {
                file.strip_prefix(self.macos.strip_suffix(".dylib")?)?.strip_suffix(".dylib")?
            }
            Os::Windows => {
                return file.eq_ignore_ascii_case(self.windows).then_some(None);
            }
        };
        if number.is_empty() {
            return Some(None);
        }
        let version = Version::parse(number.strip_prefix('.')?)?;
        Some(Some(if self.counts_years { version.counted_in_years() } else { version }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ONNXRUNTIME, OPENVINO};

    #[test]
    fn names_on_every_system() {
        let version = |text| Some(Version::parse(text));
        let openvino = |file, os| OPENVINO.library.version_in(file, os);
        assert_eq!(openvino("libopenvino_c.so.2641", Os::Linux), version("2026.4.1"));
        assert_eq!(openvino("libopenvino_c.so.2026.4.1", Os::Linux), version("2026.4.1"));
        assert_eq!(openvino("libopenvino_c.so", Os::Linux), Some(None));
        assert_eq!(openvino("libopenvino_c.2641.dylib", Os::Macos), version("2026.4.1"));
        assert_eq!(openvino("libopenvino_c.dylib", Os::Macos), Some(None));
        assert_eq!(openvino("OpenVINO_c.dll", Os::Windows), Some(None));
        let ort = |file, os| ONNXRUNTIME.library.version_in(file, os);
        assert_eq!(ort("libonnxruntime.so.1.31.1", Os::Linux), version("1.31.1"));
        assert_eq!(ort("libonnxruntime.1.31.1.dylib", Os::Macos), version("1.31.1"));
        for other in
            ["libopenvino.so.2641", "libopenvino_c.so.debug", "libopenvino_c.so~", "openvino_c.dll"]
        {
            assert_eq!(openvino(other, Os::Linux), None, "{other}");
        }
        assert_eq!(ort("libonnxruntime_providers_shared.so", Os::Linux), None);
    }
}
