use godwit_backend::DeviceKind;

/// The library's own name for the processor's execution provider.
const HOST: &str = "CPUExecutionProvider";

/// One execution provider of the library's, on one of the machine's devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Provider {
    /// The library's name for it.
    pub(crate) name: &'static str,
    /// The part of the device's id before the colon.
    pub(crate) family: &'static str,
    pub(crate) kind: DeviceKind,
    /// The device's number, for providers that can be told one.
    pub(crate) index: usize,
    numbered: bool,
}

/// Providers that compute on a device of their own. Those of the library's that are not here are
/// services, experiments, or need more than a name to be opened.
const KNOWN: [(&str, &str, DeviceKind, bool); 10] = [
    (HOST, "ort-cpu", DeviceKind::Cpu, false),
    ("CUDAExecutionProvider", "ort-cuda", DeviceKind::Gpu, true),
    ("TensorrtExecutionProvider", "ort-tensorrt", DeviceKind::Gpu, true),
    ("ROCMExecutionProvider", "ort-rocm", DeviceKind::Gpu, true),
    ("MIGraphXExecutionProvider", "ort-migraphx", DeviceKind::Gpu, true),
    ("OpenVINOExecutionProvider", "ort-openvino", DeviceKind::Cpu, false),
    ("QNNExecutionProvider", "ort-qnn", DeviceKind::Tpu, false),
    ("CoreMLExecutionProvider", "ort-coreml", DeviceKind::Tpu, false),
    ("WebGpuExecutionProvider", "ort-webgpu", DeviceKind::Gpu, false),
    ("XnnpackExecutionProvider", "ort-xnnpack", DeviceKind::Cpu, false),
];

impl Provider {
    /// Those of `names`, as the library lists them, that may be devices: the processor first.
    pub(crate) fn among(names: &[String]) -> Vec<Self> {
        let listed = KNOWN.into_iter().filter(|(name, ..)| names.iter().any(|it| it == name));
        let first =
            |(name, family, kind, numbered)| Self { name, family, kind, index: 0, numbered };
        listed.map(first).collect()
    }

    /// The same on the machine's next device, where there may be several.
    pub(crate) fn next(&self) -> Option<Self> {
        self.numbered.then(|| Self { index: self.index + 1, ..self.clone() })
    }

    /// Whether it is the processor's, which is always there.
    pub(crate) fn is_host(&self) -> bool {
        self.name == HOST
    }

    /// The id of its device.
    pub(crate) fn id(&self) -> String {
        format!("{}:{}", self.family, self.index)
    }

    /// What it has to be told when it is opened.
    pub(crate) fn options(&self) -> Vec<(&'static str, String)> {
        let mut options = Vec::new();
        if self.numbered {
            options.push(("device_id", self.index.to_string()));
        }
        if self.name == "CUDAExecutionProvider" {
            // Left alone, it multiplies `f32` in TF32.
            options.push(("use_tf32", "0".to_owned()));
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_comes_first_and_services_are_no_devices() {
        let names = ["AzureExecutionProvider", "CUDAExecutionProvider", HOST].map(String::from);
        let ids: Vec<String> = Provider::among(&names).iter().map(Provider::id).collect();
        assert_eq!(ids, ["ort-cpu:0", "ort-cuda:0"]);
    }

    #[test]
    fn only_numbered_devices_have_a_next_one() {
        let names = [HOST, "CUDAExecutionProvider"].map(String::from);
        let [host, cuda] = Provider::among(&names).try_into().unwrap();
        assert_eq!(host.next(), None);
        assert_eq!(cuda.next().unwrap().id(), "ort-cuda:1");
    }

    #[test]
    fn f32_stays_f32_on_nvidias_gpus() {
        let [cuda] = Provider::among(&["CUDAExecutionProvider".to_owned()]).try_into().unwrap();
        let options = cuda.next().unwrap().options();
        assert_eq!(options, [("device_id", "1".to_owned()), ("use_tf32", "0".to_owned())]);
    }
}
