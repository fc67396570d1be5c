use std::cell::OnceCell;
use std::fmt;

use crate::bindings::wasi::nn::graph as wit;
use crate::bindings::wasi::nn::inference::GraphExecutionContext;
use crate::{Outputs, Result, Tensor};

/// The file format of a model given as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// OpenVINO IR: two parts, the XML and the weights.
    OpenVino,
    /// ONNX: one part.
    Onnx,
    /// A TensorFlow saved model.
    TensorFlow,
    /// A TorchScript module.
    PyTorch,
    /// A TensorFlow Lite flat buffer.
    TensorFlowLite,
    /// GGML and GGUF.
    Ggml,
    /// The host detects it.
    Autodetect,
}

/// The kind of device for a model given as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Target {
    /// Any processor.
    #[default]
    Cpu,
    /// A graphics processor.
    Gpu,
    /// Any other accelerator.
    Tpu,
}

/// A model that the host has compiled for a device.
///
/// Dropping it releases its memory on the host.
pub struct Graph {
    // Before `host`: fields drop in order, and a context must not outlive its graph.
    context: OnceCell<Context>,
    host: wit::Graph,
}

impl Graph {
    /// Loads the model called `name`. The host chooses the device.
    ///
    /// # Errors
    ///
    /// `NotFound` when the host has no such model, `Security` when this guest may not use it, or the
    /// error of compiling the model.
    pub fn load(name: &str) -> Result<Self> {
        Ok(Self::new(wit::load_by_name(name)?))
    }

    /// Loads a model from its bytes: the parts of its encoding, in the encoding's order.
    ///
    /// ```no_run
    /// use godwit_guest::{Encoding, Graph, Target};
    ///
    /// let bytes = std::fs::read("/models/digits.onnx")?;
    /// let graph = Graph::from_bytes([bytes], Encoding::Onnx, Target::Cpu)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidEncoding` when the bytes are not such a model, `UnsupportedOperation` when the host
    /// cannot run the encoding or has no such device, `TooLarge` when they exceed a limit.
    pub fn from_bytes(
        parts: impl IntoIterator<Item = impl Into<Vec<u8>>>,
        encoding: Encoding,
        target: Target,
    ) -> Result<Self> {
        let parts: Vec<Vec<u8>> = parts.into_iter().map(Into::into).collect();
        let encoding = match encoding {
            Encoding::OpenVino => wit::GraphEncoding::Openvino,
            Encoding::Onnx => wit::GraphEncoding::Onnx,
            Encoding::TensorFlow => wit::GraphEncoding::Tensorflow,
            Encoding::PyTorch => wit::GraphEncoding::Pytorch,
            Encoding::TensorFlowLite => wit::GraphEncoding::Tensorflowlite,
            Encoding::Ggml => wit::GraphEncoding::Ggml,
            Encoding::Autodetect => wit::GraphEncoding::Autodetect,
        };
        let target = match target {
            Target::Cpu => wit::ExecutionTarget::Cpu,
            Target::Gpu => wit::ExecutionTarget::Gpu,
            Target::Tpu => wit::ExecutionTarget::Tpu,
        };
        Ok(Self::new(wit::load(&parts, encoding, target)?))
    }

    const fn new(host: wit::Graph) -> Self {
        Self { context: OnceCell::new(), host }
    }

    /// Runs the model once.
    ///
    /// The first call opens an execution context, which later calls reuse.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when inputs are missing, unknown, duplicate, or of another type or shape
    /// than the model's, `Timeout` past the host's deadline, `RuntimeError` when the device fails.
    pub fn run<N: Into<String>>(
        &self,
        inputs: impl IntoIterator<Item = (N, Tensor)>,
    ) -> Result<Outputs> {
        let context = match self.context.get() {
            Some(context) => context,
            None => {
                let context = self.context()?;
                self.context.get_or_init(|| context)
            }
        };
        context.run(inputs)
    }

    /// A new execution context on this graph, separate from the one of [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// `TooLarge` when it would exceed the host's limits.
    pub fn context(&self) -> Result<Context> {
        Ok(Context(self.host.init_execution_context()?))
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Graph").field(&self.host).finish()
    }
}

/// One execution context: the state that the host keeps between runs of one caller.
///
/// [`Graph::run`] has one; open others to control how long they live.
pub struct Context(GraphExecutionContext);

impl Context {
    /// Runs the model once.
    ///
    /// # Errors
    ///
    /// As [`Graph::run`].
    pub fn run<N: Into<String>>(
        &self,
        inputs: impl IntoIterator<Item = (N, Tensor)>,
    ) -> Result<Outputs> {
        let inputs =
            inputs.into_iter().map(|(name, tensor)| (name.into(), tensor.into_host())).collect();
        let outputs = self.0.compute(inputs)?;
        Ok(Outputs::new(
            outputs.into_iter().map(|(name, tensor)| (name, Tensor::from_host(tensor))).collect(),
        ))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.0).finish()
    }
}
