//! Which outputs are not computed: the library keeps one tensor for all ends of one value.
//!
//! Where an output is an input, which also `Dropout` or a `Max` of one input makes it, binding the output
//! takes the input's place, and the run reads what it should write. Where two outputs are one value, the
//! library knows only what was bound last. Such outputs are never bound; they are taken from where their
//! value is.
#![allow(unsafe_code, reason = "lends memory to the library")]

use std::sync::Arc;

use godwit_backend::{DType, Result, Shape};

use crate::errors;
use crate::in_flight::InFlight;
use crate::ov::{Compiled, HostTensor, Port, Request};

/// Where the value of an output comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A run computes it.
    Computed,
    /// It is this input.
    Input(usize),
    /// It is this output, which comes before it.
    Output(usize),
}

/// The origin of each output of `compiled`, found by what a request says of one port after another was
/// bound.
pub(crate) fn of(compiled: &Compiled, inputs: &[Port], outputs: &[Port]) -> Result<Vec<Origin>> {
    // Declared first, so that the request is gone before them.
    let mut probes = Vec::new();
    let mut request = compiled.request(Arc::new(InFlight::default())).map_err(errors::open)?;
    let mut bound: Vec<(usize, Origin)> = Vec::new();
    for (at, port) in inputs.iter().enumerate() {
        let probe = Probe::new(port)?;
        // SAFETY: no run ever begins.
        unsafe { request.set_input(at, &probe.view) }.map_err(errors::internal)?;
        bound.push((probe.address(), Origin::Input(at)));
        probes.push(probe);
    }
    let mut origins = Vec::new();
    for (at, port) in outputs.iter().enumerate() {
        let there = address(&request, at)?;
        let other = bound.iter().find(|(address, _)| *address == there);
        if let Some((_, origin)) = other {
            origins.push(*origin);
            continue;
        }
        let probe = Probe::new(port)?;
        // SAFETY: no run ever begins.
        unsafe { request.set_output(at, &probe.view) }.map_err(errors::internal)?;
        bound.push((probe.address(), Origin::Output(at)));
        probes.push(probe);
        origins.push(Origin::Computed);
    }
    Ok(origins)
}

fn address(request: &Request, output: usize) -> Result<usize> {
    let tensor = request.output(output).map_err(errors::internal)?;
    Ok(tensor.address())
}

/// A tensor at an address that no other has. There is no memory for its elements: a hostile model may ask
/// for any amount, and no run reads or writes them.
struct Probe {
    view: HostTensor,
    place: Box<u64>,
}

impl Probe {
    fn new(port: &Port) -> Result<Self> {
        let dtype = port.dtype.unwrap_or(DType::U8);
        let mut place = Box::new(0);
        // SAFETY: the place stays as long as the view, and as no run is given it, nothing beyond the address
        // is looked at.
        let view = unsafe {
            HostTensor::over(dtype, &Shape::from(&*port.least), (&raw mut *place).cast::<u8>())
        };
        Ok(Self { view: view.map_err(errors::internal)?, place })
    }

    fn address(&self) -> usize {
        (&raw const *self.place).addr()
    }
}
