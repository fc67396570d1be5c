use std::ffi::CString;
use std::sync::Arc;

use async_lock::Mutex;
use godwit_backend::{DType, Dim, Error, Result, Shape, Signature};

use crate::native::{MigraphxError, Port, Program};

/// A program for one size of inputs.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// One run at a time: the library's programs keep intermediate tensors for themselves.
    pub(crate) program: Arc<Mutex<Program>>,
    pub(crate) outputs: Vec<(DType, Shape)>,
    /// Parameters for outputs, which a program for a GPU has, in the outputs' order.
    pub(crate) places: Vec<(CString, DType, Shape)>,
}

impl Compiled {
    /// The outputs of a program, compared with what the file says of them.
    pub(crate) fn check(program: &Program, signature: &Signature) -> Result<Vec<(DType, Shape)>> {
        let ports = program.outputs().map_err(internal)?;
        if ports.len() != signature.outputs.len() {
            return Err(Error::unsupported(format!(
                "the model has {} outputs, and MIGraphX's form of it gives {}",
                signature.outputs.len(),
                ports.len()
            )));
        }
        let outputs = ports.iter().zip(&signature.outputs).map(|(port, info)| {
            let other = || {
                Error::unsupported(format!(
                    "MIGraphX gives '{}' another dtype or other dimensions than the model says",
                    info.name
                ))
            };
            let shape = port.dims.clone().ok_or_else(|| {
                Error::unsupported(format!(
                    "the size of '{}' follows from what the inputs hold, which this device cannot \
                     compile",
                    info.name
                ))
            })?;
            if port.dtype != Some(info.dtype) {
                return Err(other());
            }
            let shape = ranked(shape, info.dims.as_deref()).ok_or_else(other)?;
            Ok((info.dtype, shape))
        });
        outputs.collect()
    }

    pub(crate) fn new(program: Program, signature: &Signature, inputs: &[CString]) -> Result<Self> {
        let outputs = Self::check(&program, signature)?;
        let mut places = Vec::new();
        for Port { name, dtype, dims } in program.parameters().map_err(internal)? {
            let own = CString::new(name).map_err(|_| Error::internal("a name with a zero byte"))?;
            if inputs.contains(&own) {
                continue;
            }
            let (Some(dtype), Some(dims)) = (dtype, dims) else {
                return Err(Error::unsupported(
                    "MIGraphX's form of the model takes what no tensor is",
                ));
            };
            places.push((own, dtype, dims));
        }
        places.sort_by_key(|(name, ..)| number(name));
        Ok(Self { program: Arc::new(Mutex::new(program)), outputs, places })
    }
}

/// The dimensions as the model has them: the library takes one element for a scalar and the reverse.
fn ranked(shape: Shape, dims: Option<&[Dim]>) -> Option<Shape> {
    let Some(dims) = dims else { return Some(shape) };
    let shape = match (dims.len(), &shape[..]) {
        (0, [1]) => Shape::default(),
        (1, []) => Shape::from([1]),
        _ => shape,
    };
    let fits = |(dim, size): (&Dim, &usize)| !matches!(dim, Dim::Known(known) if known != size);
    (dims.len() == shape.len() && dims.iter().zip(shape.iter()).all(fits)).then_some(shape)
}

/// `main:#output_12` is the twelfth.
fn number(name: &CString) -> usize {
    let digits = name.to_str().ok().and_then(|name| name.rsplit('_').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// A call that has no reason to fail.
pub(crate) fn internal(failure: MigraphxError) -> Error {
    Error::failed("MIGraphX refused a plain request").with_source(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_model() {
        let known = |sizes: &[usize]| sizes.iter().copied().map(Dim::Known).collect::<Vec<_>>();
        assert_eq!(ranked(Shape::from([1]), Some(&[])), Some(Shape::default()));
        assert_eq!(ranked(Shape::default(), Some(&known(&[1]))), Some(Shape::from([1])));
        assert_eq!(ranked(Shape::from([2, 3]), Some(&known(&[2, 4]))), None);
        assert_eq!(ranked(Shape::from([2, 3]), Some(&known(&[6]))), None);
        let free = [Dim::Unknown, Dim::Known(3)];
        assert_eq!(ranked(Shape::from([2, 3]), Some(&free)), Some(Shape::from([2, 3])));
        assert_eq!(number(&c"main:#output_12".to_owned()), 12);
    }
}
