use std::path::PathBuf;
use std::process::ExitCode;

use bytesize::ByteSize;
use clap::{Args, ValueHint};
use godwit_host::Limits;
use godwit_platform::files;

use crate::error::{CliError, Code, Result};
use crate::progress::Progress;
use crate::{key, print, program};

const EXAMPLES: &str = "\
Examples:
  godwit compile digits.wasm
      make digits.cwasm
  godwit compile digits.wasm -o build/digits.cwasm
  godwit run digits.cwasm
      run it like the .wasm, without the time to compile";

/// Compile an app ahead of time, for this host.
///
/// The result is machine code. It is sealed with a key that is made on first use and kept in
/// $XDG_CONFIG_HOME/godwit (else ~/.config/godwit); `godwit run` takes it back only unchanged, on this
/// host, by the same version of godwit. To ship an app, ship the .wasm.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompileArgs {
    /// A component, or a core module with a `_start` function.
    #[arg(value_name = "APP.wasm", value_hint = ValueHint::FilePath)]
    app: PathBuf,

    /// Where to write it [default: APP.cwasm, beside the app].
    #[arg(short, long, value_name = "OUT.cwasm", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

pub(crate) fn compile(args: &CompileArgs) -> Result<ExitCode> {
    let bytes = files::read("the app", &args.app)?;
    let shown = args.app.display();
    if program::is_sealed(&bytes) {
        return Err(CliError::new(Code::Program, format!("'{shown}' is compiled already"))
            .help(format!("run it: godwit run {shown}")));
    }
    program::check_header(&args.app, &bytes)?;
    let host = program::host(Limits::default())?;
    let key = key::of_this_user()?;
    let sealed = Progress::during(format!("compiling {shown}"), || host.seal(&key, &bytes));
    let sealed = sealed.map_err(|error| program::refused(&host, &args.app, &bytes, &error))?;
    let output = args.output.clone().unwrap_or_else(|| args.app.with_extension("cwasm"));
    files::write("the compiled app", &output, &sealed)?;
    print::text(&format!(
        "{} ({}), for this host only\n",
        output.display(),
        ByteSize(sealed.len() as u64).display().si()
    ))?;
    Ok(ExitCode::SUCCESS)
}
