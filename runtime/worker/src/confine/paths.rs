//! Files that can be opened: Landlock.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use crate::Profile;

/// Where systems keep shared libraries, which those of an engine need.
const LIBRARIES: [&str; 4] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"];

/// What libraries ask the system about itself: the dynamic linker's cache, processors, memory, limits.
const SYSTEM: [&str; 6] = [
    "/etc/ld.so.cache",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system",
    "/sys/fs/cgroup",
];

/// The newest version that is asked for. A kernel gives what it has of it.
const VERSION: ABI = ABI::V6;

/// Restricts this process, which has one thread. Says whether the kernel enforces it.
pub(super) fn restrict(profile: &Profile) -> bool {
    match restricted(profile) {
        Ok(status) => status != RulesetStatus::NotEnforced,
        Err(error) => {
            tracing::warn!(%error, "files cannot be restricted");
            false
        }
    }
}

fn restricted(profile: &Profile) -> Result<RulesetStatus, RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let load = read | AccessFs::Execute;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(VERSION))?
        .handle_access(AccessNet::from_all(VERSION))?
        .scope(Scope::from_all(VERSION))?
        .create()?;
    let own = profile.libraries.iter().map(|path| (path.as_path(), load));
    let libraries = LIBRARIES.iter().map(|path| (Path::new(path), load));
    let system = SYSTEM.iter().map(|path| (Path::new(path), read));
    for (path, access) in own.chain(libraries).chain(system) {
        // What is not there cannot be opened either.
        let Ok(file) = PathFd::new(path) else { continue };
        let access: BitFlags<AccessFs> =
            if path.is_dir() { access } else { access & AccessFs::from_file(VERSION) };
        rules = rules.add_rule(PathBeneath::new(file, access))?;
    }
    Ok(rules.restrict_self()?.ruleset)
}
