//! Decides which GPUs can be used, from the answers to all queries.

use godwit_backend::{DeviceId, DeviceMemory, Error, Result};

use super::{
    Answers, DRIVER_FILE, Driver, Installed, LEAST_CAPABILITY, Machine, NEEDED, NEEDED_DRIVER,
    Requirement, Visible,
};

/// The GPUs of a machine with all libraries: the one in use first.
#[derive(Debug, Clone)]
pub(crate) struct Inventory {
    pub(crate) gpus: Vec<DetectedGpu>,
    /// The version of the driver's interface, and its own version if NVML knows it.
    pub(crate) api: i32,
    pub(crate) driver: Option<String>,
}

/// One GPU of the machine.
#[derive(Debug, Clone)]
pub(crate) struct DetectedGpu {
    pub(crate) id: DeviceId,
    pub(crate) usage: Usage,
    pub(crate) installed: Installed,
}

/// How this process uses a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    /// It is in use.
    Driven,
    /// It is visible, but another one is in use.
    NotDriven,
    /// `CUDA_VISIBLE_DEVICES` hides it.
    Hidden,
}

/// The GPUs, or why none can be used.
pub(crate) fn judge(answers: &Answers) -> Result<Inventory> {
    let (api, visible) = match &answers.driver {
        Driver::Ready { api, visible } => (*api, visible),
        Driver::Absent(said) => return Err(no_driver(answers, said)),
        Driver::Broken(function) => {
            return Err(Error::unavailable("the library of the NVIDIA driver is invalid")
                .with_source(format!("{DRIVER_FILE} lacks the function {function}")));
        }
        Driver::Refused { call, code } => return Err(refused(answers, call, *code)),
    };
    if api < NEEDED {
        let version = answers.machine.as_ref().ok().and_then(|machine| machine.driver.as_deref());
        return Err(Error::unavailable(format!(
            "the NVIDIA driver is too old: it supports CUDA {}, CUDA {} is required",
            version_of(api),
            version_of(NEEDED)
        ))
        .with_source(format!(
            "driver {} is installed, driver {NEEDED_DRIVER} or newer is required",
            version.unwrap_or("of an unknown version")
        )));
    }
    let Some(driven) = visible.first() else { return Err(none_visible(answers)) };
    if driven.capability < LEAST_CAPABILITY {
        let text = |(major, minor): (i32, i32)| format!("{major}.{minor}");
        return Err(Error::unavailable(format!(
            "the GPU '{}' is too old: its compute capability is {}, and {} is needed",
            driven.name,
            text(driven.capability),
            text(LEAST_CAPABILITY)
        )));
    }
    let missing: Vec<&Requirement> = answers.missing.iter().chain(&answers.headers).collect();
    if !missing.is_empty() {
        let files: Vec<String> = missing
            .iter()
            .map(|need| format!("{} (pip: {}, apt: {})", need.file, need.pip, need.apt))
            .collect();
        return Err(Error::unavailable(
            "libraries for the NVIDIA GPU are missing",
        )
        .with_source(format!(
            "not found: {}; libraries are searched by the system's loader (LD_LIBRARY_PATH), headers \
             in CUDA_HOME, CUDA_PATH and /usr/local/cuda",
            files.join(", ")
        )));
    }
    let driver = answers.machine.as_ref().ok().and_then(|machine| machine.driver.clone());
    let gpus = match &answers.machine {
        Ok(machine) if !machine.gpus.is_empty() => beside(machine, visible),
        _ => visible.iter().enumerate().map(alone).collect(),
    };
    Ok(Inventory { gpus, api, driver })
}

/// The machine's GPUs by NVML. CUDA may number them differently, or hide some.
fn beside(machine: &Machine, visible: &[Visible]) -> Vec<DetectedGpu> {
    let place = |gpu: &Installed| visible.iter().position(|it| is_same(gpu, it));
    let mut gpus: Vec<DetectedGpu> = machine
        .gpus
        .iter()
        .map(|installed| {
            let usage = match place(installed) {
                Some(0) => Usage::Driven,
                Some(_) => Usage::NotDriven,
                None => Usage::Hidden,
            };
            let mut installed = installed.clone();
            // With MIG, the process uses a part of the GPU.
            let part = visible.first().filter(|_| usage == Usage::Driven);
            if let (Some(true), Some(part)) = (installed.mig, part) {
                installed.memory = Some(DeviceMemory { total: part.memory, free: part.memory });
            }
            let id = DeviceId::new(format!("cuda:{}", installed.index));
            DetectedGpu { id, usage, installed }
        })
        .collect();
    gpus.sort_by_key(|gpu| gpu.usage != Usage::Driven);
    gpus
}

fn is_same(installed: &Installed, visible: &Visible) -> bool {
    let same = |a: &str, b: &str| !a.is_empty() && a.eq_ignore_ascii_case(b);
    // MIG devices have their own UUIDs.
    same(&installed.uuid, &visible.uuid) || same(bus(&installed.bus), bus(&visible.bus))
}

/// A bus id without leading zeros, whose number depends on the library.
fn bus(id: &str) -> &str {
    id.trim_start_matches('0')
}

fn alone((index, visible): (usize, &Visible)) -> DetectedGpu {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    DetectedGpu {
        id: DeviceId::new(format!("cuda:{index}")),
        usage: if index == 0 { Usage::Driven } else { Usage::NotDriven },
        installed: Installed {
            index,
            uuid: visible.uuid.clone(),
            bus: visible.bus.clone(),
            name: visible.name.clone(),
            capability: Some(visible.capability),
            memory: Some(DeviceMemory { total: visible.memory, free: visible.memory }),
            ..Installed::default()
        },
    }
}

fn no_driver(answers: &Answers, said: &str) -> Error {
    let there = answers.machine.as_ref().is_ok_and(|machine| !machine.gpus.is_empty());
    let message = if there {
        "the machine has an NVIDIA GPU, but the library of its driver is missing"
    } else {
        "no NVIDIA driver is installed"
    };
    Error::unavailable(message).with_source(format!(
        "{DRIVER_FILE} was not found by the system's loader ({said}); it is part of the driver (apt: \
         libcuda1 or libnvidia-compute-{NEEDED_DRIVER}; in a container, the runtime has to pass the \
         GPU through)"
    ))
}

fn refused(answers: &Answers, call: &str, code: u32) -> Error {
    match code {
        100 => none_visible(answers),
        803 => Error::unavailable("the NVIDIA driver and its library have different versions")
            .with_source(format!(
                "{call} returned {code}: restart the machine after an update of the driver"
            )),
        _ => Error::unavailable("cannot initialize the NVIDIA driver")
            .with_source(format!("{call} returned {code}")),
    }
}

fn none_visible(answers: &Answers) -> Error {
    let installed = answers.machine.as_ref().map_or(0, |machine| machine.gpus.len());
    let message = match installed {
        0 => "there is an NVIDIA driver, but no GPU",
        _ => "the machine's NVIDIA GPUs are hidden from this process",
    };
    let error = Error::unavailable(message);
    match &answers.visible_devices {
        Some(value) => {
            error.with_source(format!("CUDA_VISIBLE_DEVICES={value}, NVML lists {installed} GPUs"))
        }
        None => error.with_source(format!("NVML lists {installed} GPUs")),
    }
}

/// `13.0` of 13000.
pub(crate) fn version_of(api: i32) -> String {
    format!("{}.{}", api / 1000, api % 1000 / 10)
}

#[cfg(test)]
mod tests;
