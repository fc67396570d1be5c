use super::{Budget, Memory};

/// What one caller may hold: memory of the host, and memory of the device.
///
/// The two are different accounts because they run out separately: the host's is charged with tensors that
/// anyone can read, the device's with everything that stays there for the caller, which is resident outputs
/// and whatever state a context keeps or grows.
#[derive(Debug, Clone)]
pub struct Quota {
    /// Where outputs on the host are allocated, and the budget they are charged to.
    pub host: Memory,
    /// What is held on the device. The bytes of graphs are charged to the same account by
    /// whoever admits them, so one limit covers a tenant's graphs and its contexts.
    pub device: Budget,
}

impl Quota {
    /// `host` for tensors on the host, and no limit on the device.
    pub fn of_host(host: Memory) -> Self {
        Self { host, device: Budget::unlimited() }
    }

    /// No limit on either: for tests and tools.
    pub fn unlimited() -> Self {
        Self::of_host(Memory::unlimited())
    }
}
