use std::collections::HashMap;
use std::path::Path;

use godwit_backend::{Budget, Buffer, Charge, Digest, Error, Result, Shape, Tensor};

use super::format::{FORMAT, File, Named, VERSION, is_digest};
use super::{FILE, TENSORS};
use crate::files;
use crate::number::dtype_named;
use crate::profile::ProfileName;
use crate::recording::{Captured, LoadRecord, Recording, RunRecord};

/// How much a trace may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceLimits {
    /// Bytes of `trace.json`. Default: 256 MiB.
    pub json_bytes: u64,
    /// Bytes of all tensors, each file counted once. Default: 4 GiB.
    pub tensor_bytes: u64,
}

impl Default for TraceLimits {
    fn default() -> Self {
        Self { json_bytes: 256 << 20, tensor_bytes: 4 << 30 }
    }
}

/// Reads the trace in `folder`.
///
/// # Errors
///
/// - `NotFound`: there is none, or a tensor of it is missing;
/// - `InvalidEncoding`: it is not a trace of this version, or something in it does not fit;
/// - `TooLarge`: one of the limits.
pub fn read(folder: &Path, limits: &TraceLimits) -> Result<Recording> {
    let bytes = files::read("the trace", &folder.join(FILE), limits.json_bytes)?;
    let file: File = serde_json::from_slice(&bytes)
        .map_err(|error| Error::invalid_encoding("the file is not a trace").with_source(error))?;
    if file.format != FORMAT || file.version != VERSION {
        return Err(broken("its format or version is not supported"));
    }
    file.loads.iter().try_for_each(check_load)?;
    let mut tensors = Tensors::new(folder, limits);
    let mut runs = Vec::new();
    for run in file.runs {
        if run.load >= file.loads.len() {
            return Err(broken("a run refers to a missing load"));
        }
        if run.seconds.iter().any(|seconds| !seconds.is_finite() || *seconds < 0.0) {
            return Err(broken("the time of a run is not valid"));
        }
        if run.failure.is_some() && !run.outputs.is_empty() {
            return Err(broken("a run has both an error and outputs"));
        }
        runs.push(RunRecord {
            load: run.load,
            inputs: tensors.read_all(run.inputs)?,
            outputs: tensors.read_all(run.outputs)?,
            failure: run.failure,
            seconds: run.seconds,
            unsteady: run.unsteady,
        });
    }
    Ok(Recording { loads: file.loads, runs })
}

fn check_load(load: &LoadRecord) -> Result<()> {
    if !is_digest(&load.digest) {
        return Err(broken("the digest of a model is not valid"));
    }
    if !load.seconds.is_finite() || load.seconds < 0.0 {
        return Err(broken("the time of a load is not valid"));
    }
    let is_known =
        |precision: &str| precision == ProfileName::Tf32.name() || dtype_named(precision).is_some();
    if load.device.as_ref().is_some_and(|device| !is_known(&device.precision)) {
        return Err(broken("the precision of a device is unknown"));
    }
    Ok(())
}

/// The folder of tensors, each file read once.
struct Tensors<'a> {
    folder: &'a Path,
    budget: Budget,
    charges: Vec<Charge>,
    known: HashMap<String, (Buffer, Digest)>,
}

impl<'a> Tensors<'a> {
    fn new(folder: &'a Path, limits: &TraceLimits) -> Self {
        let budget = Budget::new("recorded tensors", limits.tensor_bytes);
        Self { folder, budget, charges: Vec::new(), known: HashMap::new() }
    }

    fn read_all(&mut self, named: Vec<Named>) -> Result<Vec<Captured>> {
        named.into_iter().map(|named| self.read(named)).collect()
    }

    fn read(&mut self, named: Named) -> Result<Captured> {
        let dtype =
            dtype_named(&named.dtype).ok_or_else(|| broken("the dtype of a tensor is unknown"))?;
        if !is_digest(&named.digest) {
            return Err(broken("the digest of a tensor is not valid"));
        }
        let shape = Shape::new(named.shape);
        let expected = shape.byte_len(dtype)?;
        let (bytes, digest) = match self.known.get(&named.digest) {
            Some(known) => known.clone(),
            None => self.read_file(&named.digest, expected as u64)?,
        };
        if bytes.len() != expected {
            return Err(broken("the file of a tensor does not have the length of its shape"));
        }
        Ok(Captured { name: named.name, digest, tensor: Tensor::new(dtype, shape, bytes)? })
    }

    fn read_file(&mut self, name: &str, expected: u64) -> Result<(Buffer, Digest)> {
        self.charges.push(self.budget.charge(expected)?);
        let path = self.folder.join(TENSORS).join(format!("{name}.bin"));
        let bytes = files::read("a tensor of the trace", &path, expected)?;
        let digest = Digest::of(&bytes);
        if digest.to_string() != name {
            return Err(broken("the bytes of a tensor do not match its digest"));
        }
        let read = (Buffer::from(bytes), digest);
        self.known.insert(name.to_owned(), read.clone());
        Ok(read)
    }
}

fn broken(why: &str) -> Error {
    Error::invalid_encoding(format!("the trace is damaged: {why}"))
}
