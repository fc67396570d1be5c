use std::fs;

use crate::DeviceMemory;

/// The product name of the host's processor, where the system tells it.
pub fn host_processor() -> Option<String> {
    name(&fs::read_to_string("/proc/cpuinfo").ok()?).map(str::to_owned)
}

/// The host's memory as it is now, where the system tells it.
pub fn host_memory() -> Option<DeviceMemory> {
    memory(&fs::read_to_string("/proc/meminfo").ok()?)
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
}
