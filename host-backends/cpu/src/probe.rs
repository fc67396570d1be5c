use std::collections::BTreeMap;

use godwit_backend::{
    Cancellation, Capabilities, DType, Device, DeviceId, DeviceKind, Encoding, host_memory,
    host_processor,
};

/// The host's processor, as it is now.
pub(crate) fn device(threads: usize) -> Device {
    Device {
        id: DeviceId::new("cpu:0"),
        kind: DeviceKind::Cpu,
        name: host_processor().unwrap_or_else(|| "CPU".to_owned()),
        driver: format!("tract {}", godwit_tract::VERSION),
        memory: host_memory(),
        capabilities: Capabilities {
            encodings: vec![Encoding::Onnx],
            dtypes: godwit_tract::CARRIED.to_vec(),
            precision: DType::F32,
            cancellation: Cancellation::BetweenOperators,
        },
        labels: BTreeMap::from([("threads".to_owned(), threads.to_string())]),
    }
}
