//! Which devices are asked, and the absent ones that are said to be so.

use std::collections::BTreeMap;

use godwit_backend::{DeviceId, Target};
use godwit_verify::{Attempt, RecordedError};

use super::VerifyArgs;
use crate::failure::{Code, Failure, Outcome};
use crate::option::DeviceOption;
use crate::sources::Sources;
use crate::stack::Machine;

/// The devices of a command line.
pub(super) struct Devices {
    pub(super) machine: Machine,
    pub(super) targets: Vec<Target>,
    /// Those that are not here, with the reason.
    pub(super) absent: Vec<Attempt>,
}

impl Devices {
    pub(super) fn open(args: &VerifyArgs, sources: Sources) -> Outcome<Self> {
        if args.devices == "all" {
            let machine = Machine::open(&sources);
            let targets: Vec<Target> =
                machine.devices().iter().map(|device| Target::new(device.id.as_str())).collect();
            let absent = machine.absent().iter().map(|family| absent(&family.family, &family.why));
            let absent = absent.collect();
            return Self { machine, targets, absent }.with_settings(args);
        }
        let mut ids: Vec<DeviceId> = Vec::new();
        let mut named = Vec::new();
        for id in args.devices.split(',').map(str::trim).filter(|id| !id.is_empty()) {
            let Some(address) = id.strip_prefix("remote=") else {
                ids.push(DeviceId::new(id));
                continue;
            };
            let endpoint = DeviceOption::service(address, named.len()).map_err(|why| {
                Failure::new(Code::Usage, "--devices names a service wrongly").why(why)
            })?;
            ids.push(DeviceId::new(endpoint.id()));
            named.push(endpoint);
        }
        let sources = sources.with(named);
        if ids.is_empty() {
            return Err(Failure::new(Code::Usage, "--devices names none")
                .help("name some, separated by commas, or 'all'"));
        }
        let machine = Machine::open_for(ids.iter(), &sources);
        let here = machine.devices();
        let (found, missing): (Vec<_>, Vec<_>) =
            ids.into_iter().partition(|id| here.iter().any(|device| device.answers_to(id)));
        let absent = missing.iter().map(|id| {
            let family = machine.absent().iter().find(|absent| absent.holds(id));
            absent(id.as_str(), family.map_or("there is no such device here", |family| &family.why))
        });
        let absent = absent.collect();
        let targets = found.iter().map(|id| Target::new(id.as_str())).collect();
        Self { machine, targets, absent }.with_settings(args)
    }

    fn with_settings(mut self, args: &VerifyArgs) -> Outcome<Self> {
        let mut settings: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for setting in &args.settings {
            settings.entry(&setting.device).or_default().push(setting);
        }
        for target in &mut self.targets {
            for setting in settings.remove(target.device.as_str()).into_iter().flatten() {
                target.options.insert(setting.option.clone(), setting.value.clone());
            }
        }
        match settings.keys().next() {
            None => Ok(self),
            Some(device) => Err(Failure::new(
                Code::Usage,
                format!("--set is for the device '{device}', which is not run"),
            )),
        }
    }
}

fn absent(device: &str, why: &str) -> Attempt {
    let refusal = RecordedError { kind: "unavailable".to_owned(), message: why.to_owned() };
    Attempt { device: device.to_owned(), outcome: Err(refusal) }
}
