//! Tensors on their way in and out.

use std::io;

use godwit_backend::{Buffer, Error, HostMemory, Result, Shape, Tensor, TensorData, Tensors};

use super::objects::Objects;
use crate::lock::lock;
use crate::peer::{Lease, Loaned, Peer, no_memory};
use crate::wire::{Item, TensorLocation};

/// Bytes that the other side has lent, used where they are.
#[derive(Debug)]
struct Lent(Loaned);

impl HostMemory for Lent {
    #[allow(unsafe_code, reason = "the other side is another process")]
    fn bytes(&self) -> &[u8] {
        // SAFETY: the other side is the program that started this one. It writes nothing that it has lent.
        unsafe { self.0.bytes() }
    }
}

pub(super) fn lent(loaned: Loaned) -> Buffer {
    Buffer::from_owner(Lent(loaned))
}

/// The inputs of a run. The outer error says that the other side does not keep the protocol.
pub(super) fn inputs(
    peer: &Peer,
    objects: &Objects,
    items: Vec<Item>,
) -> io::Result<Result<Tensors>> {
    let mut loans = Vec::with_capacity(items.len());
    for item in items {
        let bytes = match &item.location {
            TensorLocation::Shared(span) => Some(lent(peer.claim(span)?)),
            TensorLocation::Resident(_) => None,
        };
        loans.push((item, bytes));
    }
    let tensor = |(item, bytes): (Item, Option<Buffer>)| match (item.location, bytes) {
        (_, Some(bytes)) => Tensor::new(item.dtype, Shape::new(item.shape), bytes),
        (TensorLocation::Resident(id), None) => {
            objects.buffers.get(&id).cloned().ok_or_else(unknown)
        }
        (TensorLocation::Shared(_), None) => Err(unknown()),
    };
    Ok(loans.into_iter().map(tensor).collect())
}

fn unknown() -> Error {
    Error::internal("a tensor that the worker process does not have")
}

/// The outputs of a run: what is on the host is lent, what is on the device stays and gets a number.
pub(super) fn outputs(
    peer: &Peer,
    objects: &std::sync::Mutex<Objects>,
    outputs: Tensors,
) -> Result<Vec<Item>> {
    let mut lease = lease_for(peer, &outputs)?;
    let mut items = Vec::with_capacity(outputs.len());
    for output in outputs {
        let (dtype, shape) = (output.dtype(), output.shape().clone());
        let place = match output.data() {
            TensorData::Host(bytes) => {
                let lease = lease.as_mut().ok_or_else(unknown)?;
                TensorLocation::Shared(lease.put(bytes).map_err(no_memory)?)
            }
            TensorData::Device(_) => {
                let mut objects = lock(objects);
                let id = objects.number();
                objects.buffers.insert(id, output);
                TensorLocation::Resident(id)
            }
        };
        items.push(Item::new(dtype, &shape, place));
    }
    lease.into_iter().for_each(Lease::lend);
    Ok(items)
}

/// Room for those that are on the host, if any are.
fn lease_for(peer: &Peer, tensors: &[Tensor]) -> Result<Option<Lease>> {
    let lens = tensors.iter().filter_map(Tensor::host).map(|bytes| bytes.len());
    match Lease::room(lens) {
        None => Err(Error::too_large("the tensors of a run are too large together")),
        Some(0) => Ok(None),
        Some(room) => peer.lease(room).map(Some).map_err(no_memory),
    }
}
