mod args;
mod offer;
mod record;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use godwit_backend::{Arena, Budget, Error, ErrorKind, Memory, Quota};
use godwit_host::{Exit, Inference, Invocation, Limits, Program, Stdio};
use godwit_policy::Ledger;
use tokio::runtime::Runtime;

pub(crate) use self::args::RunArgs;
use self::offer::Offer;
use crate::failure::{Code, Failure, Outcome};
use crate::option::{DeviceOption, DirOption};
use crate::report::Report;
use crate::sources::Sources;
use crate::{files, program};

pub(crate) fn run(args: &RunArgs, sources: Sources) -> Outcome<ExitCode> {
    let runtime = Runtime::new().map_err(|error| {
        Failure::new(Code::Internal, "the system refused threads").why(files::reason(&error))
    })?;
    let named = match &args.device {
        Some(DeviceOption::Service(endpoint)) => Some((**endpoint).clone()),
        _ => None,
    };
    let ended = runtime.block_on(prepare_and_run(args, &sources.with(named)));
    // A guest that was stopped may have left a read of standard input behind, which nothing can stop.
    runtime.shutdown_background();
    ended
}

/// Everything is read and checked before anything runs, the cheapest first.
async fn prepare_and_run(args: &RunArgs, sources: &Sources) -> Outcome<ExitCode> {
    let bytes = files::read("the app", &args.app)?;
    args.dirs.iter().try_for_each(DirOption::check)?;
    let machine = offer::machine(args, sources);
    let offer = Offer::read(args, &machine)?;
    let limits = args.limits();
    let engine_limits =
        Limits { memory: limits.memory.max(Limits::default().memory), ..limits.clone() };
    let host = program::host(engine_limits)?;
    let program = program::load(&host, &args.app, &bytes)?;
    drop(bytes);
    let graphs = offer.load_all(&machine).await?;

    let ledger = Ledger::new();
    let tape = args.record.as_deref().map(record::tape).transpose()?;
    let budget = Budget::new("tensors", limits.tensor_bytes);
    let inference = Inference {
        catalog: Arc::new(offer.catalog(&machine, &ledger, tape.as_ref(), limits.tensor_bytes)),
        quota: Quota::of_host(Memory::new(Arena::default(), budget.clone())),
    };
    let invocation = invocation(args, limits, inference);
    let began = Instant::now();
    let ended = until_interrupted(&program, invocation).await;
    let took = began.elapsed();
    drop(graphs);
    if let (Some(tape), Some(folder), Ok(_)) = (&tape, &args.record, &ended) {
        record::keep(tape, folder)?;
    }
    if let (true, Ok(ended)) = (args.report || args.report_file.is_some(), &ended) {
        let report = Report::new(ended.as_ref(), took, &ledger, &budget, &machine);
        report.deliver(args.json, args.report_file.as_deref())?;
    }
    match ended.map_err(|error| not_started(&args.app, &error))? {
        Some(exit) => outcome(exit),
        None => Err(Failure::new(Code::Cancelled, "cancelled")),
    }
}

fn invocation(args: &RunArgs, limits: Limits, inference: Inference) -> Invocation {
    let name = args.app.file_name().unwrap_or(args.app.as_os_str());
    let name = name.to_string_lossy().into_owned();
    Invocation {
        args: std::iter::once(name).chain(args.args.iter().cloned()).collect(),
        env: args.env.iter().map(|env| (env.key.clone(), env.value.clone())).collect(),
        dirs: args.dirs.iter().map(DirOption::dir).collect(),
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
            Err(error) => Err(Error::internal("Ctrl-C cannot be listened to").with_source(error)),
        },
        exit = program.run(invocation) => exit.map(Some),
    }
}

fn not_started(app: &Path, error: &Error) -> Failure {
    let code = match error.kind() {
        ErrorKind::NotFound => Code::File,
        ErrorKind::TooLarge | ErrorKind::InvalidArgument => Code::Program,
        _ => Code::Internal,
    };
    let failure =
        Failure::new(code, format!("'{}' could not be started", app.display())).why(error.report());
    match error.kind() {
        ErrorKind::TooLarge => failure.help("if it needs more memory, allow it: --max-memory 2GiB"),
        _ => failure,
    }
}

fn outcome(exit: Exit) -> Outcome<ExitCode> {
    match exit {
        Exit::Code(code) => Ok(ExitCode::from(as_byte(code))),
        Exit::Trapped { reason } => {
            Err(Failure::new(Code::Trapped, "the app was stopped by a trap").why(reason).help(
                "the app did what it must not, or reached a limit: see --max-memory in godwit run --help",
            ))
        }
        Exit::TimedOut { after } => {
            let after = humantime::format_duration(after);
            Err(Failure::new(Code::TimedOut, format!("the app was stopped after {after}"))
                .why("that is the time it was given with --timeout")
                .help("give it more, or look what takes long: --report"))
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
