use std::collections::BTreeMap;
use std::path::Path;

use godwit_audit::{Answer, App, Fleet, Needs, Opinion, judge};
use godwit_backend::{Digest, Model};
use godwit_host::{Description, Item, Limits};
use godwit_platform::{AbsentFamily, ModelSource, ModelSpec, PlatformOptions, files, models};
use serde::Serialize;

use super::{AuditArgs, local};
use crate::error::{CliError, Code, Result};
use crate::program;

/// What this machine is called beside those of a fleet.
pub(super) const HERE: &str = "this machine";

/// All that is found out.
#[derive(Debug, Serialize)]
pub(super) struct AuditFacts {
    pub(super) app: AppFacts,
    pub(super) models: Vec<ModelFacts>,
    pub(super) devices: Vec<DeviceFacts>,
    /// Families without a device here.
    pub(super) absent: Vec<AbsentFamily>,
    /// The devices that can run every model given, as `MACHINE/DEVICE`.
    pub(super) suited: Vec<String>,
}

/// The app.
#[derive(Debug, Serialize)]
pub(super) struct AppFacts {
    pub(super) file: String,
    pub(super) size: u64,
    pub(super) sha256: Digest,
    #[serde(flatten)]
    pub(super) description: Description,
    #[serde(flatten)]
    pub(super) found: App,
}

impl AppFacts {
    /// Imports that this host does not have.
    pub(super) fn missing(&self) -> Vec<&Item> {
        self.description.imports.iter().filter(|import| !import.provided).collect()
    }
}

/// A model that is given.
#[derive(Debug, Serialize)]
pub(super) struct ModelFacts {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) sha256: Digest,
    /// Whether the app's constants hold the name.
    pub(super) named_by_the_app: bool,
    pub(super) needs: Needs,
}

/// A device, and what it is to each model.
#[derive(Debug, Serialize)]
pub(super) struct DeviceFacts {
    pub(super) machine: String,
    pub(super) device: String,
    /// What was not written down of it and is taken from tests.
    pub(super) assumed: Option<String>,
    /// One for each model, by name. Variants of one model count as the best of them.
    pub(super) opinions: BTreeMap<String, Opinion>,
}

impl DeviceFacts {
    pub(super) fn place(&self) -> String {
        format!("{}/{}", self.machine, self.device)
    }

    fn suits(&self) -> bool {
        self.opinions.values().all(|opinion| opinion.answer == Answer::Yes)
    }
}

impl AuditFacts {
    pub(super) fn of(args: &AuditArgs, options: &PlatformOptions) -> Result<Self> {
        let app = app(&args.app)?;
        let given = given(args)?;
        let mut devices = Vec::new();
        let mut absent = Vec::new();
        if let Some(path) = &args.fleet {
            devices.extend(on_paper(&fleet(path)?, &given, args.rows)?);
        }
        if !args.fleet_only {
            let (found, missing) = local::try_all(&given, options)?;
            devices.splice(0..0, found);
            absent = missing;
        }
        let mut models = Vec::new();
        for Given { model, file } in &given {
            models.push(ModelFacts {
                name: model.name().to_string(),
                file: file.clone(),
                sha256: model.digest(),
                named_by_the_app: app.found.holds(model.name()),
                needs: needs(model, file, args.rows)?,
            });
        }
        let suited = devices.iter().filter(|device| device.suits());
        let suited = suited.map(DeviceFacts::place).collect();
        Ok(Self { app, models, devices, absent, suited })
    }
}

fn app(path: &Path) -> Result<AppFacts> {
    let bytes = files::read("the app", path)?;
    program::check_header(path, &bytes)?;
    let corrupt = |error: godwit_backend::Error| program::corrupt(path, &error);
    let description = program::host(Limits::default(), program::COMPILE_TIMEOUT)?
        .describe(&bytes)
        .map_err(corrupt)?;
    let found = App::read(&bytes).map_err(corrupt)?;
    let (size, sha256) = (bytes.len() as u64, Digest::of(&bytes));
    Ok(AppFacts { file: path.display().to_string(), size, sha256, description, found })
}

/// A model that is given, with its file.
pub(super) struct Given {
    pub(super) model: Model,
    pub(super) file: String,
}

fn given(args: &AuditArgs) -> Result<Vec<Given>> {
    let read = |spec: &ModelSpec| {
        if let ModelSource::Remote(_) = spec.source {
            let what = format!("the model '{}' is not a file", spec.name);
            return Err(CliError::new(Code::Usage, what)
                .why("what a service calls a model says nothing of what the model needs")
                .help(format!("give the file: --model {}=PATH", spec.name)));
        }
        let (file, model) = spec.read()?;
        Ok(Given { model, file: file.unwrap_or_default().display().to_string() })
    };
    args.models.iter().map(read).collect()
}

fn needs(model: &Model, file: &str, rows: u64) -> Result<Needs> {
    let unusable = |error| models::unusable(model, Path::new(file), "any device", &error);
    Ok(Needs::of(model, rows).map_err(unusable)?)
}

fn fleet(path: &Path) -> Result<Fleet> {
    let bytes = files::read("the fleet file", path)?;
    let unusable = |why: String| {
        CliError::new(Code::File, format!("the fleet file '{}' cannot be used", path.display()))
            .why(why)
            .help("see what one looks like: godwit audit --help")
    };
    let text = String::from_utf8(bytes).map_err(|_| unusable("it is not text".to_owned()))?;
    Fleet::parse(&text).map_err(|error| unusable(error.report()))
}

/// What can be said of devices that are not here.
fn on_paper(fleet: &Fleet, given: &[Given], rows: u64) -> Result<Vec<DeviceFacts>> {
    let mut all = Vec::new();
    for machine in &fleet.machines {
        for device in &machine.devices {
            let mut opinions = BTreeMap::new();
            for Given { model, file } in given {
                let opinion = judge(&needs(model, file, rows)?, device);
                keep_the_best(&mut opinions, model, opinion);
            }
            all.push(DeviceFacts {
                machine: machine.name.clone(),
                device: device.id.to_string(),
                assumed: device.assumed.clone(),
                opinions,
            });
        }
    }
    Ok(all)
}

/// A model in two encodings runs where one of them does.
pub(super) fn keep_the_best(
    opinions: &mut BTreeMap<String, Opinion>,
    model: &Model,
    opinion: Opinion,
) {
    let better = |known: &Opinion| opinion.answer > known.answer;
    if opinions.get(&**model.name()).is_none_or(better) {
        opinions.insert(model.name().to_string(), opinion);
    }
}
