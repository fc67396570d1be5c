mod args;
mod devices;
mod guest;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use godwit_backend::{Backend, Digest, Error, Model, Signature};
use godwit_model::{Limits, precheck};
use godwit_platform::{PlatformError, PlatformOptions, files, models};
use godwit_verify::golden::{Golden, GoldenOptions};
use godwit_verify::report::{Artifact, Rates, Verdict};
use godwit_verify::trace::{self, TraceLimits};
use godwit_verify::{
    Attempt, Edge, GenerateOptions, Replay, ReplayOptions, Report, ReportOptions, Sample, Work,
    find_first_operators, generate,
};

pub(crate) use self::args::VerifyArgs;
use self::devices::Devices;
use self::guest::Guest;
use crate::error::{CliError, Code, Result};
use crate::option::check_dir;
use crate::progress::Progress;
use crate::{print, program, runtime};

const DIFFERS: u8 = 10;
const FAILED: u8 = 11;

pub(crate) fn verify(args: &VerifyArgs, options: PlatformOptions) -> Result<ExitCode> {
    runtime::block_on(compare(args, options))
}

async fn compare(args: &VerifyArgs, platform: PlatformOptions) -> Result<ExitCode> {
    args.dirs.iter().try_for_each(check_dir)?;
    let mut offered = read_models(args)?;
    let golden = args.against.as_deref().map(read_golden).transpose()?;
    let devices = Progress::during("loading engines", || Devices::open(args, platform))?;
    if devices.targets.iter().any(|target| devices.platform.is_service(&target.device)) {
        for (name, variants) in &mut offered {
            variants.extend(models::served(name, variants));
        }
    }
    let all: Vec<Model> = offered.values().flatten().cloned().collect();

    let mut app = None;
    let mut printed = BTreeMap::new();
    let mut attempts = match &args.app {
        Some(path) => {
            let bytes = files::read("the app", path)?;
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            app = Some(Artifact { name: name.clone(), digest: Digest::of(&bytes).to_string() });
            let host = program::host(godwit_host::Limits::default(), program::COMPILE_TIMEOUT)?;
            let program = program::load(&host, path, &bytes)?;
            let guest = Guest { args, name, program, models: offered };
            let mut attempts = Vec::new();
            for target in &devices.targets {
                let progress = Progress::new(format!("running the app on {}", target.device));
                let ended = guest.run(&devices.platform, target).await;
                drop(progress);
                printed.insert(ended.attempt.device.clone(), ended.printed);
                attempts.push(ended.attempt);
            }
            attempts
        }
        None => replayed(args, &devices, all.clone()).await?,
    };
    attempts.extend(devices.absent.iter().cloned());

    let options = ReportOptions {
        reference: args.reference.clone(),
        profile: args.profile,
        tolerance: None,
        work: Work::of_models(&all, &Limits::default()),
        app,
        rates: rates(args, &devices),
    };
    let mut report = Report::from_recordings(&attempts, &options)
        .map_err(|error| CliError::new(Code::Usage, error.message().to_owned()))?;
    note_what_was_printed(&mut report, &printed);
    if args.bisect {
        search(&mut report, &attempts, &devices, &all).await;
    }
    if let Some(golden) = golden {
        let work = options.work.unwrap_or_default();
        let options = GoldenOptions { profile: args.profile, work, slower: args.slower };
        report.changes = Some(golden.compare(&attempts, &options).map_err(|e| internal(&e))?);
    }
    deliver(args, &report, &attempts)?;
    Ok(ExitCode::from(verdict(&report)))
}

/// Models by the names they are offered by, with their variants.
fn read_models(args: &VerifyArgs) -> Result<BTreeMap<String, Vec<Model>>> {
    let mut offered: BTreeMap<String, Vec<Model>> = BTreeMap::new();
    for option in &args.models {
        if option.device.is_some() || !option.options.is_empty() {
            return Err(CliError::new(
                Code::Usage,
                format!("the model '{}' is given a device or an option of one", option.name),
            )
            .why("every model runs on every device")
            .help(
                "name the devices with --devices, and their options with --set ID,OPTION=VALUE",
            ));
        }
        let (_, model) = option.read()?;
        offered.entry(option.name.clone()).or_default().push(model);
    }
    Ok(offered)
}

/// Every device on recorded or generated inputs.
async fn replayed(
    args: &VerifyArgs,
    devices: &Devices,
    models: Vec<Model>,
) -> Result<Vec<Attempt>> {
    let samples = match &args.replay {
        Some(folder) => trace::read(folder, &TraceLimits::default())
            .map_err(|error| {
                CliError::new(
                    Code::File,
                    format!("the recording '{}' cannot be used", folder.display()),
                )
                .why(error.report())
                .help("make one: godwit run --record DIR ...")
            })?
            .samples(),
        None => generated(args, devices, &models).await?,
    };
    let defaults = ReplayOptions::default();
    let options = ReplayOptions { repeats: args.repeat.unwrap_or(defaults.repeats), ..defaults };
    let replay = Replay { models, samples, options };
    let backend = devices.backend();
    let mut attempts = Vec::new();
    for target in &devices.targets {
        let progress = Progress::new(format!("running on {}", target.device));
        let recording = replay.run(&backend, target).await;
        drop(progress);
        let recording = recording.map_err(|error| {
            CliError::new(Code::Model, error.message().to_owned())
                .help("give every model of the recording, the very same files, with --model")
        })?;
        attempts.push(Attempt::recorded(target.device.as_str(), Ok(recording)));
    }
    Ok(attempts)
}

/// Inputs for the first variant of each model, by the signature that the first device to load it sees.
async fn generated(args: &VerifyArgs, devices: &Devices, models: &[Model]) -> Result<Vec<Sample>> {
    let defaults = GenerateOptions::default();
    let backend = devices.backend();
    let mut samples: Vec<Sample> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for model in models {
        if names.contains(&&**model.name()) {
            continue;
        }
        names.push(model.name());
        let signature = signature(model, devices, &backend).await?;
        let takes = |name: &String| signature.inputs.iter().any(|input| *input.name == **name);
        let ranges = args.ranges.iter().filter(|(name, _)| takes(name)).cloned();
        let options = GenerateOptions {
            seed: args.seed,
            random: args.samples.unwrap_or(defaults.random),
            edges: if args.edges { Edge::DEFAULT.to_vec() } else { Vec::new() },
            dims: args.dims.iter().cloned().collect(),
            ranges: ranges.collect(),
            ..defaults.clone()
        };
        samples.extend(generate(model, &signature, &options).map_err(|error| {
            CliError::new(Code::Model, format!("no inputs can be made for '{}'", model.name()))
                .why(error.report())
                .help("record what an app gives it: godwit run --record DIR ...")
        })?);
    }
    Ok(samples)
}

/// What the model's file says of itself, or else what the first device to load it sees: a load now would
/// be none later, when it is measured.
async fn signature(
    model: &Model,
    devices: &Devices,
    backend: &Arc<dyn Backend>,
) -> Result<Signature> {
    let summary = precheck(model, &Limits::default()).ok().flatten();
    if let Some(stated) = summary.as_ref().and_then(|summary| summary.signature().ok()) {
        return Ok(stated.clone());
    }
    let mut refusal = Error::unavailable("there is no device");
    for target in &devices.targets {
        match backend.load(model, target).await {
            Ok(graph) => return Ok(graph.info().signature.clone()),
            Err(error) => refusal = error,
        }
    }
    let what = format!("no device here can load the model '{}'", model.name());
    Err(PlatformError::new(refusal.kind().into(), what).why(refusal.report()).into())
}

fn rates(args: &VerifyArgs, devices: &Devices) -> BTreeMap<String, Rates> {
    let mut rates: BTreeMap<String, Rates> = BTreeMap::new();
    for device in devices.platform.devices() {
        // What godwit.toml says, unless the command line says otherwise.
        let price = device.labels.get("price-per-hour").and_then(|price| price.parse().ok());
        if let Some(price) = price {
            rates.entry(device.id.to_string()).or_default().per_hour = Some(price);
        }
    }
    for cost in &args.costs {
        rates.entry(cost.device.clone()).or_default().per_hour = Some(cost.number);
    }
    for watts in &args.watts {
        rates.entry(watts.device.clone()).or_default().watts = Some(watts.number);
    }
    rates
}

/// What an app prints is not judged, as it may print the time; that it differs is worth a word.
fn note_what_was_printed(report: &mut Report, printed: &BTreeMap<String, Vec<u8>>) {
    let reference = report.reference.as_ref().and_then(|reference| printed.get(reference));
    let Some(reference) = reference else { return };
    for device in &mut report.devices {
        if printed.get(&device.device).is_some_and(|other| other != reference) {
            device.notes.push("the app printed something else than on the reference".to_owned());
        }
    }
}

async fn search(report: &mut Report, attempts: &[Attempt], devices: &Devices, models: &[Model]) {
    let reference = report.reference.clone();
    let found = attempts.iter().find(|attempt| Some(&attempt.device) == reference.as_ref());
    let Some(Ok(recording)) = found.map(|attempt| attempt.outcome.as_ref()) else { return };
    let progress = Progress::new("searching for the first operator that differs");
    let backend = devices.backend();
    let limits = Limits::default();
    find_first_operators(report, recording, &backend, models, &devices.targets, &limits).await;
    drop(progress);
}

fn read_golden(path: &Path) -> Result<Golden> {
    let bytes = files::read("the golden file", path)?;
    Golden::parse(&bytes).map_err(|error| {
        CliError::new(Code::File, format!("the golden file '{}' cannot be used", path.display()))
            .why(error.report())
            .help("make one: godwit verify --save FILE ...")
    })
}

fn deliver(args: &VerifyArgs, report: &Report, attempts: &[Attempt]) -> Result<()> {
    if let Some(path) = &args.save {
        let golden = Golden::of(attempts).and_then(|golden| golden.to_json());
        files::write("the golden file", path, &golden.map_err(|error| internal(&error))?)?;
    }
    if let Some(path) = &args.html {
        files::write("the page", path, report.to_html().as_bytes())?;
    }
    if let Some(path) = &args.declare {
        files::write("the declarations", path, &print::to_json(&report.equivalences())?)?;
    }
    if args.json { print::json(report) } else { print::text(&report.to_text()) }
}

fn verdict(report: &Report) -> u8 {
    let any = |is: fn(&Verdict) -> bool| report.devices.iter().any(|device| is(&device.verdict));
    let regressed = report.changes.iter().flatten().any(|change| change.kind.is_regression());
    if report.reference.is_none() {
        Code::Device as u8
    } else if regressed || any(|verdict| matches!(verdict, Verdict::Differs { .. })) {
        DIFFERS
    } else if any(|verdict| matches!(verdict, Verdict::Failed { .. })) {
        FAILED
    } else {
        0
    }
}

fn internal(error: &Error) -> CliError {
    CliError::new(Code::Internal, "the report cannot be made").why(error.report())
}
