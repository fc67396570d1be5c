//! Builds that leave backends out.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::say;
use crate::shell::{cargo, root, run};

/// Its features are the backends.
const MANIFEST: &str = "runtime/cli/Cargo.toml";

/// Lints the program without any backend, and with each alone.
pub(crate) fn check() -> Result<()> {
    let manifest = fs::read_to_string(root().join(MANIFEST))?;
    let backends = backends(&manifest);
    ensure!(!backends.is_empty(), "{MANIFEST} has no features");
    let excluded = with_backends()?;
    for backend in [None].into_iter().chain(backends.into_iter().map(Some)) {
        let mut features = "godwit-remote/default".to_owned();
        if let Some(backend) = backend {
            features += &format!(",godwit-cli/{backend}");
        }
        say::step(format_args!("features: {}", backend.unwrap_or("no backend")));
        let mut check = cargo();
        // The whole workspace and a test: dependencies then have the features that every other build gives
        // them, and are not compiled again. Only what depends on the choice of backends is.
        check.args(["clippy", "--workspace", "--lib", "--bins", "--test", "repository"]);
        check.args(&excluded).args(["--no-default-features", "--features", &features]);
        run(check.args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}

/// The keys of the manifest's table of features, but for `default`.
fn backends(manifest: &str) -> Vec<&str> {
    let lines = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let keys = lines.filter_map(|line| Some(line.split_once('=')?.0.trim()));
    keys.filter(|key| *key != "default").collect()
}

/// Excludes the tests that request backends: cargo would add theirs to the one that is checked.
fn with_backends() -> Result<Vec<String>> {
    let mut excluded = Vec::new();
    for folder in fs::read_dir(root().join("tests"))? {
        let Ok(manifest) = fs::read_to_string(folder?.path().join("Cargo.toml")) else { continue };
        if manifest.lines().any(|line| line.starts_with("godwit-platform = ")) {
            let name = manifest.lines().find_map(|line| line.strip_prefix("name = "));
            let name = name.context("a manifest has no name")?.trim_matches('"');
            excluded.extend(["--exclude".to_owned(), name.to_owned()]);
        }
    }
    Ok(excluded)
}

#[cfg(test)]
mod tests {
    use super::backends;

    #[test]
    fn every_feature_but_the_default_is_a_backend() {
        let manifest = "[package]\nname = \"a\"\n\n[features]\ndefault = [\"cpu\"]\n# A comment.\n\
                        cpu = [\"dep:x\"]\nrocm = []\n\n[dependencies]\nanyhow = \"1\"\n";
        assert_eq!(backends(manifest), ["cpu", "rocm"]);
    }
}
