use std::time::Duration;

/// What a worker process may take, before it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To start and to open its backend.
    pub start: Duration,
    /// To say which devices there are.
    pub devices: Duration,
    /// To load a model.
    pub load: Duration,
    /// To make a context, and to give more memory to one.
    pub open: Duration,
    /// To bring a tensor from the device.
    pub read: Duration,
    /// To end what nobody waits for any more.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(60),
            devices: Duration::from_secs(10),
            load: Duration::from_secs(120),
            open: Duration::from_secs(60),
            read: Duration::from_secs(30),
            grace: Duration::from_millis(50),
        }
    }
}
