use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use godwit_backend::{
    Buffer, BufferMut, Device, Error, ExecutionContext, Graph, Memory, Result, Shape, Signature,
    Tensor, Tensors, async_trait,
};
use metrics::Counter;
use smallvec::SmallVec;

use crate::context::OrtContext;
use crate::faults;
use crate::load::Loaded;
use crate::native::{Fault, Library, Owned, RunOptions, Session, Value};
use crate::pace::{Dims, Pace};
use crate::pool::Pool;
use crate::ports::Promise;

/// What every context of a graph shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) pool: Arc<Pool>,
    pub(crate) steady: bool,
    library: &'static Library,
    session: Session,
    signature: Signature,
    promises: Vec<Option<Promise>>,
    /// Whether an output once had another shape than the model says.
    broken: AtomicBool,
    device: Device,
    footprint: u64,
    inline_under: Duration,
    /// What contexts have learnt of the graph's pace, so that a new one need not.
    within: Mutex<Option<Dims>>,
    counters: Counters,
}

/// The exceptions to "nothing is copied, everything is allocated by us".
#[derive(Debug)]
struct Counters {
    copied: Counter,
    adopted: Counter,
}

/// A model compiled for one of the library's devices.
#[derive(Debug)]
pub(crate) struct OrtGraph(Arc<Shared>);

impl OrtGraph {
    pub(crate) fn new(
        library: &'static Library,
        loaded: Loaded,
        device: Device,
        pool: Arc<Pool>,
        inline_under: Duration,
    ) -> Self {
        let Loaded { session, signature, footprint, steady, placement: _ } = loaded;
        let id = || device.id.to_string();
        let counters = Counters {
            copied: metrics::counter!("godwit_ort_copied_bytes_total", "device" => id()),
            adopted: metrics::counter!("godwit_ort_adopted_outputs_total", "device" => id()),
        };
        Self(Arc::new(Shared {
            promises: Promise::all(&signature),
            broken: AtomicBool::new(false),
            within: Mutex::default(),
            pool,
            steady,
            library,
            session,
            signature,
            device,
            footprint,
            inline_under,
            counters,
        }))
    }
}

/// Outputs to be written, where their shapes are known before the run.
type Prepared = SmallVec<[Option<(Shape, BufferMut)>; 4]>;

enum Failure {
    /// The library reported it.
    Fault(Fault),
    /// It never came to the library, or what came back could not be used.
    Error(Error),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Shared {
    pub(crate) fn pace(&self) -> Pace {
        let within = self.within.lock().unwrap_or_else(PoisonError::into_inner);
        Pace::new(self.inline_under, within.clone())
    }

    pub(crate) fn learn(&self, pace: &Pace) {
        *self.within.lock().unwrap_or_else(PoisonError::into_inner) = pace.within().cloned();
    }

    /// One run on this thread. `inputs` are on the host.
    pub(crate) fn run(
        &self,
        options: Option<&RunOptions>,
        inputs: &[Tensor],
        memory: &Memory,
    ) -> Result<Tensors> {
        let trusting = !self.broken.load(Ordering::Relaxed);
        let outcome = match self.attempt(options, inputs, memory, trusting) {
            Err(Failure::Fault(fault)) if trusting && faults::is_broken_promise(&fault) => {
                tracing::debug!(%fault, "an output is not of the shape that the model says");
                self.broken.store(true, Ordering::Relaxed);
                self.attempt(options, inputs, memory, false)
            }
            outcome => outcome,
        };
        outcome.map_err(|failure| {
            let error = match failure {
                Failure::Fault(fault) => faults::run(fault),
                Failure::Error(error) => error,
            };
            // Inputs that do not fit are the caller's mistake, whatever the library made of them.
            self.signature.check(inputs).err().unwrap_or(error)
        })
    }

    fn attempt(
        &self,
        options: Option<&RunOptions>,
        inputs: &[Tensor],
        memory: &Memory,
        trusting: bool,
    ) -> Result<Tensors, Failure> {
        let mut prepared = self.prepare(inputs, memory, trusting)?;
        let mut aligned: SmallVec<[Buffer; 4]> = SmallVec::new();
        for input in inputs {
            aligned.push(self.aligned(input, memory)?);
        }
        let owned = {
            let mut values: SmallVec<[Value<'_>; 4]> = SmallVec::new();
            for (input, bytes) in inputs.iter().zip(&aligned) {
                values.push(Value::read(self.library, input.dtype(), input.shape(), bytes)?);
            }
            let mut results: SmallVec<[Option<Value<'_>>; 4]> = SmallVec::new();
            for (output, info) in prepared.iter_mut().zip(&self.signature.outputs) {
                results.push(match output {
                    Some((shape, bytes)) => {
                        Some(Value::write(self.library, info.dtype, shape, bytes)?)
                    }
                    None => None,
                });
            }
            self.session.run(options, &values, &results)?
        };
        let mut outputs = Tensors::new();
        for ((prepared, owned), info) in
            prepared.into_iter().zip(owned).zip(&self.signature.outputs)
        {
            outputs.push(match (prepared, owned) {
                (Some((shape, bytes)), _) => Tensor::new(info.dtype, shape, bytes.freeze())?,
                (None, Some(owned)) => self.adopt(owned, memory)?,
                (None, None) => return Err(Error::failed("the model gave no output").into()),
            });
        }
        Ok(outputs)
    }

    fn prepare(&self, inputs: &[Tensor], memory: &Memory, trusting: bool) -> Result<Prepared> {
        let mut prepared = Prepared::new();
        for (promise, info) in self.promises.iter().zip(&self.signature.outputs) {
            let promise = promise.as_ref().filter(|_| trusting);
            prepared.push(match promise.and_then(|promise| promise.shape(inputs)) {
                None => None,
                Some(shape) => {
                    let bytes = memory.writable(shape.byte_len(info.dtype)?)?;
                    Some((shape, bytes))
                }
            });
        }
        Ok(prepared)
    }

    /// The input's own bytes, or a copy of those that are not aligned for their dtype.
    fn aligned(&self, input: &Tensor, memory: &Memory) -> Result<Buffer> {
        let bytes =
            input.host().ok_or_else(|| Error::internal("an input is still on another device"))?;
        if bytes.as_ptr().addr().is_multiple_of(input.dtype().size()) {
            return Ok(bytes.clone());
        }
        self.counters.copied.increment(bytes.len() as u64);
        memory.copy_from(bytes)
    }

    fn adopt(&self, owned: Owned, memory: &Memory) -> Result<Tensor> {
        let dtype = owned.dtype().ok_or_else(|| {
            Error::unsupported("the model gives an output of a dtype that tensors do not have")
        })?;
        self.counters.adopted.increment(1);
        let shape = owned.shape().clone();
        Tensor::new(dtype, shape, memory.adopt(owned)?)
    }
}

#[async_trait]
impl Graph for OrtGraph {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn device(&self) -> &Device {
        &self.0.device
    }

    fn footprint(&self) -> u64 {
        self.0.footprint
    }

    async fn context(&self, memory: &Memory) -> Result<Box<dyn ExecutionContext>> {
        Ok(Box::new(OrtContext::new(self.0.clone(), memory.clone())))
    }
}
