use std::sync::Weak;

use bytemuck::{Pod, Zeroable};

use super::arena::Pool;
use super::{Charge, HostMemory};

/// 64 bytes, aligned to 64: a cache line, and enough for every vector unit.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(super) struct Line([u8; LINE]);

pub(super) const LINE: usize = 64;

/// Bytes behind a [`Buffer`](super::Buffer), with whatever they owe and to whom they return.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) bytes: Bytes,
    pub(super) len: usize,
    pub(super) charge: Option<Charge>,
    /// The budget that wrote it last.
    pub(super) owner: u64,
    pub(super) home: Weak<Pool>,
}

#[derive(Debug)]
pub(super) enum Bytes {
    Pooled(Box<[Line]>),
    Owned(Box<dyn HostMemory>),
}

impl Block {
    /// A zeroed block of `lines` lines that returns to `home`.
    pub(super) fn zeroed(lines: usize, home: Weak<Pool>) -> Self {
        // `zeroed_slice_box` asks the allocator for zeroed memory: large blocks cost no clearing.
        let bytes = Bytes::Pooled(bytemuck::allocation::zeroed_slice_box(lines));
        Self { bytes, len: 0, charge: None, owner: 0, home }
    }

    pub(super) fn capacity(&self) -> usize {
        match &self.bytes {
            Bytes::Pooled(lines) => lines.len() * LINE,
            Bytes::Owned(_) => 0,
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        let all = match &self.bytes {
            Bytes::Pooled(lines) => bytemuck::cast_slice(lines),
            Bytes::Owned(owner) => owner.bytes(),
        };
        all.get(..self.len).unwrap_or_default()
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        match &mut self.bytes {
            Bytes::Pooled(lines) => {
                bytemuck::cast_slice_mut(lines).get_mut(..self.len).unwrap_or_default()
            }
            Bytes::Owned(_) => &mut [],
        }
    }
}
