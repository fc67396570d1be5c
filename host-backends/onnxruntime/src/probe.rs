use std::fs;
use std::path::Path;

use godwit_backend::{Buffer, DType, Error, HostMemory, Result, Shape, Stop, Wall};

use crate::faults;
use crate::load::{Loaded, load};
use crate::native::{Library, SessionOptions, Threads};
use crate::options::TargetOptions;
use crate::providers::Provider;

/// `x` `f32[2, 2]` -> `y` = x w + x, where w is 1 2 3 4.
const MODEL: &[u8] = include_bytes!("probe.onnx");

const X: [f32; 4] = [1.0, 0.5, -2.0, 4.0];
const Y: [f32; 4] = [3.5, 4.5, 8.0, 16.0];

/// Whether one run on the provider's device gives the right answer.
pub(crate) fn probe(library: &Library, provider: &Provider) -> Result<()> {
    if !provider.is_host() {
        alone(library.path())?;
    }
    let wanted = TargetOptions::default();
    let options = SessionOptions::new(Threads::Own(1), false, wanted.optimization);
    let options = options.map_err(faults::load)?;
    let model = Buffer::from_owner(MODEL);
    let Loaded { session, .. } =
        load(library, &model, provider, &wanted, &options, Wall::Own, &Stop::default())?;
    let shape = Shape::from([2, 2]);
    let inputs = [(DType::F32, &shape, bytemuck::cast_slice(&X))];
    let outputs = session.run(library, None, inputs.into_iter()).map_err(faults::run)?;
    let [output] = outputs.as_slice() else { return Err(wrong()) };
    let close = |(y, expected): (f32, f32)| (y - expected).abs() < 1e-2;
    let values = output.bytes().as_chunks::<4>().0.iter().copied().map(f32::from_le_bytes);
    let right = output.bytes().len() == size_of_val(&Y) && values.zip(Y).all(close);
    if right { Ok(()) } else { Err(wrong()) }
}

fn wrong() -> Error {
    Error::failed("the device gives wrong answers")
}

/// The library loads its providers from its own folder, and crashes when one is of another version. No
/// provider says which it is of, so a folder that holds several libraries is not trusted.
fn alone(library: &Path) -> Result<()> {
    let files = library.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten();
    let other = files.flatten().map(|entry| entry.path()).find(|file| {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let core = name.is_some_and(|name| {
            name.starts_with("libonnxruntime.so") || name.starts_with("libonnxruntime.dylib")
        });
        core && fs::canonicalize(file).is_ok_and(|file| file != library)
    });
    match other {
        None => Ok(()),
        Some(other) => Err(Error::unavailable(
            "several versions of ONNX Runtime are in one folder, and its execution providers do not \
             say which of them they belong to",
        )
        .with_source(other.display().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use godwit_backend::ErrorKind;
    use godwit_fixtures::onnx::Graph;

    use super::*;

    #[test]
    fn the_model_is_what_its_description_says() {
        let mut graph = Graph::new("probe");
        graph.input("x", DType::F32, [2, 2]);
        graph.initializer("w", [2, 2], &[1f32, 2.0, 3.0, 4.0]);
        graph.node("MatMul", ["x", "w"], "product");
        graph.node("Add", ["product", "x"], "y");
        graph.output("y", DType::F32, [2, 2]);
        assert_eq!(graph.into_bytes(), MODEL);
    }

    #[test]
    fn a_folder_of_several_versions_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let library = folder.join("libonnxruntime.so.1.31.1");
        fs::write(&library, "").unwrap();
        fs::write(folder.join("libonnxruntime_providers_cuda.so"), "").unwrap();
        std::os::unix::fs::symlink(&library, folder.join("libonnxruntime.so")).unwrap();
        alone(&library).unwrap();
        fs::write(folder.join("libonnxruntime.so.1.30.0"), "").unwrap();
        assert_eq!(alone(&library).unwrap_err().kind(), ErrorKind::Unavailable);
    }
}
