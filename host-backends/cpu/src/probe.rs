use std::collections::BTreeMap;

use godwit_backend::{
    Cancellation, Capabilities, DType, Device, DeviceId, DeviceKind, Encoding, host_memory,
    host_processor,
};

use crate::dtype;

pub(crate) const DRIVER: &str = "tract 0.23.9";

/// The host's processor, as it is now.
pub(crate) fn device(threads: usize) -> Device {
    Device {
        id: DeviceId::new("cpu:0"),
        kind: DeviceKind::Cpu,
        name: host_processor().unwrap_or_else(|| "CPU".to_owned()),
        driver: DRIVER.to_owned(),
        memory: host_memory(),
        capabilities: Capabilities {
            encodings: vec![Encoding::Onnx],
            dtypes: dtype::CARRIED.to_vec(),
            precision: DType::F32,
            cancellation: Cancellation::BetweenOperators,
        },
        labels: BTreeMap::from([("threads".to_owned(), threads.to_string())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_is_the_version_that_is_built_in() {
        let version = DRIVER.strip_prefix("tract ").unwrap();
        let pins = include_str!("../../../Cargo.toml");
        assert!(pins.contains(&format!("tract-onnx = \"={version}\"")));
    }
}
