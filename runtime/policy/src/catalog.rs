use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use godwit_backend::{
    Backend, Buffer, Device, DeviceId, DeviceKind, Encoding, Error, Graph, Model, Result, Target,
    known,
};
use godwit_model::detect;

use crate::select::{encodings, reads, select};

/// The name of every model that a guest brings as bytes: in allow-lists, reports and metrics. Its digest
/// tells one from another.
pub const GUEST_MODEL: &str = "(guest)";

/// A longer name is not looked for, only counted: it came from a guest.
const LONGEST_NAME: usize = 256;

/// The models one tenant's guests can load: by name, and if allowed from bytes of their own.
#[derive(Debug)]
pub struct Catalog {
    backend: Arc<dyn Backend>,
    entries: BTreeMap<String, Entry>,
    default_device: Option<DeviceId>,
    guest_models: bool,
    max_model_bytes: u64,
}

/// One model in a catalog.
#[derive(Debug, Clone, Default)]
pub struct CatalogEntry {
    /// The same model in one or more encodings, the preferred first; the first that the device reads is
    /// taken.
    pub variants: Vec<Model>,
    /// The device asked for; `None` means the catalog's default device.
    pub target: Option<Target>,
}

#[derive(Debug)]
struct Entry {
    offered: CatalogEntry,
    /// The variant and target that loaded before. Finding them means asking every family for its devices.
    settled: OnceLock<(Model, Target)>,
}

/// Puts a [`Catalog`] together.
#[derive(Debug)]
pub struct CatalogBuilder(Catalog);

impl CatalogBuilder {
    /// Offers a model by `name`; an earlier one of that name is replaced.
    #[must_use]
    pub fn model(mut self, name: impl Into<String>, entry: CatalogEntry) -> Self {
        let entry = Entry { offered: entry, settled: OnceLock::new() };
        self.0.entries.insert(name.into(), entry);
        self
    }

    /// The device for models without a target of their own, and the one preferred among those of the
    /// kind a guest asks for. Without it, the first device the backend lists.
    #[must_use]
    pub fn default_device(mut self, device: DeviceId) -> Self {
        self.0.default_device = Some(device);
        self
    }

    /// Whether guests may load bytes of their own, and how many at most.
    #[must_use]
    pub fn guest_models(mut self, allowed: bool, max_model_bytes: u64) -> Self {
        self.0.guest_models = allowed;
        self.0.max_model_bytes = max_model_bytes;
        self
    }

    /// The catalog.
    pub fn build(self) -> Catalog {
        self.0
    }
}

impl Catalog {
    /// An empty catalog on `backend` that lets no guest load bytes of its own.
    pub fn builder(backend: Arc<dyn Backend>) -> CatalogBuilder {
        CatalogBuilder(Self {
            backend,
            entries: BTreeMap::new(),
            default_device: None,
            guest_models: false,
            max_model_bytes: 0,
        })
    }

    /// The same models on another tenant's `backend`, with the devices that were found for them so far.
    #[must_use]
    pub fn on(self, backend: Arc<dyn Backend>) -> Self {
        Self { backend, ..self }
    }

    /// The names of the models on offer, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.entries.keys().map(String::as_str)
    }

    /// Loads the model of this name on the device it was configured for.
    ///
    /// # Errors
    ///
    /// - `NotFound`: no such model, with the names there are and the nearest; or no such device.
    /// - `Unsupported`: the device reads none of the model's encodings.
    /// - What the backend gives.
    pub async fn by_name(&self, name: &str) -> Result<Arc<dyn Graph>> {
        let entry = self.entries.get(name).ok_or_else(|| self.no_such_model(name))?;
        if let Some((model, target)) = entry.settled.get() {
            return self.backend.load(model, target).await;
        }
        let (model, target) = self.place(name, &entry.offered)?;
        let graph = self.backend.load(model, &target).await?;
        // Another task may have been first, with the same answer.
        let _ = entry.settled.set((model.clone(), target));
        Ok(graph)
    }

    /// Loads a model that a guest brings as `parts`, on a device of `kind`. Without an encoding, the
    /// bytes tell.
    ///
    /// # Errors
    ///
    /// - `Denied`: guests may not load models here.
    /// - `TooLarge`: more bytes than a guest's model may have.
    /// - `InvalidEncoding`: no encoding was given and the bytes look like none.
    /// - `Unsupported`: no device of that kind, or none that reads the encoding; the message lists those
    ///   there are. Nothing stands in.
    /// - What the backend gives.
    pub async fn by_bytes(
        &self,
        encoding: Option<Encoding>,
        parts: Vec<Buffer>,
        kind: DeviceKind,
    ) -> Result<Arc<dyn Graph>> {
        self.allow_guest_model(&parts)?;
        let encoding = encoding.or_else(|| detect(&parts)).ok_or_else(|| {
            Error::invalid_encoding(
                "the bytes look like no model encoding known here; name the encoding",
            )
        })?;
        let target = self.target_of_kind(kind, encoding)?;
        self.backend.load(&Model::new(GUEST_MODEL, encoding, parts), &target).await
    }

    fn allow_guest_model(&self, parts: &[Buffer]) -> Result<()> {
        if !self.guest_models {
            let names: Vec<&str> = self.names().collect();
            return Err(Error::denied(format!(
                "this host lets no guest load model bytes of its own; load by name instead: {}",
                if names.is_empty() {
                    "no models are offered".to_owned()
                } else {
                    names.join(", ")
                }
            )));
        }
        let bytes: u64 = parts.iter().map(|part| part.len() as u64).sum();
        if bytes > self.max_model_bytes {
            return Err(Error::too_large(format!(
                "the model has {bytes} bytes; a guest's model may have {}",
                self.max_model_bytes
            )));
        }
        Ok(())
    }

    fn target_of_kind(&self, kind: DeviceKind, encoding: Encoding) -> Result<Target> {
        let devices = self.backend.devices()?;
        let preferred = devices.iter().find(|device| {
            Some(&device.id) == self.default_device.as_ref()
                && device.kind == kind
                && reads(device, encoding)
        });
        let device = preferred.map_or_else(|| select(&devices, kind, encoding), Ok)?;
        Ok(Target::new(device.id.as_str()))
    }

    /// The variant to load and the device to load it on.
    fn place<'a>(&self, name: &str, entry: &'a CatalogEntry) -> Result<(&'a Model, Target)> {
        let devices = self.backend.devices()?;
        let mut target = match (&entry.target, &self.default_device, devices.first()) {
            (Some(target), _, _) => target.clone(),
            (None, Some(id), _) => Target::new(id.as_str()),
            (None, None, Some(first)) => Target::new(first.id.as_str()),
            (None, None, None) => return Err(Error::unavailable("this host has no devices")),
        };
        let variant = match devices.iter().find(|device| device.answers_to(&target.device)) {
            Some(device) => {
                // By whichever of its names a device is asked for, its graphs are the same.
                target.device = device.id.clone();
                let readable = |model: &&Model| reads(device, model.encoding());
                let unreadable = || no_variant(name, entry, device);
                entry.variants.iter().find(readable).ok_or_else(unreadable)?
            }
            // The backend knows best why the device is not there.
            None => entry.variants.first().ok_or_else(|| no_files(name))?,
        };
        Ok((variant, target))
    }

    fn no_such_model(&self, name: &str) -> Error {
        if name.len() > LONGEST_NAME {
            return Error::not_found(format!(
                "there is no model with a name of {} bytes",
                name.len()
            ));
        }
        let known = known("models", name, self.names());
        Error::not_found(format!("there is no model '{name}': {known}"))
    }
}

fn no_files(name: &str) -> Error {
    Error::not_found(format!("the model '{name}' is offered without any file"))
}

fn no_variant(name: &str, entry: &CatalogEntry, device: &Device) -> Error {
    let there_are: Vec<&str> = entry.variants.iter().map(|model| model.encoding().name()).collect();
    if there_are.is_empty() {
        return no_files(name);
    }
    Error::unsupported(format!(
        "the model '{name}' comes as {}, but {} reads {}",
        there_are.join(", "),
        device.id,
        encodings(device)
    ))
}
