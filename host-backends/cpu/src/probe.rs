use std::collections::BTreeMap;
use std::fs;

use godwit_backend::{
    Cancellation, Capabilities, DType, Device, DeviceId, DeviceKind, DeviceMemory, Encoding,
};

use crate::dtype;

pub(crate) const DRIVER: &str = "tract 0.23.9";

/// The host's processor, as it is now.
pub(crate) fn device(threads: usize) -> Device {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    Device {
        id: DeviceId::new("cpu:0"),
        kind: DeviceKind::Cpu,
        name: name(&cpu).unwrap_or("CPU").to_owned(),
        driver: DRIVER.to_owned(),
        memory: self::memory(&memory),
        capabilities: Capabilities {
            encodings: vec![Encoding::Onnx],
            dtypes: dtype::CARRIED.to_vec(),
            precision: DType::F32,
            cancellation: Cancellation::BetweenOperators,
        },
        labels: BTreeMap::from([("threads".to_owned(), threads.to_string())]),
    }
}

/// The value of the first line `key : value`.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
}

fn name(cpuinfo: &str) -> Option<&str> {
    field(cpuinfo, "model name").filter(|name| !name.is_empty())
}

fn memory(meminfo: &str) -> Option<DeviceMemory> {
    let bytes = |key| {
        let kib: u64 = field(meminfo, key)?.strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1024)
    };
    Some(DeviceMemory { total: bytes("MemTotal")?, free: bytes("MemAvailable")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_read() {
        let cpu = "processor\t: 0\nmodel name\t: A Fine Chip: v2\n\nprocessor\t: 1\n";
        assert_eq!(name(cpu), Some("A Fine Chip: v2"));
        assert_eq!(name("processor : 0\n"), None);
        let text = "MemTotal:       2 kB\nMemFree:  1 kB\nMemAvailable:   1 kB\n";
        assert_eq!(memory(text), Some(DeviceMemory { total: 2048, free: 1024 }));
        assert_eq!(memory("MemTotal: lots\n"), None);
    }

    #[test]
    fn the_driver_is_the_version_that_is_built_in() {
        let version = DRIVER.strip_prefix("tract ").unwrap();
        let pins = include_str!("../../../Cargo.toml");
        assert!(pins.contains(&format!("tract-onnx = \"={version}\"")));
    }
}
