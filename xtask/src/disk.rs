//! A warning before a build fills the disk: a linker that runs out of space reports anything but that.

use std::process::Command;

use crate::{say, shell};

/// What a clean build takes with its tests and the servers they call, in bytes.
const NEEDED: u64 = 8_000_000_000;

/// Warns where less is free. An earlier build may exist already, so nothing is refused.
pub(crate) fn look() {
    let asked = Command::new("df").args(["-P", "-k"]).arg(shell::root()).output();
    // Without `df` there is no warning.
    let Some(free) = asked.ok().and_then(|said| free(&String::from_utf8_lossy(&said.stdout)))
    else {
        return;
    };
    if free < NEEDED {
        say::step(format_args!(
            "the disk has {} free; a clean build takes {} (`cargo clean` removes an earlier one)",
            say::size(free),
            say::size(NEEDED)
        ));
    }
}

/// The available bytes in the output of `df -P -k`.
fn free(said: &str) -> Option<u64> {
    let blocks: u64 = said.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    blocks.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::free;

    #[test]
    fn the_fourth_column_is_what_is_available() {
        let said = "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
                    /dev/vda 264000000 52000000 200000 44% /\n";
        assert_eq!(free(said), Some(204_800_000));
        assert_eq!(free("df: no such file"), None);
    }
}
