use std::collections::BTreeMap;

use godwit_backend::{Cancellation, Capabilities, DType, Device, DeviceKind, Encoding};
use godwit_tract::CARRIED;

use super::judge::version_of;
use super::{DetectedGpu, Inventory, NEEDED, Usage};
use crate::Environment;

/// A GPU as a device of the contract.
pub(crate) fn device(
    gpu: &DetectedGpu,
    inventory: &Inventory,
    environment: &Environment,
) -> Device {
    let DetectedGpu { id, usage, installed } = gpu;
    let mut labels = BTreeMap::new();
    let mut label = |name: &str, value: Option<String>| {
        labels.extend(value.map(|value| (name.to_owned(), value)));
    };
    let state = |on: bool| if on { "on" } else { "off" }.to_owned();
    label(Device::UUID, Some(installed.uuid.clone()).filter(|uuid| !uuid.is_empty()));
    label("bus", Some(installed.bus.clone()).filter(|bus| !bus.is_empty()));
    label("compute-capability", installed.capability.map(|(a, b)| format!("{a}.{b}")));
    label("mig", installed.mig.map(state));
    label("ecc", installed.ecc.map(state));
    label("power-milliwatts", installed.power.map(|power| power.to_string()));
    label("energy-millijoules", installed.energy.map(|energy| energy.to_string()));
    label("cuda", Some(version_of(inventory.api)));
    label("cuda-needed", Some(version_of(NEEDED)));
    label("tf32", Some(tf32(environment).to_owned()));
    label("usable", Some(usable(*usage, inventory)));
    let apart = *usage == Usage::NotDriven && !installed.uuid.is_empty();
    label(
        Device::SEPARATE_PROCESS,
        apart.then(|| format!("CUDA_VISIBLE_DEVICES={}", installed.uuid)),
    );
    let driver = inventory.driver.as_ref().map(|version| format!("NVIDIA {version}, "));
    Device {
        id: id.clone(),
        kind: DeviceKind::Gpu,
        name: installed.name.clone(),
        driver: format!("{}tract-cuda {}", driver.unwrap_or_default(), godwit_tract::VERSION),
        memory: installed.memory,
        capabilities: Capabilities {
            encodings: vec![Encoding::Onnx],
            // tract has no f64 on the GPU.
            dtypes: CARRIED.into_iter().filter(|dtype| *dtype != DType::F64).collect(),
            precision: DType::F32,
            cancellation: Cancellation::BetweenOperators,
        },
        labels,
    }
}

fn tf32(environment: &Environment) -> &'static str {
    if environment.refuses_tf32() { "off" } else { "if a target asks for it" }
}

fn usable(usage: Usage, inventory: &Inventory) -> String {
    let driven = inventory.gpus.iter().find(|gpu| gpu.usage == Usage::Driven);
    let driven = driven.map_or("no other", |gpu| gpu.id.as_str());
    match usage {
        Usage::Driven => "yes".to_owned(),
        Usage::NotDriven => format!("in a separate process: this one uses {driven}"),
        Usage::Hidden => "no: CUDA_VISIBLE_DEVICES hides it from this process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Installed;
    use godwit_backend::DeviceId;

    #[test]
    fn a_device_tells_all_that_is_known_and_nothing_that_is_not() {
        let gpu = |index: u32, usage| DetectedGpu {
            id: DeviceId::new(format!("cuda:{index}")),
            usage,
            installed: Installed {
                index,
                uuid: "GPU-1".to_owned(),
                capability: Some((9, 0)),
                ecc: Some(true),
                energy: Some(12),
                ..Installed::default()
            },
        };
        let gpus = vec![gpu(1, Usage::Driven), gpu(0, Usage::NotDriven)];
        let driver = Some("580.95.05".to_owned());
        let inventory = Inventory { gpus, api: 13_010, driver };
        let environment = Environment::default();
        let driven = device(&inventory.gpus[0], &inventory, &environment);
        assert_eq!(
            driven.driver,
            format!("NVIDIA 580.95.05, tract-cuda {}", godwit_tract::VERSION)
        );
        let label = |name| driven.labels.get(name).map(String::as_str);
        assert_eq!(label("compute-capability"), Some("9.0"));
        assert_eq!((label("ecc"), label("mig")), (Some("on"), None));
        assert_eq!((label("cuda"), label("usable")), (Some("13.1"), Some("yes")));
        let beside = device(&inventory.gpus[1], &inventory, &environment);
        assert!(beside.labels["usable"].contains("this one uses cuda:1"));
        assert_eq!(beside.labels[Device::SEPARATE_PROCESS], "CUDA_VISIBLE_DEVICES=GPU-1");
        assert_eq!(label(Device::SEPARATE_PROCESS), None, "this process uses it");
    }
}
