use std::fs;
use std::path::{Path, PathBuf};

use crate::{Arch, Environment, Os};

/// A folder that packages put libraries in.
#[derive(Debug)]
pub(crate) struct SystemPlace {
    pub(crate) os: Os,
    /// `None`: on every processor.
    pub(crate) arch: Option<Arch>,
    /// `{triple}` stands for a Debian-like system's name of the processor, another word in braces for an
    /// environment variable, and `*` at the end of a component for anything.
    pub(crate) path: &'static str,
}

impl SystemPlace {
    pub(crate) const fn on(os: Os, path: &'static str) -> Self {
        Self { os, arch: None, path }
    }

    pub(crate) const fn only(os: Os, arch: Arch, path: &'static str) -> Self {
        Self { os, arch: Some(arch), path }
    }

    /// The folders it stands for; itself, unresolved, if there are none. Empty on other platforms.
    pub(crate) fn folders(&self, environment: &Environment) -> Vec<PathBuf> {
        let Some(platform) = environment.platform else { return Vec::new() };
        if platform.os != self.os || self.arch.is_some_and(|arch| arch != platform.arch) {
            return Vec::new();
        }
        let path = self.path.replace("{triple}", platform.triple());
        let Some(path) = with_variable(&path, environment) else { return Vec::new() };
        let folders = expand(&path);
        if folders.is_empty() { vec![path] } else { folders }
    }
}

fn with_variable(path: &str, environment: &Environment) -> Option<PathBuf> {
    match path.strip_prefix('{').and_then(|path| path.split_once('}')) {
        Some((name, rest)) => {
            let folder = PathBuf::from(environment.variable(name)?);
            Some(folder.join(rest.trim_start_matches('/')))
        }
        None => Some(environment.root.join(path.trim_start_matches('/'))),
    }
}

/// The folders that exist under a path with stars; the path itself if it has none.
fn expand(path: &Path) -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::new()];
    for component in path.components() {
        let name = component.as_os_str().to_str().unwrap_or_default();
        folders = match name.strip_suffix('*') {
            Some(prefix) => folders.iter().flat_map(|folder| starting(folder, prefix)).collect(),
            None => folders.iter().map(|folder| folder.join(component)).collect(),
        };
    }
    folders
}

fn starting(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let starts =
        |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.starts_with(prefix));
    let mut found: Vec<_> =
        entries.filter(|entry| starts(&entry.file_name())).map(|entry| entry.path()).collect();
    found.sort();
    found
}
