//! The backends that are covered, each behind the check that a host puts before it.

use std::sync::Arc;

use anyhow::{Context, Result};
use godwit_backend::{Backend, Device, DeviceId, Wall};
use godwit_fixtures::migraphx;
use godwit_model::Limits;
use godwit_platform::{Family, FamilyOptions, Libraries};
use godwit_policy::Checked;

/// Names of backends, in the order of reports.
pub const NAMES: [&str; 4] = ["cpu", "ort", "openvino", ROCM];

/// AMD's library, by its own implementation on the processor.
pub const ROCM: &str = "rocm";

/// The backend called `name` and its device that computes on the processor.
///
/// # Errors
///
/// When there is none of that name, or its library is missing.
pub fn open(name: &str) -> Result<(Arc<dyn Backend>, Device)> {
    let id = DeviceId::new(match name {
        "cpu" => "cpu:0".to_owned(),
        ROCM => "rocm-ref:0".to_owned(),
        _ => format!("{name}-cpu:0"),
    });
    let family = Family::of(&id);
    let family = family.with_context(|| format!("no backend is called '{name}'"))?;
    let libraries: Libraries = match family.engine {
        Some(engine) if name == ROCM => [(engine, migraphx::library()?)].into_iter().collect(),
        _ => Libraries::default(),
    };
    // This process is a worker: what an engine does to it is an outcome.
    let options = FamilyOptions { wall: Wall::Own, ..FamilyOptions::default() };
    let backend = family.open(&libraries, &options);
    let backend = backend.context("run `cargo xtask setup`")?;
    let device = backend.devices()?.into_iter().find(|device| device.id == id);
    let device = device.with_context(|| format!("{name} has no device {id}"))?;
    Ok((Arc::new(Checked::new(backend, Limits::default())), device))
}
