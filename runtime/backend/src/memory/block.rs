use std::any::Any;
use std::fs::File;
use std::sync::{OnceLock, Weak};

use bytemuck::{Pod, Zeroable};
use memmap2::MmapMut;

use super::arena::Pool;
use super::{Charge, HostMemory};
use crate::{Error, Result};

/// 64 bytes, aligned to 64: a cache line, and enough for every vector unit.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(super) struct Line([u8; LINE]);

pub(super) const LINE: usize = 64;

/// From here on a block has pages of its own, which a device can be given.
const MAPPED: usize = 64 << 10;

/// Bytes behind a [`Buffer`](super::Buffer), with whatever they owe and to whom they return.
#[derive(Debug)]
pub(super) struct Block {
    /// What a device has made of the pages. It stands before them, so that it is dropped before they are.
    pub(super) hold: OnceLock<Option<Box<dyn Any + Send + Sync>>>,
    pub(super) bytes: Bytes,
    pub(super) charge: Option<Charge>,
    /// The budget that wrote it last.
    pub(super) owner: u64,
    pub(super) home: Weak<Pool>,
}

#[derive(Debug)]
pub(super) enum Bytes {
    Pooled(Box<[Line]>),
    Mapped(MmapMut),
    Owned(Box<dyn HostMemory>),
}

impl Block {
    /// `capacity` zeros, a whole number of lines, that return to `home`.
    pub(super) fn zeroed(capacity: usize, home: Weak<Pool>) -> Result<Self> {
        let bytes = if capacity < MAPPED {
            Bytes::Pooled(bytemuck::allocation::zeroed_slice_box(capacity / LINE))
        } else {
            Bytes::Mapped(MmapMut::map_anon(capacity).map_err(|error| {
                let message = format!("the host has no memory left for {capacity} bytes");
                Error::out_of_memory(message).with_source(error)
            })?)
        };
        Ok(Self { hold: OnceLock::new(), bytes, charge: None, owner: 0, home })
    }

    /// Someone else's memory.
    pub(super) fn owned(owner: Box<dyn HostMemory>, charge: Option<Charge>) -> Self {
        let bytes = Bytes::Owned(owner);
        Self { hold: OnceLock::new(), bytes, charge, owner: 0, home: Weak::new() }
    }

    /// All of its pages, if it has its own.
    pub(super) fn pages(&self) -> Option<&[u8]> {
        match &self.bytes {
            Bytes::Mapped(pages) => Some(pages),
            Bytes::Pooled(_) | Bytes::Owned(_) => None,
        }
    }

    pub(super) fn file(&self) -> Option<&File> {
        match &self.bytes {
            Bytes::Owned(owner) => owner.file(),
            Bytes::Pooled(_) | Bytes::Mapped(_) => None,
        }
    }

    pub(super) fn capacity(&self) -> usize {
        match &self.bytes {
            Bytes::Pooled(lines) => lines.len() * LINE,
            Bytes::Mapped(pages) => pages.len(),
            Bytes::Owned(_) => 0,
        }
    }

    /// Everything there is, of which a buffer may be a part.
    pub(super) fn as_slice(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Pooled(lines) => bytemuck::cast_slice(lines),
            Bytes::Mapped(pages) => pages,
            Bytes::Owned(owner) => owner.bytes(),
        }
    }

    /// Everything there is, if it is ours to write.
    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        match &mut self.bytes {
            Bytes::Pooled(lines) => bytemuck::cast_slice_mut(lines),
            Bytes::Mapped(pages) => pages,
            Bytes::Owned(_) => &mut [],
        }
    }
}
