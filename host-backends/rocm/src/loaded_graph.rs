use std::ffi::{CStr, CString, c_void};
use std::sync::Arc;
use std::{fs, iter};

use godwit_backend::{Error, GraphInfo, Model, Result, Shape, Stop};

use crate::batches::Batches;
use crate::cache::Folder;
use crate::compiled::Compiled;
use crate::guards::Guards;
use crate::native::{Given, Library, Program, Quantize, Settings};
use crate::options::{Precision, TargetOptions};
use crate::pool::Pool;
use crate::programs::{Dims, Programs};
use crate::run_target::RunTarget;

/// What every context of a graph shares.
#[derive(Debug)]
pub(crate) struct LoadedGraph {
    pub(crate) library: &'static Library,
    pub(crate) place: RunTarget,
    pub(crate) model: Model,
    pub(crate) info: GraphInfo,
    /// The inputs' names as the library takes them.
    pub(crate) names: Vec<CString>,
    pub(crate) guards: Guards,
    pub(crate) batches: Option<Batches>,
    pub(crate) options: TargetOptions,
    pub(crate) folder: Option<Folder>,
    pub(crate) programs: Programs<Compiled>,
    pub(crate) pool: Arc<Pool>,
}

impl LoadedGraph {
    /// The program for inputs of these dimensions.
    pub(crate) async fn program(self: &Arc<Self>, dims: &Dims) -> Result<Arc<Compiled>> {
        let make = || {
            let (own, dims) = (self.clone(), dims.clone());
            async move { self.pool.load(move |stop| own.make(&dims, stop)).await }
        };
        self.programs.get(dims, make).await
    }

    /// Compiles the model for inputs of these dimensions.
    fn make(&self, dims: &Dims, stop: &Stop) -> Result<Compiled> {
        self.place.select()?;
        let key = format!("{dims:?}");
        if let Some(program) = self.folder.as_ref().and_then(|it| it.restore(self.library, &key)) {
            return Compiled::new(program, &self.info.signature, &self.names);
        }
        let Some(bytes) = self.model.parts().first() else {
            return Err(Error::internal("a model without bytes"));
        };
        let inputs = self.names.iter().zip(dims.iter());
        let inputs: Vec<(&CStr, &[usize])> =
            inputs.map(|(name, dims)| (name.as_c_str(), &dims[..])).collect();
        let mut program = Program::parse(self.library, bytes, &inputs).map_err(|failure| {
            Error::unsupported("the model uses something that MIGraphX does not have")
                .with_source(failure)
        })?;
        proceed(stop)?;
        // Before it is compiled, so that no time is spent on what cannot be used.
        Compiled::check(&program, &self.info.signature)?;
        let samples = match self.options.precision {
            Precision::I8 => self.samples(dims)?,
            _ => Vec::new(),
        };
        let settings = Settings {
            target: self.place.target(),
            // The reference target copies nothing; a GPU's tensors are brought by hand.
            offload_copy: false,
            fast_math: self.options.fast_math,
            exhaustive_tune: self.options.exhaustive_tune,
            quantize: match self.options.precision {
                Precision::Own => None,
                Precision::F16 => Some(Quantize::F16),
                Precision::I8 => Some(Quantize::I8(self.given(dims, &samples))),
            },
        };
        program.compile(&settings).map_err(|failure| {
            Error::unsupported("the model is beyond what MIGraphX can compile").with_source(failure)
        })?;
        proceed(stop)?;
        if let Some(folder) = &self.folder {
            folder.keep(&mut program, &key);
        }
        Compiled::new(program, &self.info.signature, &self.names)
    }

    /// Samples for inputs of these dimensions: the files `0.bin`, `1.bin`, ... of the folder of samples,
    /// again from their beginnings where they are too short.
    fn samples(&self, dims: &Dims) -> Result<Vec<Vec<u64>>> {
        let Some(folder) = &self.options.calibration else {
            return Err(Error::internal("no folder of samples"));
        };
        let infos = self.info.signature.inputs.iter().zip(dims.iter()).enumerate();
        let sample = |(at, (info, shape)): (usize, (&godwit_backend::TensorInfo, &Shape))| {
            let lacking = || Error::not_found(format!("there is no sample of '{}'", info.name));
            let bytes = fs::read(folder.join(format!("{at}.bin")))
                .map_err(|error| lacking().with_source(error))?;
            if bytes.is_empty() || bytes.len() % info.dtype.size() != 0 {
                return Err(lacking().with_source("the file holds no whole elements"));
            }
            let wanted = shape.byte_len(info.dtype)?;
            let mut all: Vec<u8> = bytes.iter().copied().cycle().take(wanted).collect();
            // Aligned for any dtype.
            all.extend(iter::repeat_n(0, wanted.next_multiple_of(8) - wanted));
            Ok(all.as_chunks().0.iter().map(|it| u64::from_ne_bytes(*it)).collect())
        };
        infos.map(sample).collect()
    }

    fn given<'a>(&'a self, dims: &'a Dims, samples: &'a [Vec<u64>]) -> Vec<Given<'a>> {
        let infos =
            self.names.iter().zip(&self.info.signature.inputs).zip(dims.iter().zip(samples));
        let given = |((name, info), (shape, sample)): (_, (&'a Shape, &'a Vec<u64>))| {
            let name: &'a CString = name;
            let info: &'a godwit_backend::TensorInfo = info;
            let data = sample.as_ptr().cast_mut().cast::<c_void>();
            Given { name, dtype: info.dtype, shape, data }
        };
        infos.map(given).collect()
    }
}

fn proceed(stop: &Stop) -> Result<()> {
    if stop.is_stopped() { Err(Error::cancelled("the load was cancelled")) } else { Ok(()) }
}
