//! What follows from the answers.

use godwit_backend::{DeviceId, DeviceMemory, Error, Result};

use super::{
    Answers, DRIVER_FILE, Driver, Installed, LEAST_CAPABILITY, Machine, NEEDED, NEEDED_DRIVER,
    Need, Visible,
};

/// The GPUs of a machine whose driver and libraries are all there: the driven one first.
#[derive(Debug, Clone)]
pub(crate) struct Inventory {
    pub(crate) gpus: Vec<Gpu>,
    /// The interface the driver knows, and its own version where NVML tells it.
    pub(crate) api: i32,
    pub(crate) driver: Option<String>,
}

/// One GPU of the machine.
#[derive(Debug, Clone)]
pub(crate) struct Gpu {
    pub(crate) id: DeviceId,
    pub(crate) standing: Standing,
    pub(crate) installed: Installed,
}

/// What this process can do with a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is the one this process drives.
    Driven,
    /// It is visible, but another one is driven.
    Beside,
    /// `CUDA_VISIBLE_DEVICES` hides it.
    Hidden,
}

/// The GPUs there are, or why none can be used.
pub(crate) fn judge(answers: &Answers) -> Result<Inventory> {
    let (api, visible) = match &answers.driver {
        Driver::Ready { api, visible } => (*api, visible),
        Driver::Absent(said) => return Err(no_driver(answers, said)),
        Driver::Broken(function) => {
            return Err(Error::unavailable("the NVIDIA driver's library is not usable")
                .with_source(format!("{DRIVER_FILE} lacks the function {function}")));
        }
        Driver::Refused { call, code } => return Err(refused(answers, call, *code)),
    };
    if api < NEEDED {
        let version = answers.machine.as_ref().ok().and_then(|machine| machine.driver.as_deref());
        return Err(Error::unavailable(format!(
            "the NVIDIA driver is too old: it knows CUDA {}, and CUDA {} is needed",
            version_of(api),
            version_of(NEEDED)
        ))
        .with_source(format!(
            "driver {} is installed, driver {NEEDED_DRIVER} or newer is needed",
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
    let missing: Vec<&Need> = answers.missing.iter().chain(&answers.headers).collect();
    if !missing.is_empty() {
        let files: Vec<String> = missing
            .iter()
            .map(|need| format!("{} (pip: {}, apt: {})", need.file, need.pip, need.apt))
            .collect();
        return Err(Error::unavailable(
            "there is a GPU and its driver, but libraries that it needs are missing",
        )
        .with_source(format!(
            "not found: {}; libraries are looked for by the system's loader (LD_LIBRARY_PATH), \
             headers in CUDA_HOME, CUDA_PATH and /usr/local/cuda",
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

/// The machine's GPUs, where NVML tells them; CUDA may number them otherwise, or hide some.
fn beside(machine: &Machine, visible: &[Visible]) -> Vec<Gpu> {
    let place = |gpu: &Installed| visible.iter().position(|it| is_same(gpu, it));
    let mut gpus: Vec<Gpu> = machine
        .gpus
        .iter()
        .map(|installed| {
            let standing = match place(installed) {
                Some(0) => Standing::Driven,
                Some(_) => Standing::Beside,
                None => Standing::Hidden,
            };
            let mut installed = installed.clone();
            // Of a GPU that is divided, the process has a part.
            let part = visible.first().filter(|_| standing == Standing::Driven);
            if let (Some(true), Some(part)) = (installed.mig, part) {
                installed.memory = Some(DeviceMemory { total: part.memory, free: part.memory });
            }
            let id = DeviceId::new(format!("cuda:{}", installed.index));
            Gpu { id, standing, installed }
        })
        .collect();
    gpus.sort_by_key(|gpu| gpu.standing != Standing::Driven);
    gpus
}

fn is_same(installed: &Installed, visible: &Visible) -> bool {
    let same = |a: &str, b: &str| !a.is_empty() && a.eq_ignore_ascii_case(b);
    // The parts of a divided GPU have UUIDs of their own.
    same(&installed.uuid, &visible.uuid) || same(bus(&installed.bus), bus(&visible.bus))
}

/// A bus id without the zeros that some libraries put in front.
fn bus(id: &str) -> &str {
    id.trim_start_matches('0')
}

fn alone((index, visible): (usize, &Visible)) -> Gpu {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    Gpu {
        id: DeviceId::new(format!("cuda:{index}")),
        standing: if index == 0 { Standing::Driven } else { Standing::Beside },
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
        "there is no NVIDIA driver here"
    };
    Error::unavailable(message).with_source(format!(
        "{DRIVER_FILE} was not found by the system's loader ({said}); the driver brings it (apt: \
         libcuda1 or libnvidia-compute-{NEEDED_DRIVER}; in a container, the runtime has to pass the \
         GPU through)"
    ))
}

fn refused(answers: &Answers, call: &str, code: u32) -> Error {
    match code {
        100 => none_visible(answers),
        803 => Error::unavailable("the NVIDIA driver and its library are of different versions")
            .with_source(format!("{call} gave {code}: restart the machine after the update")),
        _ => Error::unavailable("the NVIDIA driver could not be started")
            .with_source(format!("{call} gave {code}")),
    }
}

fn none_visible(answers: &Answers) -> Error {
    let installed = answers.machine.as_ref().map_or(0, |machine| machine.gpus.len());
    let message = match installed {
        0 => "there is an NVIDIA driver here, and no GPU",
        _ => "the machine's NVIDIA GPUs are hidden from this process",
    };
    let error = Error::unavailable(message);
    match &answers.visible_devices {
        Some(value) => error.with_source(format!(
            "CUDA_VISIBLE_DEVICES={value}, of {installed} GPUs that NVML tells of"
        )),
        None => error.with_source(format!("NVML tells of {installed} GPUs")),
    }
}

/// `13.0` of 13000.
pub(crate) fn version_of(api: i32) -> String {
    format!("{}.{}", api / 1000, api % 1000 / 10)
}

#[cfg(test)]
mod tests;
