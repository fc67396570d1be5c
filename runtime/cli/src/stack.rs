//! Which backends this build has, and the policies in front of them. The only place that names any.

use std::sync::Arc;

use godwit_backend::{Backend, Device, DeviceId, Result, known};
use godwit_policy::{AdmissionLimits, Ledger, Stack};
use serde::Serialize;

use crate::failure::{Code, Failure, Outcome};

/// The device for whatever names none.
pub(crate) const DEFAULT_DEVICE: &str = "cpu:0";

type Opened = (&'static str, Result<Arc<dyn Backend>>);

/// One entry a backend, the preferred first.
fn open() -> Vec<Opened> {
    Vec::<Opened>::from([
        #[cfg(feature = "cpu")]
        ("cpu", godwit_cpu::CpuBackend::new(godwit_cpu::CpuOptions::default()).map(shared)),
    ])
}

/// The families this build was made without, each by the name of its cargo feature.
const LEFT_OUT: &[&str] = &[
    #[cfg(not(feature = "cpu"))]
    "cpu",
];

#[cfg(feature = "cpu")]
fn shared(backend: impl Backend + 'static) -> Arc<dyn Backend> {
    Arc::new(backend)
}

/// A family without a usable device.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AbsentFamily {
    pub(crate) family: String,
    pub(crate) why: String,
}

/// What this machine offers.
#[derive(Debug)]
pub(crate) struct Machine {
    stack: Stack,
    absent: Vec<AbsentFamily>,
}

impl Machine {
    pub(crate) fn open() -> Self {
        let (mut backends, mut absent) = (Vec::new(), Vec::new());
        for (family, opened) in open() {
            match opened {
                Ok(backend) => backends.push(backend),
                Err(error) => {
                    absent.push(AbsentFamily { family: family.to_owned(), why: error.report() });
                }
            }
        }
        // Nothing is rationed: the app is the only one, and the machine is the operator's.
        let stack = Stack::new(backends, godwit_model::Limits::default(), u64::MAX);
        absent.extend(
            stack
                .router()
                .absent()
                .into_iter()
                .map(|absent| AbsentFamily { why: absent.error.report(), family: absent.family }),
        );
        absent.extend(LEFT_OUT.iter().map(|&family| AbsentFamily {
            family: family.to_owned(),
            why: format!("this build of godwit leaves it out (cargo feature '{family}')"),
        }));
        Self { stack, absent }
    }

    /// The one app's backend, booked on `ledger`.
    pub(crate) fn backend(&self, ledger: &Ledger) -> Arc<dyn Backend> {
        self.stack.tenant(AdmissionLimits::default(), ledger.clone())
    }

    pub(crate) fn devices(&self) -> Vec<Device> {
        self.stack.router().devices().unwrap_or_default()
    }

    pub(crate) fn absent(&self) -> &[AbsentFamily] {
        &self.absent
    }

    /// Fails when there is no device `id` here, saying why.
    pub(crate) fn check_device(&self, id: &DeviceId) -> Outcome<()> {
        let devices = self.devices();
        if devices.iter().any(|device| device.id == *id) {
            return Ok(());
        }
        Err(Failure::new(Code::Device, format!("there is no device '{id}' here"))
            .why(self.why_not(id, &devices))
            .help("see the devices here: godwit devices"))
    }

    fn why_not(&self, id: &DeviceId, devices: &[Device]) -> String {
        if let Some(absent) = self.absent.iter().find(|absent| absent.family == id.family()) {
            return absent.why.clone();
        }
        let ids = devices.iter().map(|device| device.id.as_str());
        if devices.iter().any(|device| device.id.family() == id.family()) {
            return known("devices", id.as_str(), ids);
        }
        let ids: Vec<&str> = ids.collect();
        let family = id.family();
        format!("this build knows no devices of a family '{family}'; there are: {}", ids.join(", "))
    }
}
