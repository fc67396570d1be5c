//! One run of a program, on a thread that may block.
#![allow(unsafe_code, reason = "lends the memory of tensors to the library")]

use std::ffi::{CString, c_void};
use std::slice;
use std::sync::Arc;

use godwit_backend::{BufferMut, DType, Error, Result, Shape, Tensor, TensorData, Tensors};

use crate::compiled::{Compiled, internal};
use crate::hip::{DeviceBlock, Hip, Pinned};
use crate::native::{Given, MigraphxError, Output, Program};
use crate::resident::RocmBuffer;

/// Runs on the host's memory. `inputs` are on the host and aligned; `outputs` are as large as the
/// program's.
pub(crate) fn on_host(
    program: &mut Program,
    compiled: &Compiled,
    names: &[CString],
    inputs: &Tensors,
    mut outputs: Vec<BufferMut>,
) -> Result<Tensors> {
    let mut given = Vec::with_capacity(inputs.len());
    for (name, input) in names.iter().zip(inputs) {
        let bytes = input.host().ok_or_else(|| Error::internal("an input is not on the host"))?;
        // The library takes what it only reads as something to write to.
        let data = bytes.as_ptr().cast_mut().cast::<c_void>();
        given.push(Given { name, dtype: input.dtype(), shape: input.shape(), data });
    }
    // SAFETY: the inputs are as large as they say, aligned, and stay beyond `answer`; this target computes
    // nothing in place of a parameter.
    let answer = unsafe { program.run(&given) }.map_err(failed)?;
    if answer.len() != outputs.len() {
        return Err(Error::failed("MIGraphX gave another number of outputs than it said"));
    }
    for (at, ((dtype, shape), buffer)) in compiled.outputs.iter().zip(&mut outputs).enumerate() {
        let output = answer.get(at).map_err(internal)?;
        // SAFETY: the library's own outputs are as large as they say, and stay as long as `answer`.
        unsafe { copy(&output, *dtype, shape, buffer) }?;
    }
    let outputs = outputs.into_iter().zip(&compiled.outputs);
    outputs
        .map(|(bytes, (dtype, shape))| Tensor::new(*dtype, shape.clone(), bytes.freeze()))
        .collect()
}

/// Why a run failed: the library does not say.
fn failed(failure: MigraphxError) -> Error {
    Error::failed("the model failed with these inputs").with_source(failure)
}

fn surprised() -> Error {
    Error::failed("MIGraphX gave another output than it said")
}

/// Copies an output in row-major order.
///
/// # Safety
///
/// The output is as large as it says.
unsafe fn copy(output: &Output<'_>, dtype: DType, shape: &Shape, to: &mut [u8]) -> Result<()> {
    let same = output.dtype == Some(dtype)
        && output.shape.elements()? == shape.elements()?
        && to.len() == shape.byte_len(dtype)?;
    if !same || (output.data.is_null() && !to.is_empty()) {
        return Err(surprised());
    }
    if to.is_empty() {
        return Ok(());
    }
    let size = dtype.size();
    if is_row_major(&output.shape, output.strides) {
        // SAFETY: as promised.
        to.copy_from_slice(unsafe { slice::from_raw_parts(output.data, to.len()) });
        return Ok(());
    }
    let mut index = vec![0usize; output.shape.len()];
    for element in to.chunks_exact_mut(size) {
        let place: usize = index.iter().zip(output.strides).map(|(at, stride)| at * stride).sum();
        // SAFETY: as promised, for the place is within the dimensions.
        element
            .copy_from_slice(unsafe { slice::from_raw_parts(output.data.add(place * size), size) });
        for (at, most) in index.iter_mut().zip(output.shape.iter()).rev() {
            *at += 1;
            if *at < *most {
                break;
            }
            *at = 0;
        }
    }
    Ok(())
}

fn is_row_major(shape: &Shape, strides: &[usize]) -> bool {
    let mut next = 1;
    let mut dims = shape.iter().zip(strides).rev();
    shape.is_empty()
        || strides.len() == shape.len()
            && dims.all(|(&dim, &stride)| {
                let fits = dim == 1 || stride == next;
                next *= dim;
                fits
            })
}

/// Runs on a GPU, with the library's own copying off: inputs are brought there unless they are there, and
/// outputs stay. `staging` is what the context keeps for bringing.
pub(crate) fn on_gpu(
    (hip, gpu): (&'static Hip, std::ffi::c_int),
    program: &mut Program,
    compiled: &Compiled,
    names: &[CString],
    inputs: &Tensors,
    staging: &mut Option<Pinned>,
) -> Result<Vec<DeviceBlock>> {
    let mut brought = Vec::new();
    let mut given = Vec::new();
    let mut own: Vec<Arc<DeviceBlock>> = Vec::new();
    for (name, input) in names.iter().zip(inputs) {
        let data = match input.data() {
            TensorData::Host(bytes) => {
                let mut block = DeviceBlock::new(hip, gpu, bytes.len())?;
                block.write(bytes, staging)?;
                let data = block.data();
                brought.push(block);
                data
            }
            TensorData::Device(buffer) => {
                let buffer = RocmBuffer::of(buffer, gpu);
                let block = buffer.ok_or_else(|| Error::internal("an input on another device"))?;
                own.push(block.clone());
                block.data()
            }
        };
        given.push(Given { name, dtype: input.dtype(), shape: input.shape(), data });
    }
    let mut places = Vec::new();
    for (name, dtype, shape) in &compiled.places {
        let block = DeviceBlock::new(hip, gpu, shape.byte_len(*dtype)?)?;
        given.push(Given { name, dtype: *dtype, shape, data: block.data() });
        places.push(block);
    }
    // SAFETY: everything is on the GPU, as large as it says, aligned as HIP aligns, and stays beyond
    // `answer`.
    let answer = unsafe { program.run(&given) };
    // Whatever came of it, nothing may be freed while the GPU works with it.
    hip.synchronize()?;
    let answer = answer.map_err(failed)?;
    if answer.len() != compiled.outputs.len() {
        return Err(surprised());
    }
    let mut outputs = Vec::new();
    for (at, (dtype, shape)) in compiled.outputs.iter().enumerate() {
        let output = answer.get(at).map_err(internal)?;
        let len = shape.byte_len(*dtype)?;
        if !is_row_major(&output.shape, output.strides) {
            return Err(surprised());
        }
        let data = output.data.cast::<c_void>();
        let place =
            places.iter().position(|block| block.data().cast_const() == data && block.len() == len);
        outputs.push(match place {
            Some(place) => places.swap_remove(place),
            // An input or a constant, passed on.
            // SAFETY: the library's own outputs are as large as they say.
            None => unsafe { DeviceBlock::copy_of(hip, gpu, data, len) }?,
        });
    }
    Ok(outputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_are_followed() {
        let data: Vec<u8> = (0u8..6).collect();
        let mut transposed = [0u8; 6];
        let output = Output {
            dtype: Some(DType::U8),
            shape: Shape::from([3, 2]),
            strides: &[1, 3],
            data: data.as_ptr(),
        };
        let shape = Shape::from([3, 2]);
        // SAFETY: the furthest place is 2 * 1 + 1 * 3.
        unsafe { copy(&output, DType::U8, &shape, &mut transposed) }.unwrap();
        assert_eq!(transposed, [0, 3, 1, 4, 2, 5]);
        let mut repeated = [0u8; 6];
        let output = Output { strides: &[0, 1], ..output };
        // SAFETY: the furthest place is 1.
        unsafe { copy(&output, DType::U8, &shape, &mut repeated) }.unwrap();
        assert_eq!(repeated, [0, 1, 0, 1, 0, 1]);
        assert!(is_row_major(&Shape::from([2, 1, 3]), &[3, 99, 1]));
        assert!(!is_row_major(&Shape::from([2, 3]), &[1, 2]));
        // SAFETY: refused before anything is read.
        let wrong = unsafe { copy(&output, DType::U8, &Shape::from([7]), &mut [0; 7]) };
        wrong.unwrap_err();
    }
}
