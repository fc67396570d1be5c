use std::fmt::{self, Debug};
use std::ops::Range;
use std::sync::Arc;

use half::{bf16, f16};
use smallvec::SmallVec;

use crate::{BoxFuture, Buffer, DType, DeviceId, Error, Memory, Result, Shape};

/// The tensors of one run, in a signature's order. Two fit without an allocation.
pub type Tensors = SmallVec<[Tensor; 2]>;

/// Elements of one dtype in row-major order, little-endian, on the host or on a device.
///
/// Cloning shares the bytes.
#[derive(Debug, Clone)]
pub struct Tensor {
    dtype: DType,
    shape: Shape,
    data: TensorData,
}

/// Where a tensor's bytes are.
#[derive(Debug, Clone)]
pub enum TensorData {
    /// In host memory.
    Host(Buffer),
    /// In a device's memory.
    Device(Arc<dyn DeviceBuffer>),
}

/// Bytes that stay on a device until someone reads them.
pub trait DeviceBuffer: Debug + Send + Sync {
    /// The device that holds them.
    fn device(&self) -> &DeviceId;

    /// How many there are.
    fn byte_len(&self) -> usize;

    /// Copies them into host memory charged to `memory`'s budget.
    fn read<'a>(&'a self, memory: &'a Memory) -> BoxFuture<'a, Result<Buffer>>;

    /// For the backend that made it to recognise its own.
    fn as_any(&self) -> &dyn std::any::Any;
}

impl Tensor {
    /// A host tensor over `bytes`.
    ///
    /// # Errors
    ///
    /// - `TooLarge`: the product of the dimensions overflows.
    /// - `InvalidArgument`: `bytes` is not exactly dimensions x element size long.
    pub fn new(dtype: DType, shape: Shape, bytes: Buffer) -> Result<Self> {
        shape.check_len(dtype, bytes.len())?;
        Ok(Self { dtype, shape, data: TensorData::Host(bytes) })
    }

    /// A tensor whose bytes are on a device.
    ///
    /// # Errors
    ///
    /// As [`Tensor::new`].
    pub fn on_device(dtype: DType, shape: Shape, buffer: Arc<dyn DeviceBuffer>) -> Result<Self> {
        shape.check_len(dtype, buffer.byte_len())?;
        Ok(Self { dtype, shape, data: TensorData::Device(buffer) })
    }

    /// A host tensor holding a copy of `values`, outside any budget: for tests and tools.
    ///
    /// # Errors
    ///
    /// As [`Tensor::new`].
    pub fn from_values<T: Element>(shape: impl Into<Shape>, values: &[T]) -> Result<Self> {
        let bytes = bytemuck::cast_slice(values).to_vec();
        Self::new(T::DTYPE, shape.into(), Buffer::from(bytes))
    }

    /// The type of its elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Its dimensions.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Where its bytes are.
    pub fn data(&self) -> &TensorData {
        &self.data
    }

    /// How many bytes it holds.
    pub fn byte_len(&self) -> usize {
        match &self.data {
            TensorData::Host(bytes) => bytes.len(),
            TensorData::Device(buffer) => buffer.byte_len(),
        }
    }

    /// Its bytes, if they are on the host.
    pub fn host(&self) -> Option<&Buffer> {
        match &self.data {
            TensorData::Host(bytes) => Some(bytes),
            TensorData::Device(_) => None,
        }
    }

    /// Its bytes on the host, read from the device only if they are there.
    ///
    /// # Errors
    ///
    /// What reading the device gives, or `TooLarge` when the budget is spent.
    pub async fn to_host(&self, memory: &Memory) -> Result<Buffer> {
        match &self.data {
            TensorData::Host(bytes) => Ok(bytes.clone()),
            TensorData::Device(buffer) => buffer.read(memory).await,
        }
    }

    /// Some of the rows of a host tensor, along its first axis: shared and not copied.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when it is a scalar or has no such rows, `Unsupported` when it is on a device.
    pub fn rows(&self, rows: Range<usize>) -> Result<Self> {
        let bytes = self.host().ok_or_else(|| {
            Error::unsupported("the rows of a tensor on a device cannot be taken apart")
        })?;
        let none = || {
            let Range { start, end } = rows;
            Error::invalid_argument(format!("{self} has no rows {start} to {end}"))
        };
        let [all, row @ ..] = &self.shape[..] else { return Err(none()) };
        if rows.start > rows.end || rows.end > *all {
            return Err(none());
        }
        // Zero where there are no rows, and then nothing is taken.
        let row_bytes = bytes.len().checked_div(*all).unwrap_or_default();
        let part = bytes.slice(rows.start * row_bytes..rows.end * row_bytes).ok_or_else(none)?;
        let shape = Shape::new(std::iter::once(rows.len()).chain(row.iter().copied()));
        Self::new(self.dtype, shape, part)
    }

    /// Its elements as a slice, if they are on the host, of type `T` and aligned for it.
    pub fn values<T: Element>(&self) -> Option<&[T]> {
        if self.dtype != T::DTYPE {
            return None;
        }
        let bytes = self.host()?;
        if bytes.is_empty() {
            // Nothing lies nowhere in particular, which need not be aligned.
            return Some(&[]);
        }
        bytemuck::try_cast_slice(bytes).ok()
    }
}

/// The same tensors on the host, those read from a device that are there: for a device that cannot reach
/// the memory of others.
///
/// # Errors
///
/// As [`Tensor::to_host`].
pub async fn on_host(tensors: Tensors, memory: &Memory) -> Result<Tensors> {
    let mut host = Tensors::new();
    for tensor in tensors {
        host.push(match tensor.data() {
            TensorData::Host(_) => tensor,
            TensorData::Device(_) => {
                let bytes = tensor.to_host(memory).await?;
                Tensor::new(tensor.dtype, tensor.shape, bytes)?
            }
        });
    }
    Ok(host)
}

/// A Rust type that is the element of one [`DType`].
pub trait Element: bytemuck::Pod {
    /// Its dtype.
    const DTYPE: DType;
}

macro_rules! elements {
    ($($ty:ty => $dtype:ident),* $(,)?) => {
        $(impl Element for $ty { const DTYPE: DType = DType::$dtype; })*
    };
}

elements! {
    f16 => F16, f32 => F32, f64 => F64, bf16 => Bf16, u8 => U8, i32 => I32, i64 => I64,
    i8 => I8, u16 => U16, i16 => I16, u32 => U32, u64 => U64,
}

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.dtype, self.shape)
    }
}
