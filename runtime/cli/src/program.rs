use std::path::Path;
use std::time::Duration;

use etcetera::BaseStrategy as _;
use godwit_backend::{Encoding, Error, ErrorKind};
pub(crate) use godwit_host::is_sealed;
use godwit_host::{
    Cache, CompilerProcess, Description, Host, HostOptions, Limits, Program, ProgramKind,
};
use godwit_model::{detect, text};
use godwit_platform::{FamilyOptions, again};

use crate::error::{CliError, Code, Result};
use crate::key;
use crate::progress::Progress;

/// Core instances alive at one time: one app of many instances.
const INSTANCES: u32 = 100;

/// How long compiling an app may take where the command line says nothing else.
pub(crate) const COMPILE_TIMEOUT: Duration = Duration::from_secs(60);

/// The WebAssembly engine for guests within `limits`, which compiles one in no longer than `compile_timeout`.
pub(crate) fn host(limits: Limits, compile_timeout: Duration) -> Result<Host> {
    let options = HostOptions {
        limits,
        instances: INSTANCES,
        cache: cache(),
        compiler: compiler(compile_timeout),
        // The guest's own code may hold the thread as long as a run may.
        time_slice: FamilyOptions::single_app().inline_under,
    };
    Host::new(&options).map_err(|error| {
        CliError::new(Code::Internal, "cannot start the WebAssembly engine")
            .why(error.report())
            .help("a low limit on address space (ulimit -v) is the usual reason")
    })
}

/// This program as the process that compiles.
fn compiler(timeout: Duration) -> Option<CompilerProcess> {
    match again() {
        Ok(command) => Some(CompilerProcess {
            program: command.get_program().into(),
            args: command.get_args().map(Into::into).chain(["compiler".into()]).collect(),
            timeout,
        }),
        Err(error) => {
            tracing::warn!(%error, "apps are compiled in this process: nothing ends a long compilation");
            None
        }
    }
}

/// Where compiled programs are kept. Without one they are compiled anew each time, nothing worse.
fn cache() -> Option<Cache> {
    let folder = etcetera::base_strategy::Xdg::new().ok()?.cache_dir().join("godwit");
    match (std::fs::create_dir_all(&folder), key::of_this_user()) {
        (Ok(()), Ok(key)) => Some(Cache { folder, key }),
        (Err(error), _) => {
            tracing::info!(%error, folder = %folder.display(), "compiled programs are not kept");
            None
        }
        (_, Err(error)) => {
            tracing::info!(error = %error.render(), "compiled programs are not kept");
            None
        }
    }
}

/// Compiles and links an app, or takes one that [`key`] has sealed.
pub(crate) fn load(host: &Host, path: &Path, bytes: &[u8]) -> Result<Program> {
    if is_sealed(bytes) {
        let key = key::of_this_user()?;
        return host.open_sealed(&key, bytes).map_err(|error| seal_refused(path, &error));
    }
    check_header(path, bytes)?;
    let doing = format!("compiling {}", path.display());
    Progress::during(doing, || host.load(bytes)).map_err(|error| refused(host, path, bytes, &error))
}

fn seal_refused(path: &Path, error: &Error) -> CliError {
    let path = path.display();
    let failure = CliError::new(Code::Program, format!("cannot use the compiled app '{path}'"))
        .why(error.report());
    failure.help("compile it again on this host: godwit compile APP.wasm")
}

/// Names what is not WebAssembly by what it is.
pub(crate) fn check_header(path: &Path, bytes: &[u8]) -> Result<()> {
    let Err(error) = ProgramKind::of(bytes) else { return Ok(()) };
    let shown = path.display();
    let failure = CliError::new(Code::Program, format!("'{shown}' is not an app"));
    let text = bytes.trim_ascii_start();
    Err(match detect(&[bytes]) {
        _ if bytes.is_empty() => failure.why("the file is empty").help("build the app again"),
        _ if text.starts_with(b"(module") || text.starts_with(b"(component") => failure
            .why("it is WebAssembly text, not the binary format")
            .help(format!("wasm-tools parse {shown} -o app.wasm")),
        Some(encoding) if encoding != Encoding::Tensorflow => failure
            .why(format!("it is a model ({encoding})"))
            .help(format!("pass it to an app: godwit run --model NAME={shown} APP.wasm")),
        _ => failure
            .why(error.report())
            .help("pass a .wasm file, or a .cwasm file from 'godwit compile'"),
    })
}

/// Why `host` does not take bytes whose header is right.
pub(crate) fn refused(host: &Host, path: &Path, bytes: &[u8], error: &Error) -> CliError {
    match error.kind() {
        ErrorKind::InvalidArgument => {}
        ErrorKind::Timeout => return slow(path, error),
        ErrorKind::TooLarge => {
            return CliError::new(Code::Program, format!("'{}' is too much", path.display()))
                .why(error.report())
                .help("build it smaller: optimise it, or split it");
        }
        _ => {
            return CliError::new(Code::Internal, format!("cannot load '{}'", path.display()))
                .why(error.report());
        }
    }
    match host.describe(bytes) {
        Ok(description) => unfit(path, &description, error),
        Err(error) => corrupt(path, &error),
    }
}

/// An app that is compiled longer than it may.
fn slow(path: &Path, error: &Error) -> CliError {
    let shown = path.display();
    CliError::new(Code::TimedOut, format!("'{shown}' was not compiled in time"))
        .why(error.report())
        .help(format!("compile it ahead: godwit compile --compile-timeout 10m {shown}"))
}

/// Why what should be WebAssembly is not.
pub(crate) fn corrupt(path: &Path, error: &Error) -> CliError {
    CliError::new(Code::Program, format!("'{}' is corrupt", path.display()))
        .why(error.report())
        .help("build or download it again")
}

/// Valid WebAssembly that this host cannot run.
fn unfit(path: &Path, description: &Description, error: &Error) -> CliError {
    let shown = path.display();
    let failure = |what: String| CliError::new(Code::Program, what);
    if is_core_of_component(description) {
        return failure(format!("'{shown}' is a core module, not a component"))
            .why("it imports component interfaces, which a core module cannot use directly")
            .help(format!("wasm-tools component new {shown} -o component.wasm"));
    }
    let missing: Vec<_> = description.imports.iter().filter(|import| !import.provided).collect();
    if !missing.is_empty() {
        let lines = missing.iter().map(|import| match &import.hint {
            Some(hint) => format!("{}\n  {}", text::shown(&import.name), text::shown(hint)),
            None => text::shown(&import.name),
        });
        let lines: Vec<String> = lines.collect();
        return failure(format!("'{shown}' has imports that this host does not provide"))
            .why(lines.join("\n"))
            .help(format!("list all imports: godwit inspect {shown}"));
    }
    let failure = failure(format!("cannot run '{shown}'")).why(reason(description, error));
    match (description.kind, description.world) {
        (_, "wasi:http/proxy") => failure.help(
            "it handles HTTP requests; 'godwit run' runs commands, which export wasi:cli/run",
        ),
        (ProgramKind::Component, "reactor") => {
            failure.help("build it as a command: in Rust a binary crate for wasm32-wasip2")
        }
        (ProgramKind::Module, "reactor") => failure.help(
            "build it as a command: in Rust a binary crate for wasm32-wasip2 or wasm32-wasip1",
        ),
        _ => failure.help(format!("show its imports: godwit inspect {shown}")),
    }
}

/// A program that is no command is told so; what the linker said of it would only name a version.
pub(crate) fn reason(description: &Description, error: &Error) -> String {
    match description.world {
        "reactor" | "wasi:http/proxy" => error.message().to_owned(),
        _ => error.report(),
    }
}

/// Toolchains make a core module first and wrap it; the core alone has the interfaces' names as modules.
fn is_core_of_component(description: &Description) -> bool {
    let is_interface = |name: &str| name.contains(':') && name.contains('/');
    description.kind == ProgramKind::Module
        && description.imports.iter().any(|import| is_interface(&import.name))
}
