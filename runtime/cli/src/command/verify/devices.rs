//! Which devices are asked, and the absent ones that are said to be so.

use std::collections::BTreeMap;
use std::sync::Arc;

use godwit_backend::{Backend, DeviceId, Target};
use godwit_platform::{Platform, PlatformOptions};
use godwit_policy::{AdmissionLimits, Ledger};
use godwit_verify::{Attempt, RecordedError};

use super::VerifyArgs;
use crate::error::{CliError, Code, Result};
use crate::option::DeviceOption;

/// The devices of a command line.
pub(super) struct Devices {
    pub(super) platform: Platform,
    pub(super) targets: Vec<Target>,
    /// Those that are not here, with the reason.
    pub(super) absent: Vec<Attempt>,
}

impl Devices {
    pub(super) fn open(args: &VerifyArgs, mut options: PlatformOptions) -> Result<Self> {
        if args.devices == "all" {
            let platform = Platform::open(&options);
            let targets: Vec<Target> =
                platform.devices().iter().map(|device| Target::new(device.id.as_str())).collect();
            let absent = platform.absent().iter().map(|family| absent(&family.family, &family.why));
            let absent = absent.collect();
            return Self { platform, targets, absent }.with_settings(args);
        }
        let mut ids: Vec<DeviceId> = Vec::new();
        let mut named = Vec::new();
        for id in args.devices.split(',').map(str::trim).filter(|id| !id.is_empty()) {
            let Some(address) = id.strip_prefix("remote=") else {
                ids.push(DeviceId::new(id));
                continue;
            };
            let endpoint = DeviceOption::service(address, named.len()).map_err(|why| {
                CliError::new(Code::Usage, "--devices names a service wrongly").why(why)
            })?;
            ids.push(DeviceId::new(&endpoint.id));
            named.push(endpoint);
        }
        if ids.is_empty() {
            return Err(CliError::new(Code::Usage, "--devices names none")
                .help("name some, separated by commas, or 'all'"));
        }
        options.endpoints.extend(named);
        let platform = Platform::open_for(ids.iter(), &options);
        let here = platform.devices();
        let (found, missing): (Vec<_>, Vec<_>) =
            ids.into_iter().partition(|id| here.iter().any(|device| device.answers_to(id)));
        let absent = missing.iter().map(|id| {
            let family = platform.absent().iter().find(|absent| absent.holds(id));
            absent(id.as_str(), family.map_or("there is no such device here", |family| &family.why))
        });
        let absent = absent.collect();
        let targets = found.iter().map(|id| Target::new(id.as_str())).collect();
        Self { platform, targets, absent }.with_settings(args)
    }

    /// A tenant without limits.
    pub(super) fn backend(&self) -> Arc<dyn Backend> {
        self.platform.tenant(AdmissionLimits::default(), &Ledger::new())
    }

    fn with_settings(mut self, args: &VerifyArgs) -> Result<Self> {
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
            Some(device) => Err(CliError::new(
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
