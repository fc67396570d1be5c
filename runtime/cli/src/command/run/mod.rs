mod args;
mod record;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use godwit_backend::{Arena, Budget, DeviceId, Error, ErrorKind, Graph, Memory, Quota};
use godwit_host::{Exit, Inference, Invocation, Limits, Program, Stdio};
use godwit_platform::{DEFAULT_DEVICE, ModelSet, Platform, PlatformOptions, files};
use godwit_policy::{AdmissionLimits, Catalog, Ledger};
use godwit_verify::Recorder;
use tokio::time::timeout;

pub(crate) use self::args::RunArgs;
use crate::deadline::Deadline;
use crate::error::{CliError, Code, Result};
use crate::option::{DeviceOption, check_dir};
use crate::progress::Progress;
use crate::report::Report;
use crate::{program, runtime};

pub(crate) fn run(args: &RunArgs, mut options: PlatformOptions) -> Result<ExitCode> {
    if let Some(DeviceOption::Service(endpoint)) = &args.device {
        options.endpoints.push((**endpoint).clone());
    }
    options.family.memory.get_or_insert(args.engine_memory());
    let deadline = Deadline::begin(args.timeout);
    runtime::block_on(prepare_and_run(args, &options, deadline))
}

/// Everything is read and checked before anything runs, the cheapest first.
async fn prepare_and_run(
    args: &RunArgs,
    options: &PlatformOptions,
    deadline: Deadline,
) -> Result<ExitCode> {
    let bytes = files::read("the app", &args.app)?;
    args.dirs.iter().try_for_each(check_dir)?;
    let platform = open(args, options);
    let mut models = models(args, &platform)?;
    let mut limits = args.limits();
    let engine_limits =
        Limits { memory: limits.memory.max(Limits::default().memory), ..limits.clone() };
    let part = deadline.part("the time for compiling", program::COMPILE_TIMEOUT);
    let host = program::host(engine_limits, part.time)?;
    let program = program::load(&host, &args.app, &bytes).map_err(|error| {
        match error.is_late() && deadline.is_over() {
            true => part.missed(format!("'{}' was not compiled in time", args.app.display())),
            false => error,
        }
    })?;
    drop(bytes);
    // On an account of its own: the report is about what the app did.
    let backend = platform.tenant(AdmissionLimits::default(), &Ledger::new());
    let guest_models = args.guest_models.then_some(limits.tensor_bytes);
    let catalog = models.catalog(&platform, backend, guest_models);
    let graphs = load_all(&models, &catalog, args, &deadline).await?;

    let ledger = Ledger::new();
    let tape = args.record.as_deref().map(record::tape).transpose()?;
    let mut backend = platform.tenant(AdmissionLimits::default(), &ledger);
    if let Some(tape) = &tape {
        backend = Arc::new(Recorder::new(backend, tape.clone()));
    }
    let catalog = catalog.on(backend);
    let budget = Budget::new("tensors", limits.tensor_bytes);
    let inference = Inference {
        catalog: Arc::new(catalog),
        quota: Quota::of_host(Memory::new(Arena::default(), budget.clone())),
    };
    limits.timeout = deadline.left();
    let invocation = invocation(args, limits, inference);
    let began = Instant::now();
    let ended = until_interrupted(&program, invocation).await;
    let took = began.elapsed();
    drop(deadline);
    drop(graphs);
    if let (Some(tape), Some(folder), Ok(_)) = (&tape, &args.record, &ended) {
        record::keep(tape, folder)?;
    }
    if let (true, Ok(ended)) = (args.report || args.report_file.is_some(), &ended) {
        let report = Report::new(ended.as_ref(), took, &ledger, &budget, &platform);
        report.deliver(args.json, args.report_file.as_deref())?;
    }
    match ended.map_err(|error| not_started(&args.app, &error))? {
        Some(exit) => outcome(exit, args.timeout),
        None => Err(CliError::new(Code::Cancelled, "cancelled")),
    }
}

/// The devices that the models may run on. Any device will do for the models an app brings, unless the command
/// line names one.
fn open(args: &RunArgs, options: &PlatformOptions) -> Platform {
    if args.guest_models && args.device.is_none() {
        return Platform::open(options);
    }
    let default_device = args.device().unwrap_or_else(|| DeviceId::new(DEFAULT_DEVICE));
    let named = args.models.iter().filter_map(|model| model.device.as_ref());
    Platform::open_for(named.chain([&default_device]), options)
}

/// Reads the models, after making sure that their devices are there.
fn models(args: &RunArgs, platform: &Platform) -> Result<ModelSet> {
    let default_device = args.device().unwrap_or_else(|| DeviceId::new(DEFAULT_DEVICE));
    let default_is_used = args.device.is_some()
        || args.guest_models
        || args.models.iter().any(|model| model.device.is_none());
    if default_is_used {
        platform.check_device(&default_device)?;
    }
    let named = args.models.iter().filter_map(|model| model.device.as_ref());
    named.into_iter().try_for_each(|device| platform.check_device(device))?;
    let mut models = ModelSet::new(default_device);
    args.models.iter().try_for_each(|spec| models.add(spec))?;
    if let Some(DeviceOption::Service(endpoint)) = &args.device
        && let Some(name) = endpoint.named_model()
    {
        models.add_served(name);
    }
    Ok(models)
}

/// Loads every model, so that one that cannot be loaded is known before the app starts. The graphs are shared
/// with the app's own loads while they are held.
async fn load_all(
    models: &ModelSet,
    catalog: &Catalog,
    args: &RunArgs,
    deadline: &Deadline,
) -> Result<Vec<Arc<dyn Graph>>> {
    let mut graphs = Vec::new();
    for (name, device) in models.devices() {
        let _shown = Progress::new(format!("loading the model '{name}' on {device}"));
        let part = deadline.part("--load-timeout", args.load_timeout);
        let graph = timeout(part.time, catalog.by_name(name)).await.map_err(|_| {
            part.missed(format!("the model '{name}' was not loaded on {device} in time"))
        })?;
        graphs.push(graph.map_err(|error| models.unusable(name, &error))?);
    }
    Ok(graphs)
}

fn invocation(args: &RunArgs, limits: Limits, inference: Inference) -> Invocation {
    let name = args.app.file_name().unwrap_or(args.app.as_os_str());
    let name = name.to_string_lossy().into_owned();
    Invocation {
        args: std::iter::once(name).chain(args.args.iter().cloned()).collect(),
        env: args.env.clone(),
        dirs: args.dirs.clone(),
        stdio: Stdio::Inherit,
        limits,
        inference,
    }
}

/// `None` when Ctrl-C came first; dropping the run stops the guest and what it was computing.
async fn until_interrupted(
    program: &Program,
    invocation: Invocation,
) -> Result<Option<Exit>, Error> {
    tokio::select! {
        // In this order, so that Ctrl-C is listened to before the guest's first instruction.
        biased;
        interrupt = tokio::signal::ctrl_c() => match interrupt {
            Ok(()) => Ok(None),
            Err(error) => Err(Error::internal("cannot listen for Ctrl-C").with_source(error)),
        },
        exit = program.run(invocation) => exit.map(Some),
    }
}

fn not_started(app: &Path, error: &Error) -> CliError {
    let code = match error.kind() {
        ErrorKind::NotFound => Code::File,
        ErrorKind::TooLarge | ErrorKind::InvalidArgument => Code::Program,
        _ => Code::Internal,
    };
    let failure =
        CliError::new(code, format!("cannot start '{}'", app.display())).why(error.report());
    match error.kind() {
        ErrorKind::TooLarge => failure.help("allow more memory: --max-memory 2GiB"),
        _ => failure,
    }
}

fn outcome(exit: Exit, timeout: Option<Duration>) -> Result<ExitCode> {
    match exit {
        Exit::Code(code) => Ok(ExitCode::from(as_byte(code))),
        Exit::Trapped { reason } => Err(CliError::new(Code::Trapped, "the app trapped")
            .why(reason)
            .help("the app has a bug or reached a limit: see Limits in godwit run --help")),
        Exit::TimedOut { after } => {
            let after = humantime::format_duration(timeout.unwrap_or(after));
            Err(CliError::new(Code::TimedOut, format!("the app was stopped after {after}"))
                .why("it exceeded --timeout")
                .help("increase --timeout, or see what takes so long with --report"))
        }
    }
}

/// The system passes on the low byte; what is not 0 must not become 0 by that.
fn as_byte(code: i32) -> u8 {
    match code.to_le_bytes() {
        [0, ..] if code != 0 => 1,
        [low, ..] => low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_never_becomes_success() {
        assert_eq!([0, 7, 255, 256, -1].map(as_byte), [0, 7, 255, 1, 255]);
    }
}
