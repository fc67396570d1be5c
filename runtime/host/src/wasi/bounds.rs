use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::component::ResourceTable;
use wasmtime::{Result, bail};
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};

use crate::Limits;

/// What is left of a guest's files and of the bytes that it may write. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    files: usize,
    output_bytes: u64,
    left: Arc<AtomicU64>,
}

impl Bounds {
    pub(crate) fn new(limits: &Limits) -> Self {
        let Limits { files, output_bytes, .. } = *limits;
        Self { files, output_bytes, left: Arc::new(AtomicU64::new(output_bytes)) }
    }

    /// Fails when `table` holds as many files and streams as there may be.
    ///
    /// A stream keeps its file open after the guest has let go of the file, so both count.
    pub(crate) fn check_files(&self, table: &mut ResourceTable) -> Result<()> {
        let is_open = |entry: &(dyn Any + Send)| {
            entry.is::<Descriptor>()
                || entry.is::<DynInputStream>()
                || entry.is::<DynOutputStream>()
        };
        if table.iter_mut().filter(|entry| is_open(&**entry)).count() < self.files {
            return Ok(());
        }
        bail!("the app has all of its {} files and streams open", self.files)
    }

    /// Charges bytes that are about to be written.
    pub(crate) fn write(&self, bytes: usize) -> Result<()> {
        let take = |left: u64| left.checked_sub(bytes as u64);
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(()),
            Err(_) => self.exceeded(),
        }
    }

    /// Fails when a file may not become as large as `bytes`. Nothing is charged: no byte is written.
    pub(crate) fn check_size(&self, bytes: u64) -> Result<()> {
        if bytes <= self.output_bytes { Ok(()) } else { self.exceeded() }
    }

    fn exceeded(&self) -> Result<()> {
        bail!("the app wrote more than its {} bytes of output", self.output_bytes)
    }
}
