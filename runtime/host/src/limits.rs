use std::time::Duration;

use wasmtime::ResourceLimiter;

/// What one invocation may use. Every bound that wasmtime and Godwit keep on a guest is set from here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Limits {
    /// Bytes of linear memory, over all memories of the guest. At most 4 GiB.
    pub memory: u64,
    /// Bytes of tensors and guest-supplied models held on the host at one time.
    pub tensor_bytes: u64,
    /// Handles held at one time: tensors, graphs, contexts, errors, files, streams.
    pub handles: usize,
    /// Files, folders and streams open at one time. Each may hold a descriptor of the process.
    pub files: usize,
    /// Bytes written in all: to standard output and error, and to files. Names and folders are not counted, nor is
    /// what a file system adds.
    pub output_bytes: u64,
    /// Bytes one call may pass from the guest to the host.
    pub hostcall_bytes: usize,
    /// Core instances in one component.
    pub instances: usize,
    /// Linear memories, and also tables, in one component.
    pub memories: usize,
    /// Elements of one table.
    pub table_elements: usize,
    /// Bytes of WebAssembly stack.
    pub stack: usize,
    /// Wall-clock time from the first instruction to the last; `None` is for ever.
    pub timeout: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 1 << 30,
            tensor_bytes: 1 << 30,
            handles: 10_000,
            files: 512,
            output_bytes: 10 << 30,
            hostcall_bytes: 1 << 30,
            instances: 64,
            memories: 16,
            table_elements: 100_000,
            stack: 512 << 10,
            timeout: None,
        }
    }
}

/// Keeps a store within [`Limits`]. Unlike `StoreLimits` it bounds all memories together: a component may
/// have several.
#[derive(Debug)]
pub(crate) struct StoreLimiter {
    memory_left: u64,
    table_elements: usize,
    instances: usize,
    memories: usize,
}

impl StoreLimiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_left: limits.memory,
            table_elements: limits.table_elements,
            instances: limits.instances,
            memories: limits.memories,
        }
    }
}

impl ResourceLimiter for StoreLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        match self.memory_left.checked_sub(more) {
            Some(left) => {
                self.memory_left = left;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_elements)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.memories
    }

    fn memories(&self) -> usize {
        self.memories
    }
}
