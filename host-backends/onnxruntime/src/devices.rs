use std::collections::BTreeMap;
use std::fs;

use godwit_backend::{
    Cancellation, Capabilities, DType, Device, DeviceId, DeviceKind, DeviceMemory, Encoding,
};

use crate::native::Library;
use crate::probe::probe;
use crate::providers::Provider;

/// What half of the memory is taken to be where that cannot be told: four gigabytes.
const HALF: usize = 4 << 30;

/// A device that can be used, and how.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) device: Device,
    pub(crate) provider: Provider,
}

/// The devices of the library's that work, each after a run that gave the right answer.
pub(crate) fn find(library: &Library) -> Vec<Found> {
    let mut found = Vec::new();
    for provider in Provider::among(library.providers()) {
        let mut next = Some(provider);
        while let Some(provider) = next {
            if let Err(error) = probe(library, &provider) {
                tracing::info!(device = provider.id(), "absent: {}", error.report());
                break;
            }
            next = provider.next();
            found.push(Found { device: describe(library, &provider), provider });
        }
    }
    found
}

fn describe(library: &Library, provider: &Provider) -> Device {
    let host = provider.kind == DeviceKind::Cpu;
    let name = if host { processor() } else { None };
    let threads = library.options().threads.to_string();
    let file = library.path().display().to_string();
    Device {
        id: DeviceId::new(provider.id()),
        kind: provider.kind,
        name: name.unwrap_or_else(|| provider.family.to_owned()),
        driver: format!("ONNX Runtime {}", library.version()),
        memory: if host { memory() } else { None },
        capabilities: Capabilities {
            encodings: vec![Encoding::Onnx],
            dtypes: DType::ALL.to_vec(),
            precision: DType::F32,
            cancellation: Cancellation::BetweenOperators,
        },
        labels: BTreeMap::from([("threads".to_owned(), threads), ("library".to_owned(), file)]),
    }
}

/// Half of the machine's memory, in bytes.
pub(crate) fn half_of_memory() -> usize {
    let half = memory().and_then(|memory| usize::try_from(memory.total / 2).ok());
    half.unwrap_or(HALF)
}

/// The value of the first line `key : value`.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    field(&text, "model name").filter(|name| !name.is_empty()).map(str::to_owned)
}

fn memory() -> Option<DeviceMemory> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let bytes = |key| {
        let kib: u64 = field(&text, key)?.strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1024)
    };
    Some(DeviceMemory { total: bytes("MemTotal")?, free: bytes("MemAvailable")? })
}
