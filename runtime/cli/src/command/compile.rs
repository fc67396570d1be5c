use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, ValueHint};
use godwit_host::Limits;
use godwit_model::text;
use godwit_platform::files;

use crate::error::{CliError, Code, Result};
use crate::option::timeout;
use crate::progress::Progress;
use crate::{key, print, program};

const EXAMPLES: &str = "\
Examples:
  godwit compile digits.wasm
      make digits.cwasm
  godwit compile digits.wasm -o build/digits.cwasm
  godwit run digits.cwasm
      run it without compiling it again";

/// Compile an app ahead of time for this host.
///
/// The result is machine code, sealed with a key that is created on first use in $XDG_CONFIG_HOME/godwit
/// (by default ~/.config/godwit). `godwit run` accepts it only unmodified, on this host and by the same
/// version of godwit. To distribute an app, distribute the .wasm file.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompileArgs {
    /// A component, or a core module with a `_start` function.
    #[arg(value_name = "APP.wasm", value_hint = ValueHint::FilePath)]
    app: PathBuf,

    /// The output file [default: APP.cwasm, next to the app].
    #[arg(short, long, value_name = "OUT.cwasm", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Give up after this duration, such as 30s or 10m.
    #[arg(long, value_name = "TIME", value_parser = timeout, default_value = "60s")]
    compile_timeout: Duration,
}

pub(crate) fn compile(args: &CompileArgs) -> Result<ExitCode> {
    let bytes = files::read("the app", &args.app)?;
    let shown = args.app.display();
    if program::is_sealed(&bytes) {
        return Err(CliError::new(Code::Program, format!("'{shown}' is already compiled"))
            .help(format!("run it: godwit run {shown}")));
    }
    program::check_header(&args.app, &bytes)?;
    let host = program::host(Limits::default(), args.compile_timeout)?;
    let key = key::of_this_user()?;
    let sealed = Progress::during(format!("compiling {shown}"), || host.seal(&key, &bytes));
    let sealed = sealed.map_err(|error| program::refused(&host, &args.app, &bytes, &error))?;
    let output = args.output.clone().unwrap_or_else(|| args.app.with_extension("cwasm"));
    files::write("the compiled app", &output, &sealed)?;
    print::text(&format!(
        "{} ({}), for this host only\n",
        text::shown(&output.display().to_string()),
        ByteSize(sealed.len() as u64).display().si()
    ))?;
    Ok(ExitCode::SUCCESS)
}
