use std::collections::BTreeMap;

use godwit_backend::{
    Cancellation, Capabilities, DType, Device, DeviceId, DeviceKind, DeviceMemory, Encoding,
    host_memory,
};

use crate::ov::{Core, OpenVinoError, Version};

/// A device of the contract and the library's name for it.
#[derive(Debug, Clone)]
pub(crate) struct DetectedDevice {
    pub(crate) device: Device,
    pub(crate) name: String,
}

/// The devices the library has now, and the one that chooses among them.
pub(crate) fn devices(
    core: &Core,
    version: &Version,
) -> Result<Vec<DetectedDevice>, OpenVinoError> {
    let mut found = Vec::new();
    let mut names = core.devices()?;
    if core.property("AUTO", "SUPPORTED_PROPERTIES").is_ok() {
        names.push("AUTO".into());
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        let family = name.split('.').next().unwrap_or(&name).to_lowercase();
        let index = counts.entry(family.clone()).or_default();
        let id = DeviceId::new(format!("openvino-{family}:{index}"));
        *index += 1;
        found.push(DetectedDevice { device: device(core, version, id, &name, &family), name });
    }
    Ok(found)
}

fn device(core: &Core, version: &Version, id: DeviceId, name: &str, family: &str) -> Device {
    let (kind, precision) = match family {
        "gpu" => (DeviceKind::Gpu, DType::F32),
        "npu" => (DeviceKind::Tpu, DType::F16),
        _ => (DeviceKind::Cpu, DType::F32),
    };
    let full_name = core.property(name, "FULL_DEVICE_NAME").unwrap_or_default();
    let full_name = match full_name.trim() {
        "" if family == "auto" => "the device that OpenVINO chooses",
        "" => name,
        full_name => full_name,
    };
    Device {
        id,
        kind,
        name: full_name.to_owned(),
        driver: version.driver(),
        memory: memory(core, name, family),
        capabilities: Capabilities {
            encodings: vec![Encoding::Openvino, Encoding::Onnx],
            dtypes: DType::ALL.to_vec(),
            precision,
            cancellation: Cancellation::AnyTime,
        },
        labels: BTreeMap::from([("openvino".to_owned(), name.to_owned())]),
    }
}

fn memory(core: &Core, name: &str, family: &str) -> Option<DeviceMemory> {
    if family != "cpu" {
        let total = core.property(name, "GPU_DEVICE_TOTAL_MEM_SIZE").ok()?.trim().parse().ok()?;
        return Some(DeviceMemory { total, free: total });
    }
    host_memory()
}
