//! Devices that are here are tried, not judged.

use std::collections::BTreeMap;

use bytesize::ByteSize;
use godwit_audit::{Answer, Opinion};
use godwit_backend::{Backend, Device, Model, Target};
use godwit_policy::Ledger;
use tokio::runtime::Builder;

use super::facts::{DeviceFacts, Given, HERE, keep_the_best};
use crate::failure::{Code, Failure, Outcome};
use crate::files;
use crate::progress::Progress;
use crate::sources::Sources;
use crate::stack::{AbsentFamily, Machine};

/// Loads every model on every device.
pub(super) fn try_all(
    given: &[Given],
    sources: &Sources,
) -> Outcome<(Vec<DeviceFacts>, Vec<AbsentFamily>)> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(Code::Internal, "the system refused an event loop").why(files::reason(&error))
    })?;
    let progress = Progress::new("loading engines");
    let machine = Machine::open(sources);
    drop(progress);
    let backend = machine.backend(&Ledger::new());
    let mut devices = Vec::new();
    for device in machine.devices() {
        // A service has models of its own: a file is not tried there.
        if machine.is_service(&device.id) {
            continue;
        }
        let mut opinions = BTreeMap::new();
        for Given { model, .. } in given {
            let progress = Progress::new(format!("loading {} on {}", model.name(), device.id));
            let opinion = runtime.block_on(try_one(&*backend, model, &device));
            drop(progress);
            keep_the_best(&mut opinions, model, opinion);
        }
        let (machine, device) = (HERE.to_owned(), device.id.to_string());
        devices.push(DeviceFacts { machine, device, assumed: None, opinions });
    }
    Ok((devices, machine.absent().to_vec()))
}

async fn try_one(backend: &dyn Backend, model: &Model, device: &Device) -> Opinion {
    match backend.load(model, &Target::new(device.id.as_str())).await {
        Ok(graph) => {
            let held = ByteSize(graph.info().footprint.total()).display().iec().to_string();
            Opinion { answer: Answer::Yes, why: vec![format!("loads it, in {held}")] }
        }
        Err(error) => Opinion { answer: Answer::No, why: vec![error.report()] },
    }
}
