use std::sync::Arc;

use godwit_backend::{Backend, Device, DeviceId, Encoding, known};
use godwit_policy::{AdmissionLimits, Ledger, Stack};

use crate::family::LEFT_OUT;
use crate::{
    AbsentFamily, Endpoint, FAMILIES, Family, LoadedLibrary, PlatformError, PlatformErrorKind,
    PlatformOptions, Result, Services,
};

/// The devices that models can run on, and the policies in front of them.
#[derive(Debug)]
pub struct Platform {
    stack: Stack,
    devices: Vec<Device>,
    services: Option<Services>,
    /// The ids of all services that are configured, asked for or not.
    configured: Vec<String>,
    libraries: Vec<LoadedLibrary>,
    absent: Vec<AbsentFamily>,
}

impl Platform {
    /// Opens every family that is listed, and every service. What cannot be opened is [absent](Self::absent).
    pub fn open(options: &PlatformOptions) -> Self {
        Self::open_where(options, None)
    }

    /// Opens the families and services of these devices only: loading an engine that nobody asked for takes time
    /// and memory.
    pub fn open_for<'a>(
        devices: impl IntoIterator<Item = &'a DeviceId>,
        options: &PlatformOptions,
    ) -> Self {
        Self::open_where(options, Some(devices.into_iter().collect()))
    }

    fn open_where(options: &PlatformOptions, wanted: Option<Vec<&DeviceId>>) -> Self {
        let is_wanted = |family: &Family| match &wanted {
            None => family.listed,
            Some(ids) => {
                let mut families = ids.iter().filter_map(|id| Family::of(id));
                families.any(|wanted| wanted.name == family.name)
            }
        };
        let asks_for = |is: &dyn Fn(&DeviceId) -> bool| {
            wanted.as_ref().is_none_or(|ids| ids.iter().any(|id| is(id)))
        };
        let (mut backends, mut absent) = (Vec::new(), Vec::new());
        let (mut devices, mut libraries) = (Vec::new(), Vec::new());
        for family in FAMILIES.iter().filter(|family| is_wanted(family)) {
            match family.start(options) {
                Ok((backend, library)) => {
                    match backend.devices() {
                        Ok(found) => devices.extend(found),
                        Err(error) => absent.push(AbsentFamily::new(family.name, error.report())),
                    }
                    libraries.extend(library);
                    backends.push(backend);
                }
                Err(reason) => absent.push(reason),
            }
        }
        for (family, feature) in LEFT_OUT.iter().filter(|(name, _)| asks_for(&|id| id.is_of(name)))
        {
            let why =
                format!("this build of godwit does not include it (cargo feature '{feature}')");
            absent.push(AbsentFamily::new(*family, why));
        }
        let endpoints = options.endpoints.iter();
        let endpoints = endpoints.filter(|one| asks_for(&|id| id.as_str() == one.id));
        let endpoints: Vec<Endpoint> = endpoints.cloned().collect();
        let mut services = None;
        if !endpoints.is_empty() {
            let ids: Vec<String> = endpoints.iter().map(|one| one.id.clone()).collect();
            let opened = Services::open(endpoints);
            let listed = opened.and_then(|opened| Ok((opened.backend().devices()?, opened)));
            match listed {
                Ok((found, opened)) => {
                    devices.extend(found);
                    backends.push(opened.backend());
                    services = Some(opened);
                }
                Err(error) => {
                    absent.extend(ids.into_iter().map(|id| AbsentFamily::new(id, error.report())));
                }
            }
        }
        let stack = Stack::new(backends, options.model_limits.clone(), options.cache_bytes);
        let configured = options.endpoints.iter().map(|one| one.id.clone()).collect();
        Self { stack, devices, services, configured, libraries, absent }
    }

    /// The backend of one tenant: its own limits, on what all tenants share, booked on `ledger`.
    pub fn tenant(&self, limits: AdmissionLimits, ledger: &Ledger) -> Arc<dyn Backend> {
        self.stack.tenant(limits, ledger.clone())
    }

    /// The devices there were when this was opened, the preferred first.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// The services elsewhere, if there are any.
    pub fn services(&self) -> Option<&Services> {
        self.services.as_ref()
    }

    /// The libraries that were loaded.
    pub fn libraries(&self) -> &[LoadedLibrary] {
        &self.libraries
    }

    /// The families, and single devices, that are not usable.
    pub fn absent(&self) -> &[AbsentFamily] {
        &self.absent
    }

    /// Whether `id` is a service, which has models of its own.
    pub fn is_service(&self, id: &DeviceId) -> bool {
        let device = self.devices.iter().find(|device| device.answers_to(id));
        device.is_some_and(|device| device.capabilities.encodings.contains(&Encoding::Remote))
    }

    /// Makes sure that there is a device `id`.
    ///
    /// # Errors
    ///
    /// `Device`, with the reason why it is absent, or with what is called like it.
    pub fn check_device(&self, id: &DeviceId) -> Result<()> {
        if self.devices.iter().any(|device| device.answers_to(id)) {
            return Ok(());
        }
        let error = PlatformError::new(
            PlatformErrorKind::Device,
            format!("there is no device '{id}' here"),
        );
        let error = match self.absent.iter().find(|absent| absent.holds(id)) {
            Some(AbsentFamily { why, install, .. }) => {
                let error = error.why(why);
                match install {
                    Some(command) => error.help(format!("install it: {command}")),
                    None => error,
                }
            }
            None => error.why(self.unknown(id)),
        };
        Err(error.help("list the devices: godwit devices"))
    }

    /// Names what is like a device that does not exist.
    fn unknown(&self, id: &DeviceId) -> String {
        if let Some(family) = FAMILIES.iter().find(|family| id.is_of(family.name)) {
            let ids = self.devices.iter().map(|device| &device.id);
            let ids: Vec<&str> =
                ids.filter(|id| id.is_of(family.name)).map(DeviceId::as_str).collect();
            return known("devices", id.as_str(), ids);
        }
        if !self.configured.is_empty() {
            let configured = self.configured.iter().map(String::as_str);
            let known = known("remote devices", id.as_str(), configured);
            return format!("no device of this name is configured: {known}");
        }
        let family = id.family();
        let known = known("families", family, FAMILIES.iter().map(|family| family.name));
        format!(
            "this build has no device family '{family}', and no remote device of this name is configured: {known}"
        )
    }
}
