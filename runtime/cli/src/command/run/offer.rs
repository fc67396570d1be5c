//! From `--model` options to a catalog of models that are known to load.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use godwit_backend::{DeviceId, Graph, Model, Target};
use godwit_policy::{Catalog, CatalogEntry, Ledger};
use godwit_verify::{Recorder, Tape};

use super::RunArgs;
use crate::failure::{Code, Failure, Outcome};
use crate::models;
use crate::option::{DeviceOption, ModelOption, ModelSource};
use crate::progress::Progress;
use crate::sources::Sources;
use crate::stack::{DEFAULT_DEVICE, Machine};

/// The models of a command line, read.
pub(super) struct Offer<'a> {
    default_device: DeviceId,
    guest_models: bool,
    models: BTreeMap<String, Offered<'a>>,
}

#[derive(Default)]
struct Offered<'a> {
    /// The first file, if there is one.
    path: Option<PathBuf>,
    device: Option<&'a DeviceId>,
    options: BTreeMap<&'a str, &'a str>,
    variants: Vec<Model>,
}

/// The devices that the models of a command line may run on. Any device will do for the models an app
/// brings, unless the command line names one.
pub(super) fn machine(args: &RunArgs, sources: &Sources) -> Machine {
    if args.guest_models && args.device.is_none() {
        return Machine::open(sources);
    }
    let default_device = args.device().unwrap_or_else(|| DeviceId::new(DEFAULT_DEVICE));
    let named = args.models.iter().filter_map(|model| model.device.as_ref());
    Machine::open_for(named.chain([&default_device]), sources)
}

impl<'a> Offer<'a> {
    /// Reads the models, after making sure that their devices are there.
    pub(super) fn read(args: &'a RunArgs, machine: &Machine) -> Outcome<Self> {
        let default_device = args.device().unwrap_or_else(|| DeviceId::new(DEFAULT_DEVICE));
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
        if let Some(DeviceOption::Service(endpoint)) = &args.device
            && let Some(name) = endpoint.named_model()
        {
            offer.models.entry(name).or_default();
        }
        for (name, offered) in &mut offer.models {
            if machine.is_service(offered.device.unwrap_or(&offer.default_device)) {
                offered.variants.extend(models::served(name, &offered.variants));
            }
        }
        Ok(offer)
    }

    fn add(&mut self, option: &'a ModelOption) -> Outcome<()> {
        let ModelOption { name, source, encoding, device, options } = option;
        let (path, model) = match source {
            ModelSource::Path(path) => {
                let path = models::file(path, *encoding)?;
                let model = models::read(name, &path, *encoding)?;
                (Some(path), model)
            }
            ModelSource::Remote(there) => (None, Model::remote(name, there, None)),
        };
        let offered = self.models.entry(name.clone()).or_default();
        offered.path = offered.path.take().or(path);
        match (offered.device, device) {
            (Some(one), Some(other)) if one != other => return Err(two_devices(name, one, other)),
            (None, Some(device)) => offered.device = Some(device),
            _ => {}
        }
        for (option, value) in options {
            match offered.options.insert(option, value) {
                Some(other) if other != value => {
                    return Err(two_values(name, option, other, value));
                }
                _ => {}
            }
        }
        offered.variants.push(model);
        Ok(())
    }

    /// A catalog on the machine's backends, booked on `ledger`, and on `tape` if there is one.
    pub(super) fn catalog(
        &self,
        machine: &Machine,
        ledger: &Ledger,
        tape: Option<&Tape>,
        max_bytes: u64,
    ) -> Catalog {
        let mut backend = machine.backend(ledger);
        if let Some(tape) = tape {
            backend = Arc::new(Recorder::new(backend, tape.clone()));
        }
        let mut builder = Catalog::builder(backend)
            .default_device(self.default_device.clone())
            .guest_models(self.guest_models, max_bytes);
        for (name, offered) in &self.models {
            let target = Some(offered.target(&self.default_device));
            let entry = CatalogEntry { variants: offered.variants.clone(), target };
            builder = builder.model(name, entry);
        }
        builder.build()
    }

    /// Loads every model, so that one that cannot be loaded is known before the app starts. The graphs
    /// are shared with the app's own loads while they are held.
    pub(super) async fn load_all(&self, machine: &Machine) -> Outcome<Vec<Arc<dyn Graph>>> {
        // On an account of its own: the report is about what the app did.
        let catalog = self.catalog(machine, &Ledger::new(), None, 0);
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
    fn target(&self, default: &DeviceId) -> Target {
        let target = Target::new(self.device.unwrap_or(default).as_str());
        self.options.iter().fold(target, |target, (name, value)| target.with_option(*name, *value))
    }

    fn unusable(&self, device: &DeviceId, error: &godwit_backend::Error) -> Failure {
        let is_file = |model: &&Model| model.there().is_none();
        match (self.variants.iter().find(|model| !is_file(model)), &self.path) {
            (Some(model), _) => models::unserved(model, device.as_str(), error),
            (None, Some(path)) => match self.variants.iter().find(is_file) {
                Some(model) => models::unusable(model, path, device.as_str(), error),
                None => Failure::new(Code::Internal, "a file without a model").why(error.report()),
            },
            (None, None) => {
                Failure::new(Code::Internal, "a model without a file").why(error.report())
            }
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

fn two_values(name: &str, option: &str, one: &str, other: &str) -> Failure {
    Failure::new(Code::Usage, format!("the model '{name}' is given two values for one option"))
        .why(format!(
            "set.{option}={one} and set.{option}={other}; all variants of a name share their options"
        ))
        .help("offer it under two names")
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

    #[test]
    fn options_go_to_the_target_and_must_agree() {
        let same = options(&[",set.threads=2", ",set.threads=2,set.x=y"]);
        let offer = offer(&same).unwrap();
        let target = offer.models["m"].target(&DeviceId::new("a:0"));
        assert_eq!(target, Target::new("a:0").with_option("threads", "2").with_option("x", "y"));

        let two = options(&[",set.threads=2", ",set.threads=4"]);
        let failure = super::tests::offer(&two).err().unwrap();
        assert!(
            failure.render().contains("set.threads=2 and set.threads=4"),
            "{}",
            failure.render()
        );
    }
}
