//! What this machine offers, and the policies in front of it.

use std::sync::Arc;

use godwit_backend::{Backend, Device, DeviceId, Encoding, known};
use godwit_engines::{Absent, Engine, Place};
use godwit_policy::{AdmissionLimits, Ledger, Stack};
use serde::Serialize;

use crate::failure::{Code, Failure, Outcome};
use crate::family::{FAMILIES, LEFT_OUT, Opened, is_listed};
use crate::remote::Services;
use crate::sources::Sources;

/// The device for whatever names none.
pub(crate) const DEFAULT_DEVICE: &str = "cpu:0";

/// A family without a usable device.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AbsentFamily {
    /// Or one device, where others of the family may be there.
    pub(crate) family: String,
    pub(crate) why: String,
    /// Where its library was looked for.
    pub(crate) looked: Vec<Place>,
    /// The command that would bring it, or what to install where there is none.
    pub(crate) install: Option<String>,
}

impl AbsentFamily {
    pub(crate) fn new(family: impl Into<String>, why: String) -> Self {
        Self { family: family.into(), why, looked: Vec::new(), install: None }
    }

    pub(crate) fn not_found(family: &'static str, absent: Absent) -> Self {
        // What a person set is theirs to change; an installed engine would not be looked at.
        let install = absent.wrong().is_none().then(|| absent.remedy());
        Self { family: family.into(), why: absent.to_string(), looked: absent.looked, install }
    }

    pub(crate) fn unusable(
        family: &'static str,
        why: String,
        engine: &Engine,
        place: Place,
    ) -> Self {
        let install = match engine.by_hand {
            Some(what) => what.to_owned(),
            None => format!("godwit engines install {} --force", engine.name),
        };
        let install = Some(install);
        Self { family: family.into(), why, looked: vec![place], install }
    }

    /// Whether `id` is absent by this.
    pub(crate) fn holds(&self, id: &DeviceId) -> bool {
        id.as_str() == self.family || id.is_of(&self.family)
    }
}

/// The library that a family was loaded from.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LoadedLibrary {
    pub(crate) family: &'static str,
    pub(crate) engine: &'static str,
    #[serde(flatten)]
    pub(crate) found: godwit_engines::Found,
}

/// What this machine offers.
#[derive(Debug)]
pub(crate) struct Machine {
    stack: Stack,
    services: Option<Services>,
    /// The ids of all services that are configured, asked for or not.
    configured: Vec<String>,
    libraries: Vec<LoadedLibrary>,
    absent: Vec<AbsentFamily>,
}

impl Machine {
    /// Opens every family, and every service.
    pub(crate) fn open(sources: &Sources) -> Self {
        Self::open_where(sources, is_listed, |_| true)
    }

    /// Opens the families and services of these devices only: loading an engine that nobody asked for
    /// takes time and memory.
    pub(crate) fn open_for<'a>(
        devices: impl IntoIterator<Item = &'a DeviceId> + Clone,
        sources: &Sources,
    ) -> Self {
        let is_family =
            |family: &str| devices.clone().into_iter().any(|device| device.is_of(family));
        let is_device = |id: &str| devices.clone().into_iter().any(|device| device.as_str() == id);
        Self::open_where(sources, is_family, is_device)
    }

    fn open_where(
        sources: &Sources,
        is_wanted: impl Fn(&str) -> bool,
        is_device_wanted: impl Fn(&str) -> bool,
    ) -> Self {
        let (mut backends, mut absent, mut loaded) = (Vec::new(), Vec::new(), Vec::new());
        for family in FAMILIES.iter().filter(|family| is_wanted(family.name)) {
            let Opened { backend, library } =
                match family.open(&sources.libraries, &sources.isolated) {
                    Ok(opened) => opened,
                    Err(reason) => {
                        absent.push(reason);
                        continue;
                    }
                };
            if let Err(error) = backend.devices() {
                absent.push(AbsentFamily::new(family.name, error.report()));
            }
            loaded.extend(library.map(|(engine, found)| LoadedLibrary {
                family: family.name,
                engine: engine.name,
                found,
            }));
            backends.push(backend);
        }
        absent.extend(LEFT_OUT.iter().filter(|(family, _)| is_wanted(family)).map(
            |(family, feature)| {
                let why = format!("this build of godwit leaves it out (cargo feature '{feature}')");
                AbsentFamily::new(*family, why)
            },
        ));
        let endpoints = sources.endpoints.iter().filter(|one| is_device_wanted(one.id()));
        let endpoints: Vec<_> = endpoints.cloned().collect();
        let mut services = None;
        if !endpoints.is_empty() {
            let ids: Vec<String> = endpoints.iter().map(|one| one.id().to_owned()).collect();
            match Services::open(endpoints) {
                Ok(opened) => {
                    backends.push(opened.backend());
                    services = Some(opened);
                }
                Err(error) => {
                    absent.extend(ids.into_iter().map(|id| AbsentFamily::new(id, error.report())));
                }
            }
        }
        // Nothing is rationed: the app is the only one, and the machine is the operator's.
        let stack = Stack::new(backends, godwit_model::Limits::default(), u64::MAX);
        let configured = sources.endpoints.iter().map(|one| one.id().to_owned()).collect();
        Self { stack, services, configured, libraries: loaded, absent }
    }

    /// The services elsewhere, if there are any.
    pub(crate) fn services(&self) -> Option<&Services> {
        self.services.as_ref()
    }

    /// Whether `id` is a service, which has models of its own.
    pub(crate) fn is_service(&self, id: &DeviceId) -> bool {
        let takes_names =
            |device: &Device| device.capabilities.encodings.contains(&Encoding::Remote);
        self.devices().iter().any(|device| device.answers_to(id) && takes_names(device))
    }

    /// The one app's backend, booked on `ledger`.
    pub(crate) fn backend(&self, ledger: &Ledger) -> Arc<dyn Backend> {
        self.stack.tenant(AdmissionLimits::default(), ledger.clone())
    }

    pub(crate) fn devices(&self) -> Vec<Device> {
        self.stack.router().devices().unwrap_or_default()
    }

    /// The libraries that were loaded.
    pub(crate) fn libraries(&self) -> &[LoadedLibrary] {
        &self.libraries
    }

    pub(crate) fn absent(&self) -> &[AbsentFamily] {
        &self.absent
    }

    /// Fails when there is no device `id` here, saying why.
    pub(crate) fn check_device(&self, id: &DeviceId) -> Outcome<()> {
        let devices = self.devices();
        if devices.iter().any(|device| device.answers_to(id)) {
            return Ok(());
        }
        let failure = Failure::new(Code::Device, format!("there is no device '{id}' here"));
        let failure = match self.absent.iter().find(|absent| absent.holds(id)) {
            Some(absent) => {
                let failure = failure.why(absent.why.clone());
                match &absent.install {
                    Some(command) => failure.help(format!("install it: {command}")),
                    None => failure,
                }
            }
            None => failure.why(unknown(id, &devices, &self.configured)),
        };
        Err(failure.help("see the devices here: godwit devices"))
    }
}

/// Names what is like a device that does not exist.
fn unknown(id: &DeviceId, devices: &[Device], configured: &[String]) -> String {
    let family = FAMILIES.iter().find(|family| id.is_of(family.name));
    match family {
        Some(family) => {
            let ids = devices.iter().map(|device| &device.id);
            let ids: Vec<&str> =
                ids.filter(|id| id.is_of(family.name)).map(DeviceId::as_str).collect();
            known("devices", id.as_str(), ids)
        }
        None if !configured.is_empty() => {
            let known = known("remote devices", id.as_str(), configured.iter().map(String::as_str));
            format!("no device of that name is configured: {known}")
        }
        None => {
            let family = id.family();
            let names = FAMILIES.iter().map(|family| family.name);
            let known = known("families", family, names);
            format!(
                "this build knows no devices of a family '{family}', and none is configured: {known}"
            )
        }
    }
}
