use std::collections::BTreeMap;
use std::path::Path;

use godwit_backend::{
    Cancellation, Capabilities, DType, Device, DeviceId, DeviceKind, Encoding, Result, host_memory,
    host_processor,
};

use crate::hip::Hip;
use crate::native::Library;
use crate::run_target::RunTarget;

/// A device that can be used, and where that is.
#[derive(Debug, Clone)]
pub(crate) struct DetectedDevice {
    pub(crate) device: Device,
    pub(crate) place: RunTarget,
}

/// The library's own implementation on the processor.
pub(crate) fn reference(library: &Library) -> DetectedDevice {
    let device = Device {
        id: DeviceId::new("rocm-ref:0"),
        kind: DeviceKind::Cpu,
        name: format!(
            "MIGraphX's reference on {}",
            host_processor().as_deref().unwrap_or("the processor")
        ),
        driver: driver(library),
        memory: host_memory(),
        capabilities: capabilities(),
        labels: BTreeMap::new(),
    };
    DetectedDevice { device, place: RunTarget::Reference }
}

/// Every GPU that HIP has.
pub(crate) fn gpus(library: &'static Library, path: &Path) -> Result<Vec<DetectedDevice>> {
    let hip = Hip::open(path)?;
    let count = hip.count()?;
    library.check_gpu()?;
    let (runtime, driver_version) = hip.versions();
    let gpu = |index| {
        let gpu = hip.gpu(index)?;
        let labels = [
            ("bus", gpu.bus),
            ("hip-runtime", runtime.to_string()),
            ("hip-driver", driver_version.to_string()),
        ];
        let device = Device {
            id: DeviceId::new(format!("rocm:{index}")),
            kind: DeviceKind::Gpu,
            name: gpu.name,
            driver: driver(library),
            memory: gpu.memory,
            capabilities: capabilities(),
            labels: labels.map(|(name, value)| (name.to_owned(), value)).into(),
        };
        Ok(DetectedDevice { device, place: RunTarget::Gpu(hip, index) })
    };
    (0..count).map(gpu).collect()
}

fn driver(library: &Library) -> String {
    format!("MIGraphX {}", library.version())
}

fn capabilities() -> Capabilities {
    Capabilities {
        encodings: vec![Encoding::Onnx],
        dtypes: DType::ALL.to_vec(),
        precision: DType::F32,
        cancellation: Cancellation::Never,
    }
}
