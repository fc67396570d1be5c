use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use godwit_backend::{Buffer, Error, Result, Signature, Stop};

use crate::faults;
use crate::native::{ExternalFile, Library, Placement, Session, SessionOptions};
use crate::options::TargetOptions;
use crate::ports::signature;
use crate::providers::Provider;
use crate::survey::{Survey, survey};

/// A model ready to run.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) session: Session,
    pub(crate) signature: Signature,
    pub(crate) footprint: u64,
    pub(crate) steady: bool,
    /// Whether it has no graphs within.
    pub(crate) plain: bool,
    pub(crate) placement: Placement,
}

/// Compiles the bytes of an ONNX file for one device, looking at `stop` between the stages.
pub(crate) fn load(
    library: &Library,
    bytes: &Buffer,
    provider: &Provider,
    wanted: &TargetOptions,
    options: &SessionOptions,
    stop: &Stop,
) -> Result<Loaded> {
    let Survey { external, footprint, steady, plain, .. } = survey(bytes)?;
    let names = external.into_iter().collect::<Vec<_>>();
    let mut files = read(wanted.external_data.as_deref(), &names)?;
    proceed(stop)?;
    let prepared = options.external(&mut files).and_then(|()| match provider.is_host() {
        true => Ok(()),
        false => options.provider(provider.name, &provider.options()),
    });
    prepared
        .map_err(|fault| Error::unavailable("the device cannot be opened").with_source(fault))?;
    proceed(stop)?;
    let (session, ports) = Session::new(library, bytes, options).map_err(faults::load)?;
    drop(files);
    let placement = session.placement().map_err(faults::load)?;
    let elsewhere = placement.elsewhere(provider.name);
    if elsewhere > 0 && !wanted.fallback {
        return Err(Error::unsupported(format!(
            "the device takes {} of the model's {} nodes and leaves {elsewhere} to the processor, \
             which the option fallback = 'allowed' permits",
            placement.nodes() - elsewhere,
            placement.nodes(),
        )));
    }
    Ok(Loaded { signature: signature(ports)?, session, footprint, steady, plain, placement })
}

fn proceed(stop: &Stop) -> Result<()> {
    if stop.is_stopped() { Err(Error::cancelled("the load was cancelled")) } else { Ok(()) }
}

/// The files that hold the model's weights, from the folder that was granted, and from nowhere else.
fn read(folder: Option<&Path>, names: &[String]) -> Result<Vec<ExternalFile>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let Some(folder) = folder else {
        return Err(Error::unsupported(
            "the model keeps weights in other files, and no folder is granted to read them from \
             (option external_data)",
        ));
    };
    let refused = || Error::not_found("the folder of the model's weights cannot be opened");
    let folder = Dir::open_ambient_dir(folder, ambient_authority())
        .map_err(|error| refused().with_source(error))?;
    let file = |name: &String| {
        let bytes = folder.read(name).map_err(|error| {
            Error::not_found("the model's weights are not in the folder that was granted")
                .with_source(format!("'{name}': {error}"))
        })?;
        Ok(ExternalFile { name: name.clone(), bytes })
    };
    names.iter().map(file).collect()
}
