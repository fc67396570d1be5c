//! Devices that are here are tried, not judged.

use std::collections::BTreeMap;

use bytesize::ByteSize;
use godwit_audit::{Answer, Opinion};
use godwit_backend::{Backend, Device, Model, Target};
use godwit_platform::{AbsentFamily, Platform, PlatformOptions};
use godwit_policy::{AdmissionLimits, Ledger};

use super::facts::{DeviceFacts, Given, HERE, keep_the_best};
use crate::error::Result;
use crate::progress::Progress;
use crate::runtime;

/// Loads every model on every device.
pub(super) fn try_all(
    given: &[Given],
    options: &PlatformOptions,
) -> Result<(Vec<DeviceFacts>, Vec<AbsentFamily>)> {
    let platform = Progress::during("loading engines", || Platform::open(options));
    let backend = platform.tenant(AdmissionLimits::default(), &Ledger::new());
    let mut devices = Vec::new();
    // A service has models of its own: a file is not tried there.
    for device in platform.devices().iter().filter(|device| !platform.is_service(&device.id)) {
        let mut opinions = BTreeMap::new();
        for Given { model, .. } in given {
            let _shown = Progress::new(format!("loading {} on {}", model.name(), device.id));
            let opinion = runtime::block_on(async { Ok(try_one(&*backend, model, device).await) })?;
            keep_the_best(&mut opinions, model, opinion);
        }
        let (machine, device) = (HERE.to_owned(), device.id.to_string());
        devices.push(DeviceFacts { machine, device, assumed: None, opinions });
    }
    Ok((devices, platform.absent().to_vec()))
}

async fn try_one(backend: &dyn Backend, model: &Model, device: &Device) -> Opinion {
    match backend.load(model, &Target::new(device.id.as_str())).await {
        Ok(graph) => {
            let held = ByteSize(graph.info().footprint.total()).display().iec().to_string();
            Opinion { answer: Answer::Yes, why: vec![format!("loads; uses {held}")] }
        }
        Err(error) => Opinion { answer: Answer::No, why: vec![error.report()] },
    }
}
