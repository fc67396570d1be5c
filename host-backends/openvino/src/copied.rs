use godwit_backend::DeviceId;
use metrics::Counter;

/// Counts the bytes that did not go by pointer.
#[derive(Debug, Clone)]
pub(crate) struct Copied {
    pub(crate) inputs: Counter,
    pub(crate) outputs: Counter,
}

impl Copied {
    pub(crate) fn on(device: &DeviceId) -> Self {
        let bytes = |side| {
            metrics::counter!(
                "godwit_openvino_copied_bytes_total",
                "side" => side,
                "device" => device.to_string(),
            )
        };
        Self { inputs: bytes("input"), outputs: bytes("output") }
    }
}
