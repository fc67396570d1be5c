use crate::{Arch, Os, Platform};

/// A release of an engine that is known to work, as a Python package.
#[derive(Debug)]
pub struct Release {
    /// The package's name in the Python package index.
    pub package: &'static str,
    /// Its version, and the name of the folder it is installed in.
    pub version: &'static str,
    /// One file a platform.
    pub wheels: &'static [Wheel],
    /// The folder in a wheel that holds the libraries.
    pub(crate) inside: &'static str,
    /// Which of the files there are taken, by name.
    pub(crate) keep: fn(&str) -> bool,
}

/// A release's file for one platform.
#[derive(Debug)]
pub struct Wheel {
    /// The platform it was built for.
    pub platform: Platform,
    /// The file's name.
    pub file: &'static str,
    /// The platform's name in that of the file, which the client is to be asked for.
    pub(crate) tag: &'static str,
    /// Its SHA-256, in hexadecimal.
    pub sha256: &'static str,
    /// Its length in bytes.
    pub size: u64,
}

impl Release {
    /// The file for `platform`, if the release has one.
    pub fn wheel(&self, platform: Platform) -> Option<&'static Wheel> {
        self.wheels.iter().find(|wheel| wheel.platform == platform)
    }
}

pub(crate) const LINUX_X86_64: Platform = Platform { os: Os::Linux, arch: Arch::X86_64 };
pub(crate) const LINUX_AARCH64: Platform = Platform { os: Os::Linux, arch: Arch::Aarch64 };
pub(crate) const MACOS_AARCH64: Platform = Platform { os: Os::Macos, arch: Arch::Aarch64 };
pub(crate) const WINDOWS_X86_64: Platform = Platform { os: Os::Windows, arch: Arch::X86_64 };

/// Whether a file's name is that of a shared library, on any operating system.
pub(crate) fn is_shared_library(file: &str) -> bool {
    file.ends_with(".so")
        || file.contains(".so.")
        || file.ends_with(".dylib")
        || file.ends_with(".dll")
}
