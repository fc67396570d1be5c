use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use godwit_backend::{
    Buffer, BufferMut, DType, Device, Error, GraphInfo, HostMemory, InlinePolicy, Memory, Result,
    Shape, Tensor, Tensors,
};
use metrics::Counter;
use smallvec::SmallVec;

use crate::faults;
use crate::load::Loaded;
use crate::native::{Binding, Fault, Library, Owned, RunOptions, Session};
use crate::pool::Pool;
use crate::ports::OutputShape;

/// What every context of a graph shares.
#[derive(Debug)]
pub(crate) struct LoadedGraph {
    pub(crate) pool: Arc<Pool>,
    library: &'static Library,
    session: Arc<Session>,
    pub(crate) info: GraphInfo,
    /// How the shapes of all outputs follow from those of the inputs, where they do.
    output_shapes: Option<Vec<OutputShape>>,
    /// Whether an output once had another shape than the model says, or was not written where it should.
    broken: AtomicBool,
    pub(crate) inline: InlinePolicy,
    counters: Counters,
}

/// The exceptions to "nothing is copied, everything is allocated by us".
#[derive(Debug)]
struct Counters {
    copied: Counter,
    adopted: Counter,
}

impl LoadedGraph {
    pub(crate) fn new(
        library: &'static Library,
        loaded: Loaded,
        device: Device,
        pool: Arc<Pool>,
        inline_under: Duration,
    ) -> Self {
        let Loaded { session, signature, footprint, shape_determined, control_flow, placement: _ } =
            loaded;
        let id = || device.id.to_string();
        let counters = Counters {
            copied: metrics::counter!("godwit_ort_copied_bytes_total", "device" => id()),
            adopted: metrics::counter!("godwit_ort_adopted_outputs_total", "device" => id()),
        };
        Self {
            // Branches and loops pass outputs on in their own ways.
            output_shapes: OutputShape::all(&signature).filter(|_| !control_flow),
            broken: AtomicBool::new(false),
            pool,
            library,
            session: Arc::new(session),
            info: GraphInfo::new(signature, device, footprint),
            inline: InlinePolicy::new(inline_under, shape_determined),
            counters,
        }
    }
}

/// Bytes of each input, aligned for its dtype.
type Given = SmallVec<[Option<Buffer>; 4]>;

/// Outputs to be written, with their dtypes and shapes.
type Prepared = SmallVec<[(DType, Shape, BufferMut); 4]>;

enum CallError {
    /// The library reported it.
    Fault(Fault),
    /// It never came to the library, or what came back could not be used.
    Error(Error),
}

impl From<Fault> for CallError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl LoadedGraph {
    /// One run on this thread. `inputs` are on the host; `binding` is what the context's last run left.
    pub(crate) fn run(
        &self,
        binding: &mut Option<Binding>,
        options: Option<&RunOptions>,
        inputs: &[Tensor],
        memory: &Memory,
    ) -> Result<Tensors> {
        self.attempt(binding, options, inputs, memory).map_err(|error| {
            *binding = None;
            match error {
                CallError::Fault(fault) => faults::run(fault),
                CallError::Error(error) => error,
            }
        })
    }

    fn attempt(
        &self,
        binding: &mut Option<Binding>,
        options: Option<&RunOptions>,
        inputs: &[Tensor],
        memory: &Memory,
    ) -> Result<Tensors, CallError> {
        let aligned = self.aligned(inputs, memory)?;
        let given = || {
            inputs.iter().zip(&aligned).map(|(input, aligned)| {
                let own = || input.host().map(|bytes| &**bytes).unwrap_or_default();
                let bytes = aligned.as_ref().map_or_else(own, |bytes| &**bytes);
                (input.dtype(), input.shape(), bytes)
            })
        };
        if let Some(mut prepared) = self.prepare(inputs, memory)? {
            let binding = match binding {
                Some(binding) => binding,
                None => binding.insert(Binding::new(&self.session)?),
            };
            match binding.run(self.library, &self.session, options, given(), &mut prepared) {
                Ok(true) => return Ok(finish(prepared)?),
                Ok(false) => tracing::debug!("an output is not computed but passed on"),
                Err(fault) if faults::is_shape_mismatch(&fault) => {
                    tracing::debug!(%fault, "an output is not of the shape that the model says");
                }
                Err(fault) => return Err(fault.into()),
            }
            self.broken.store(true, Ordering::Relaxed);
        }
        *binding = None;
        let owned = self.session.run(self.library, options, given())?;
        let outputs = owned.into_iter().map(|owned| {
            // An input that is passed on is still the caller's memory, which the library only borrowed.
            let borrowed = given().any(|(.., bytes)| overlap(bytes, owned.bytes()));
            if borrowed { self.copy(&owned, memory) } else { self.adopt(owned, memory) }
        });
        Ok(outputs.collect::<Result<_>>()?)
    }

    /// What all outputs will be written to, if all of their shapes are known.
    fn prepare(&self, inputs: &[Tensor], memory: &Memory) -> Result<Option<Prepared>> {
        let mut prepared = Prepared::new();
        let Some(output_shapes) = self.output_shapes.as_ref().filter(|_| !self.is_broken()) else {
            return Ok(None);
        };
        for (output_shape, info) in output_shapes.iter().zip(&self.info.signature.outputs) {
            let Some(shape) = output_shape.shape(inputs) else { return Ok(None) };
            let bytes = memory.writable(shape.byte_len(info.dtype)?)?;
            prepared.push((info.dtype, shape, bytes));
        }
        Ok(Some(prepared))
    }

    fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Copies of those inputs that are not aligned for their dtype.
    fn aligned(&self, inputs: &[Tensor], memory: &Memory) -> Result<Given> {
        let copy = |input: &Tensor| {
            let bytes = input
                .host()
                .ok_or_else(|| Error::internal("an input is still on another device"))?;
            if bytes.as_ptr().addr().is_multiple_of(input.dtype().size()) {
                return Ok(None);
            }
            self.counters.copied.increment(bytes.len() as u64);
            memory.copy_from(bytes).map(Some)
        };
        inputs.iter().map(copy).collect()
    }

    fn adopt(&self, owned: Owned, memory: &Memory) -> Result<Tensor> {
        let (dtype, shape) = (dtype(&owned)?, owned.shape().clone());
        self.counters.adopted.increment(1);
        let adopted = Adopted { owned, _session: self.session.clone() };
        Tensor::new(dtype, shape, memory.adopt(adopted)?)
    }

    fn copy(&self, owned: &Owned, memory: &Memory) -> Result<Tensor> {
        let bytes = owned.bytes();
        self.counters.copied.increment(bytes.len() as u64);
        Tensor::new(dtype(owned)?, owned.shape().clone(), memory.copy_from(bytes)?)
    }
}

/// A tensor of the library's, with the model in whose memory it may be: an output can be a constant.
#[derive(Debug)]
struct Adopted {
    owned: Owned,
    _session: Arc<Session>,
}

impl HostMemory for Adopted {
    fn bytes(&self) -> &[u8] {
        self.owned.bytes()
    }
}

fn dtype(owned: &Owned) -> Result<DType> {
    owned.dtype().ok_or_else(|| Error::unsupported("an output has an unsupported element type"))
}

fn overlap(a: &[u8], b: &[u8]) -> bool {
    let (a, b) = (a.as_ptr_range(), b.as_ptr_range());
    a.start < b.end && b.start < a.end
}

fn finish(prepared: Prepared) -> Result<Tensors> {
    let tensor =
        |(dtype, shape, bytes): (_, _, BufferMut)| Tensor::new(dtype, shape, bytes.freeze());
    prepared.into_iter().map(tensor).collect()
}
