use godwit_backend::{Device, DeviceKind, Encoding, Error, Result};

/// The first of `devices` that is of `kind` and reads `encoding`.
///
/// # Errors
///
/// `Unsupported`, saying which devices there are and what they read. No other kind stands in.
pub(crate) fn select(devices: &[Device], kind: DeviceKind, encoding: Encoding) -> Result<&Device> {
    let mut of_kind = devices.iter().filter(|device| device.kind == kind).peekable();
    if of_kind.peek().is_none() {
        let there_are = list(devices, |device| format!("{} ({})", device.id, device.kind));
        return Err(Error::unsupported(format!(
            "there is no {kind} on this host; it has {there_are}"
        )));
    }
    of_kind.clone().find(|device| reads(device, encoding)).ok_or_else(|| {
        let they_read =
            list(of_kind, |device| format!("{} reads {}", device.id, encodings(device)));
        Error::unsupported(format!("no {kind} on this host reads {encoding} models; {they_read}"))
    })
}

pub(crate) fn reads(device: &Device, encoding: Encoding) -> bool {
    device.capabilities.encodings.contains(&encoding)
}

/// What `device` reads, as a phrase for messages.
pub(crate) fn encodings(device: &Device) -> String {
    let list: Vec<&str> = device.capabilities.encodings.iter().map(|e| e.name()).collect();
    if list.is_empty() { "nothing".to_owned() } else { list.join(", ") }
}

fn list<'a>(
    devices: impl IntoIterator<Item = &'a Device>,
    phrase: impl Fn(&Device) -> String,
) -> String {
    let list: Vec<String> = devices.into_iter().map(phrase).collect();
    if list.is_empty() { "no devices at all".to_owned() } else { list.join(", ") }
}
