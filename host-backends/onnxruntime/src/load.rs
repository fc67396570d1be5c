use std::collections::BTreeSet;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use godwit_backend::{Buffer, Error, Result, Signature, Stop, Wall};
use godwit_onnx::walls::{self, Engine};
use godwit_onnx::{Outline, check_generated, decode, refuse};

use crate::faults;
use crate::native::{ExternalFile, Library, Placement, Session, SessionOptions};
use crate::options::TargetOptions;
use crate::ports::signature;
use crate::providers::Provider;
use crate::refusals::refusals;

/// A model ready to run.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) session: Session,
    pub(crate) signature: Signature,
    pub(crate) footprint: u64,
    /// Whether the dimensions of the inputs alone determine how much work a run is.
    pub(crate) shape_determined: bool,
    /// Whether it has branches or loops.
    pub(crate) control_flow: bool,
    pub(crate) placement: Placement,
}

/// Compiles the bytes of an ONNX file for one device, looking at `stop` between the stages.
pub(crate) fn load(
    library: &Library,
    bytes: &Buffer,
    provider: &Provider,
    wanted: &TargetOptions,
    options: &SessionOptions,
    wall: Wall,
    stop: &Stop,
) -> Result<Loaded> {
    let outline = read_outline(bytes, wall)?;
    let mut files = read(wanted.external_data.as_deref(), &outline.external)?;
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
    Ok(Loaded {
        signature: signature(ports)?,
        session,
        footprint: footprint(&outline),
        shape_determined: outline.shape_determined,
        control_flow: outline.control_flow,
        placement,
    })
}

/// What the file says, unless the library must not see it.
fn read_outline(bytes: &Buffer, wall: Wall) -> Result<Outline> {
    let model = decode(bytes)?;
    check_generated(&model, "ONNX Runtime")?;
    refuse(&model, "ONNX Runtime", refusals())?;
    walls::check(&model, Engine::OnnxRuntime, wall)?;
    Ok(Outline::of(&model))
}

/// Bytes that the compiled model will hold: its weights and its nodes.
fn footprint(outline: &Outline) -> u64 {
    /// Of a session without nodes.
    const SESSION: u64 = 64 << 10;
    /// Of a node besides its weights: itself, its kernel, its names, its place in the plan.
    const NODE: u64 = 2048;
    let nodes = u64::try_from(outline.nodes).unwrap_or(u64::MAX).saturating_mul(NODE);
    SESSION.saturating_add(nodes).saturating_add(outline.weight_bytes)
}

fn proceed(stop: &Stop) -> Result<()> {
    if stop.is_stopped() { Err(Error::cancelled("the load was cancelled")) } else { Ok(()) }
}

/// The files that hold the model's weights, from the folder that was granted, and from nowhere else.
fn read(folder: Option<&Path>, names: &BTreeSet<String>) -> Result<Vec<ExternalFile>> {
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
