//! The files of models.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use godwit_backend::{DeviceId, Encoding, Error, ErrorKind, Model};
use godwit_model::{check_claimed, detect};

use crate::{PlatformError, PlatformErrorKind, Result, files};

/// What a model is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// A file, or a folder that holds one.
    Path(PathBuf),
    /// The name that a service has for it.
    Remote(String),
}

/// One variant of a model, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSpec {
    /// The name that an app loads it by.
    pub name: String,
    /// Its file, or what a service calls it.
    pub source: ModelSource,
    /// `None`: told by the file.
    pub encoding: Option<Encoding>,
    /// `None`: the default device.
    pub device: Option<DeviceId>,
    /// For the device's backend, which knows what it has.
    pub options: BTreeMap<String, String>,
}

impl ModelSpec {
    /// The model, and its file if it has one.
    ///
    /// # Errors
    ///
    /// As of [`file()`] and [`read`].
    pub fn read(&self) -> Result<(Option<PathBuf>, Model)> {
        match &self.source {
            ModelSource::Path(path) => {
                let path = file(path, self.encoding)?;
                let model = read(&self.name, &path, self.encoding)?;
                Ok((Some(path), model))
            }
            ModelSource::Remote(name) => Ok((None, Model::remote(&self.name, name, None))),
        }
    }
}

/// The model's file: `path` itself, or if that is a folder the one model in it, of `encoding` if that is
/// given.
///
/// # Errors
///
/// `File` when the folder holds none, or more than one.
pub fn file(path: &Path, encoding: Option<Encoding>) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let entries = fs::read_dir(path)
        .map_err(|error| files::cannot_read("the folder", path, &error))?
        .flatten();
    let is_meant = |file: &PathBuf| match by_extension(file) {
        Some(found) => encoding.is_none_or(|wanted| wanted == found) && file.is_file(),
        None => false,
    };
    let mut models: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_meant).collect();
    models.sort();
    let shown = path.display();
    match models.as_slice() {
        [model] => Ok(model.clone()),
        [] => Err(PlatformError::new(
            PlatformErrorKind::File,
            format!("the folder '{shown}' contains no model"),
        )
        .why("none of its files has a known extension")
        .help("choose a file: --model NAME=PATH,encoding=ENCODING")),
        [first, ..] => {
            let names = models.iter().filter_map(|model| model.file_name());
            let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
            Err(PlatformError::new(
                PlatformErrorKind::File,
                format!("the folder '{shown}' contains more than one model"),
            )
            .why(names.join(", "))
            .help(format!("choose one: {}", first.display())))
        }
    }
}

/// A model from its file, and its weights from the file beside it where the encoding keeps them there.
///
/// The encoding is what the caller says, or what the file's name says, or what its bytes look like;
/// whoever says it, the bytes are held to it.
///
/// # Errors
///
/// `File` when it cannot be read; `Model` when its encoding cannot be told, or is another one.
pub fn read(name: &str, path: &Path, encoding: Option<Encoding>) -> Result<Model> {
    let (bytes, digest) = files::read_model("the model", path)?;
    let (mut parts, mut digests) = (vec![bytes], vec![digest]);
    let claimed = encoding.or_else(|| by_extension(path)).or_else(|| detect(&parts));
    let Some(encoding) = claimed else {
        return Err(PlatformError::new(
            PlatformErrorKind::Model,
            format!("cannot detect the encoding of the model '{}'", path.display()),
        )
        .why("neither its extension nor its content is known")
        .help("specify the encoding: --model NAME=PATH,encoding=onnx, or inspect --encoding onnx")
        .help(format!("known encodings: {}", Encoding::ALL.map(Encoding::name).join(", "))));
    };
    check_claimed(encoding, &parts).map_err(|error| not_what_it_says(path, &error))?;
    if encoding == Encoding::Openvino {
        let weights = path.with_extension("bin");
        // A graph without constants has none; one with constants is refused for lacking them.
        if weights.exists() {
            let (bytes, digest) = files::read_model("the weights", &weights)?;
            parts.push(bytes);
            digests.push(digest);
        }
    }
    Ok(Model::with_digests(name, encoding, parts.into_iter().zip(digests).collect()))
}

/// Only extensions that mean one encoding.
fn by_extension(path: &Path) -> Option<Encoding> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "onnx" => Some(Encoding::Onnx),
        "xml" => Some(Encoding::Openvino),
        "gguf" => Some(Encoding::Ggml),
        "tflite" => Some(Encoding::TensorflowLite),
        "pt" | "pth" => Some(Encoding::Pytorch),
        _ => None,
    }
}

fn not_what_it_says(path: &Path, error: &Error) -> PlatformError {
    let what = format!("'{}' is not in the expected encoding", path.display());
    let failure = PlatformError::new(error.kind().into(), what).why(error.report());
    failure.help("check that the download is complete, or specify another file or encoding")
}

/// The model `name` as a remote device has it, unless the command line says what that is called there. A
/// file of it here is only what it is taken for.
pub fn served(name: &str, variants: &[Model]) -> Option<Model> {
    if variants.iter().any(|model| model.there().is_some()) {
        return None;
    }
    Some(Model::remote(name, name, variants.first().map(Model::digest)))
}

/// Why a model of a remote device cannot be used.
pub fn unserved(model: &Model, device: &str, error: &Error) -> PlatformError {
    let what = format!("cannot use the model '{}' on {device}", model.name());
    let failure = PlatformError::new(error.kind().into(), what).why(error.report());
    match error.kind() {
        ErrorKind::Denied => failure.help(format!("check 'auth' of {device} in godwit.toml")),
        ErrorKind::NotFound => failure
            .help(format!("specify the name it has there: --model {}=remote:NAME", model.name())),
        ErrorKind::Unsupported if error.message().contains("comes as") => {
            failure.help("specify a remote device: --device, or device= after the model")
        }
        _ => failure.help("check whether the service is ready: godwit devices"),
    }
}

/// Why a model that was read cannot be used.
pub fn unusable(model: &Model, path: &Path, device: &str, error: &Error) -> PlatformError {
    let what = format!("cannot load the model '{}' on {device}", model.name());
    let failure = PlatformError::new(error.kind().into(), what).why(error.report());
    let shown = path.display();
    let lacks_weights = model.encoding() == Encoding::Openvino && model.parts().len() == 1;
    match error.kind() {
        ErrorKind::InvalidEncoding if lacks_weights => failure.help(format!(
            "OpenVINO IR has its weights in a second file: put '{}' next to '{shown}'",
            path.with_extension("bin").display()
        )),
        ErrorKind::InvalidEncoding => failure
            .help(format!("compare the size and SHA-256 of '{shown}' with those of the original")),
        ErrorKind::Unsupported => {
            failure.help(format!("show which devices can load it: godwit inspect {shown}"))
        }
        ErrorKind::TooLarge | ErrorKind::OutOfMemory => {
            failure.help("use a smaller or quantised model, or a device with more memory")
        }
        ErrorKind::Unavailable | ErrorKind::DeviceLost | ErrorKind::NotFound => {
            failure.help("list the devices: godwit devices")
        }
        _ => failure.help(format!("show the contents of the file: godwit inspect {shown}")),
    }
}
