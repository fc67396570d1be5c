use godwit_backend::{DType, Error, Memory, Result, Shape, Tensor};

/// What a guest's tensor handle stands for.
///
/// The constructor of `wasi:nn`'s tensor cannot fail, so what is wrong with a tensor is kept and told by
/// the first call that can: a correct guest over its quota gets an error, not a trap.
#[derive(Debug)]
pub(super) enum GuestTensor {
    Valid(Tensor),
    Invalid { dtype: DType, shape: Shape, error: Error },
}

impl GuestTensor {
    /// The one copy in: from the guest's memory into the arena.
    pub(super) fn new(dtype: DType, shape: Shape, bytes: &[u8], memory: &Memory) -> Self {
        match tensor(dtype, shape.clone(), bytes, memory) {
            Ok(tensor) => Self::Valid(tensor),
            Err(error) => Self::Invalid { dtype, shape, error },
        }
    }

    pub(super) fn dtype(&self) -> DType {
        match self {
            Self::Valid(tensor) => tensor.dtype(),
            Self::Invalid { dtype, .. } => *dtype,
        }
    }

    pub(super) fn shape(&self) -> &Shape {
        match self {
            Self::Valid(tensor) => tensor.shape(),
            Self::Invalid { shape, .. } => shape,
        }
    }

    pub(super) fn into_tensor(self) -> Result<Tensor> {
        match self {
            Self::Valid(tensor) => Ok(tensor),
            Self::Invalid { error, .. } => Err(error),
        }
    }
}

/// A model has one part or two; more is a mistake, and each part costs the host an entry.
const MAX_PARTS: usize = 16;

/// wasi-nn tensors have a handful of dimensions; the bound keeps a hostile list from costing memory.
const MAX_RANK: usize = 64;

/// The shape of a guest's `rank` dimensions.
pub(super) fn shape(rank: usize, dims: impl IntoIterator<Item = u32>) -> Result<Shape> {
    if rank > MAX_RANK {
        return Err(Error::invalid_argument(format!(
            "a tensor of {rank} dimensions; {MAX_RANK} are the most"
        )));
    }
    Ok(Shape::new(dims.into_iter().map(|dim| dim as usize)))
}

/// Refuses a model in more parts than one can have, before they are looked at.
pub(super) fn check_parts(count: usize) -> Result<()> {
    if count <= MAX_PARTS {
        return Ok(());
    }
    Err(Error::invalid_argument(format!("a model of {count} parts; {MAX_PARTS} are the most")))
}

/// Checks the length before anything is copied or charged.
pub(super) fn tensor(dtype: DType, shape: Shape, bytes: &[u8], memory: &Memory) -> Result<Tensor> {
    shape.check_len(dtype, bytes.len())?;
    Tensor::new(dtype, shape, memory.copy_from(bytes)?)
}
