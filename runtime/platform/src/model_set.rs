use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use godwit_backend::{Backend, DeviceId, Error, Model, Target};
use godwit_policy::{Catalog, CatalogEntry};

use crate::{ModelSpec, Platform, PlatformError, PlatformErrorKind, Result, models};

/// The models that an app may load by name, read, with their devices.
#[derive(Debug)]
pub struct ModelSet {
    default_device: DeviceId,
    models: BTreeMap<String, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    /// The first file, if there is one.
    path: Option<PathBuf>,
    device: Option<DeviceId>,
    options: BTreeMap<String, String>,
    variants: Vec<Model>,
}

impl ModelSet {
    /// No models, and the device for those that will name none.
    pub fn new(default_device: DeviceId) -> Self {
        Self { default_device, models: BTreeMap::new() }
    }

    /// Reads a variant of a model. Variants of one name share their device and its options.
    ///
    /// # Errors
    ///
    /// `Request` when an earlier variant of the name says otherwise; as of [`ModelSpec::read`].
    pub fn add(&mut self, spec: &ModelSpec) -> Result<()> {
        let (path, model) = spec.read()?;
        let ModelSpec { name, device, options, .. } = spec;
        let entry = self.models.entry(name.clone()).or_default();
        entry.path = entry.path.take().or(path);
        match (&entry.device, device) {
            (Some(one), Some(other)) if one != other => return Err(two_devices(name, one, other)),
            (None, Some(device)) => entry.device = Some(device.clone()),
            _ => {}
        }
        for (option, value) in options {
            match entry.options.insert(option.clone(), value.clone()) {
                Some(other) if other != *value => {
                    return Err(two_values(name, option, &other, value));
                }
                _ => {}
            }
        }
        entry.variants.push(model);
        Ok(())
    }

    /// Adds the model that the service behind the default device has by `name`.
    pub fn add_served(&mut self, name: String) {
        self.models.entry(name).or_default();
    }

    /// A catalog of the models on `backend`, which is a tenant's of `platform`. Services are asked for their models
    /// by name. `guest_models` are the bytes that a model which an app brings may have; `None` if it may bring none.
    pub fn catalog(
        &mut self,
        platform: &Platform,
        backend: Arc<dyn Backend>,
        guest_models: Option<u64>,
    ) -> Catalog {
        let mut builder = Catalog::builder(backend)
            .default_device(self.default_device.clone())
            .guest_models(guest_models.is_some(), guest_models.unwrap_or_default());
        for (name, entry) in &mut self.models {
            let device = entry.device.as_ref().unwrap_or(&self.default_device);
            if platform.is_service(device) {
                entry.variants.extend(models::served(name, &entry.variants));
            }
            let target =
                Some(Target { options: entry.options.clone(), ..Target::new(device.as_str()) });
            builder =
                builder.model(name, CatalogEntry { variants: entry.variants.clone(), target });
        }
        builder.build()
    }

    /// Each model's name, and the device that it is for.
    pub fn devices(&self) -> impl Iterator<Item = (&str, &DeviceId)> {
        self.models.iter().map(|(name, entry)| {
            (name.as_str(), entry.device.as_ref().unwrap_or(&self.default_device))
        })
    }

    /// Why the model `name` could not be loaded.
    pub fn unusable(&self, name: &str, error: &Error) -> PlatformError {
        let empty = Entry::default();
        let entry = self.models.get(name).unwrap_or(&empty);
        let device = entry.device.as_ref().unwrap_or(&self.default_device).as_str();
        let remote = entry.variants.iter().find(|model| model.there().is_some());
        match (remote, &entry.path, entry.variants.first()) {
            (Some(model), _, _) => models::unserved(model, device, error),
            (None, Some(path), Some(model)) => models::unusable(model, path, device, error),
            _ => PlatformError::new(PlatformErrorKind::Internal, "a model without a file")
                .why(error.report()),
        }
    }
}

fn two_devices(name: &str, one: &DeviceId, other: &DeviceId) -> PlatformError {
    let what = format!("the model '{name}' has two devices");
    PlatformError::new(PlatformErrorKind::Request, what)
        .why(format!("device={one} and device={other}; all encodings of a name run on one device"))
        .help(format!("use two names: {name}-{} and {name}-{}", one.family(), other.family()))
}

fn two_values(name: &str, option: &str, one: &str, other: &str) -> PlatformError {
    let what = format!("the model '{name}' has two values for one option");
    PlatformError::new(PlatformErrorKind::Request, what)
        .why(format!(
            "set.{option}={one} and set.{option}={other}; all encodings of a name share their options"
        ))
        .help("use two names")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelSource;

    fn spec(device: Option<&str>, options: &[(&str, &str)]) -> ModelSpec {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/models/digits.onnx");
        let options = options.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        ModelSpec {
            name: "m".into(),
            source: ModelSource::Path(path.into()),
            encoding: None,
            device: device.map(DeviceId::new),
            options: options.collect(),
        }
    }

    fn set(specs: &[ModelSpec]) -> Result<ModelSet> {
        let mut set = ModelSet::new(DeviceId::new("cpu:0"));
        specs.iter().try_for_each(|spec| set.add(spec)).map(|()| set)
    }

    #[test]
    fn all_variants_of_a_name_share_the_device_that_one_of_them_names() {
        let set = set(&[spec(None, &[]), spec(Some("a:0"), &[]), spec(Some("a:0"), &[])]).unwrap();
        assert_eq!(set.models["m"].variants.len(), 3);
        assert!(set.devices().eq([("m", &DeviceId::new("a:0"))]));
    }

    #[test]
    fn two_devices_for_one_name_are_refused() {
        let error = set(&[spec(Some("a:0"), &[]), spec(Some("b:0"), &[])]).unwrap_err();
        assert_eq!(error.kind, PlatformErrorKind::Request);
        assert!(error.why[0].contains("device=a:0 and device=b:0"), "{error}");
    }

    #[test]
    fn options_of_one_name_must_agree() {
        let two = spec(None, &[("threads", "2")]);
        let set_of = set(&[two.clone(), spec(None, &[("threads", "2"), ("x", "y")])]).unwrap();
        assert_eq!(set_of.models["m"].options.len(), 2);
        let error = set(&[two, spec(None, &[("threads", "4")])]).unwrap_err();
        assert!(error.why[0].contains("set.threads=2 and set.threads=4"), "{error}");
    }
}
