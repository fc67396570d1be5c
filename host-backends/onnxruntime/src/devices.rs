use std::collections::BTreeMap;

use godwit_backend::{
    Cancellation, Capabilities, DType, Device, DeviceId, DeviceKind, Encoding, host_memory,
    host_processor,
};

use crate::native::Library;
use crate::probe::probe;
use crate::providers::Provider;

/// What half of the memory is taken to be where that cannot be told: four gigabytes.
const HALF: usize = 4 << 30;

/// A device that can be used, and how.
#[derive(Debug)]
pub(crate) struct DetectedDevice {
    pub(crate) device: Device,
    pub(crate) provider: Provider,
}

/// The devices of the library's that work, each after a run that gave the right answer.
pub(crate) fn find(library: &Library) -> Vec<DetectedDevice> {
    let mut found = Vec::new();
    for provider in Provider::among(library.providers()) {
        let mut next = Some(provider);
        while let Some(provider) = next {
            if let Err(error) = probe(library, &provider) {
                tracing::info!(device = provider.id(), "absent: {}", error.report());
                break;
            }
            next = provider.next();
            found.push(DetectedDevice { device: describe(library, &provider), provider });
        }
    }
    found
}

fn describe(library: &Library, provider: &Provider) -> Device {
    let host = provider.kind == DeviceKind::Cpu;
    let name = if host { host_processor() } else { None };
    let threads = library.options().threads.to_string();
    let file = library.path().display().to_string();
    Device {
        id: DeviceId::new(provider.id()),
        kind: provider.kind,
        name: name.unwrap_or_else(|| provider.family.to_owned()),
        driver: format!("ONNX Runtime {}", library.version()),
        memory: if host { host_memory() } else { None },
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
    let half = host_memory().and_then(|memory| usize::try_from(memory.total / 2).ok());
    half.unwrap_or(HALF)
}
