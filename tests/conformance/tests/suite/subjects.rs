use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{DType, DeviceKind, Encoding, Target, Wall};
use godwit_conformance::models::{OnnxModels, ScriptModels};
use godwit_conformance::{Held, Subject};
use godwit_cpu::CpuBackend;
use godwit_fake::{FakeBackend, FakeDevice};
use godwit_onnxruntime::{OnnxRuntime, OrtOptions};
use godwit_openvino::{OpenVino, OpenVinoOptions};

/// The host's processor.
pub(crate) fn cpu() -> Subject {
    Subject {
        backend: Arc::new(CpuBackend::new(Default::default()).unwrap()),
        target: Target::new("cpu:0"),
        models: Arc::new(OnnxModels),
        lacks: &["expand", "spin"],
        checked: false,
        held: Held::Resident,
    }
}

/// The host's processor, by ONNX Runtime.
pub(crate) fn onnxruntime() -> Subject {
    let found = godwit_engines::find(&godwit_engines::ONNXRUNTIME, None);
    let library = found.expect("ONNX Runtime is not installed: run `cargo xtask setup`").path;
    Subject {
        backend: Arc::new(OnnxRuntime::open(&library, OrtOptions::default()).unwrap()),
        target: Target::new("ort-cpu:0"),
        models: Arc::new(OnnxModels),
        lacks: &[],
        checked: false,
        held: Held::Pooled,
    }
}

/// The host's processor, by OpenVINO.
pub(crate) fn openvino() -> Subject {
    let found = godwit_engines::find(&godwit_engines::OPENVINO, None);
    let library = found.expect("OpenVINO is not installed: run `cargo xtask setup`").path;
    Subject {
        backend: Arc::new(
            OpenVino::open(&library, OpenVinoOptions { wall: Wall::Own, ..Default::default() })
                .unwrap(),
        ),
        target: Target::new("openvino-cpu:0"),
        models: Arc::new(OnnxModels),
        lacks: &[],
        checked: false,
        held: Held::Pooled,
    }
}

/// A device with every dtype whose tensors lie on the host.
pub(crate) fn fake() -> Subject {
    scripted(FakeDevice::new(DeviceKind::Gpu))
}

/// A device without some dtypes, that keeps its outputs and runs one at a time.
pub(crate) fn resident() -> Subject {
    let dtypes = [DType::F32, DType::I64, DType::Bf16, DType::Bool];
    scripted(FakeDevice::new(DeviceKind::Tpu).resident().slots(1).dtypes(dtypes))
}

/// `device` with a memory, with what it reads, and slow enough at loading for a load to be dropped.
pub(crate) fn scripted(device: FakeDevice) -> Subject {
    let device = device.memory(1 << 30).encodings([Encoding::Ggml]);
    let device = device.load_latency(Duration::from_millis(1));
    let fake = FakeBackend::builder().device(device).build();
    let control = fake.device("fake:0").unwrap();
    Subject {
        backend: Arc::new(fake),
        target: Target::new("fake:0"),
        models: Arc::new(ScriptModels),
        lacks: &[],
        // Every broken script is refused by the fake itself.
        checked: true,
        held: Held::Exactly(Arc::new(move || control.used())),
    }
}
