//! From `--model` options to a catalog of models that are known to load.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use godwit_backend::{DeviceId, Graph, Model, Target};
use godwit_policy::{Catalog, CatalogEntry, Ledger};

use super::RunArgs;
use crate::failure::{Code, Failure, Outcome};
use crate::models;
use crate::option::ModelOption;
use crate::progress::Progress;
use crate::stack::{DEFAULT_DEVICE, Machine};

/// The models of a command line, read.
pub(super) struct Offer<'a> {
    default_device: DeviceId,
    guest_models: bool,
    models: BTreeMap<&'a str, Offered<'a>>,
}

struct Offered<'a> {
    path: &'a Path,
    device: Option<&'a DeviceId>,
    variants: Vec<Model>,
}

impl<'a> Offer<'a> {
    /// Reads the models, after making sure that their devices are there.
    pub(super) fn read(args: &'a RunArgs, machine: &Machine) -> Outcome<Self> {
        let default_device = args.device.clone().unwrap_or_else(|| DeviceId::new(DEFAULT_DEVICE));
        let default_is_used = args.device.is_some()
            || args.guest_models
            || args.models.iter().any(|model| model.device.is_none());
        if default_is_used {
            machine.check_device(&default_device)?;
        }
        args.models
            .iter()
            .filter_map(|model| model.device.as_ref())
            .try_for_each(|device| machine.check_device(device))?;
        let mut offer =
            Self { default_device, guest_models: args.guest_models, models: BTreeMap::new() };
        args.models.iter().try_for_each(|option| offer.add(option))?;
        Ok(offer)
    }

    fn add(&mut self, option: &'a ModelOption) -> Outcome<()> {
        let ModelOption { name, path, encoding, device } = option;
        let model = models::read(name, path, *encoding)?;
        let offered = self.models.entry(name).or_insert_with(|| Offered {
            path,
            device: None,
            variants: Vec::new(),
        });
        match (offered.device, device) {
            (Some(one), Some(other)) if one != other => return Err(two_devices(name, one, other)),
            (None, Some(device)) => offered.device = Some(device),
            _ => {}
        }
        offered.variants.push(model);
        Ok(())
    }

    /// A catalog on the machine's backends, booked on `ledger`.
    pub(super) fn catalog(&self, machine: &Machine, ledger: &Ledger, max_bytes: u64) -> Catalog {
        let mut builder = Catalog::builder(machine.backend(ledger))
            .default_device(self.default_device.clone())
            .guest_models(self.guest_models, max_bytes);
        for (name, offered) in &self.models {
            let target = offered.device.map(|device| Target::new(device.as_str()));
            let entry = CatalogEntry { variants: offered.variants.clone(), target };
            builder = builder.model(*name, entry);
        }
        builder.build()
    }

    /// Loads every model, so that one that cannot be loaded is known before the app starts. The graphs
    /// are shared with the app's own loads while they are held.
    pub(super) async fn load_all(&self, machine: &Machine) -> Outcome<Vec<Arc<dyn Graph>>> {
        // On an account of its own: the report is about what the app did.
        let catalog = self.catalog(machine, &Ledger::new(), 0);
        let mut graphs = Vec::new();
        for (name, offered) in &self.models {
            let device = offered.device.unwrap_or(&self.default_device);
            let progress = Progress::new(format!("loading the model '{name}' on {device}"));
            let graph = catalog.by_name(name).await;
            drop(progress);
            graphs.push(graph.map_err(|error| offered.unusable(device, &error))?);
        }
        Ok(graphs)
    }
}

impl Offered<'_> {
    fn unusable(&self, device: &DeviceId, error: &godwit_backend::Error) -> Failure {
        match self.variants.first() {
            Some(model) => models::unusable(model, self.path, device.as_str(), error),
            None => Failure::new(Code::Internal, "a model without a file").why(error.report()),
        }
    }
}

fn two_devices(name: &str, one: &DeviceId, other: &DeviceId) -> Failure {
    Failure::new(Code::Usage, format!("the model '{name}' is given two devices"))
        .why(format!("device={one} and device={other}; all variants of a name run on one device"))
        .help(format!(
            "offer it under two names: {name}-{} and {name}-{}",
            one.family(),
            other.family()
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(options: &[ModelOption]) -> Outcome<Offer<'_>> {
        let mut offer = Offer {
            default_device: DeviceId::new(DEFAULT_DEVICE),
            guest_models: false,
            models: BTreeMap::new(),
        };
        options.iter().try_for_each(|option| offer.add(option)).map(|()| offer)
    }

    fn options(settings: &[&str]) -> Vec<ModelOption> {
        let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/models/digits.onnx");
        settings.iter().map(|setting| format!("m={model}{setting}").parse().unwrap()).collect()
    }

    #[test]
    fn all_variants_of_a_name_share_the_device_that_one_of_them_names() {
        let options = options(&["", ",device=a:0", ",device=a:0"]);
        let offer = offer(&options).unwrap();
        let offered = &offer.models["m"];
        assert_eq!(offered.variants.len(), 3);
        assert_eq!(offered.device, Some(&DeviceId::new("a:0")));
    }

    #[test]
    fn two_devices_for_one_name_are_refused() {
        let options = options(&[",device=a:0", ",device=b:0"]);
        let failure = offer(&options).err().unwrap();
        assert_eq!(failure.code(), 2);
        let text = failure.render();
        assert!(text.contains("device=a:0 and device=b:0"), "{text}");
    }
}
