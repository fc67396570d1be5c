use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;
use std::{env, fs, io};

/// The command that starts this same program, without arguments.
///
/// A program that was started as an argument of a loader (`ld.so --library-path ... program`) is started by
/// that loader again, with the same libraries.
///
/// # Errors
///
/// When the system does not tell what this program is.
pub fn again() -> io::Result<Command> {
    let whole = fs::read("/proc/self/cmdline")?;
    let whole: Vec<&[u8]> =
        whole.strip_suffix(b"\0").unwrap_or(&whole).split(|byte| *byte == 0).collect();
    let own: Vec<OsString> = env::args_os().collect();
    match before(&whole, own.len()) {
        [] => Ok(Command::new(env::current_exe()?)),
        [loader, options @ ..] => {
            let mut command = Command::new(OsStr::from_bytes(loader));
            command.args(options.iter().map(|option| OsStr::from_bytes(option)));
            command.args(own.first());
            Ok(command)
        }
    }
}

/// What the system started before the `own` arguments that the program sees.
fn before<'a, 'b>(whole: &'a [&'b [u8]], own: usize) -> &'a [&'b [u8]] {
    let count = whole.len().saturating_sub(own);
    whole.get(..count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loader_is_what_stands_before_the_programs_own_arguments() {
        let whole: [&[u8]; 5] = [b"/ld.so", b"--library-path", b"/lib", b"godwit", b"run"];
        assert_eq!(before(&whole, 2), &whole[..3]);
        assert!(before(&whole, 5).is_empty());
        assert!(before(&whole, 9).is_empty());
    }
}
