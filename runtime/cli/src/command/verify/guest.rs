//! Running an app once on a device, with everything its models are asked and answer on a tape.

use std::collections::BTreeMap;
use std::sync::Arc;

use godwit_backend::{Arena, Budget, Memory, Model, Quota, Target};
use godwit_host::{Exit, Inference, Invocation, Limits, Program, Stdio};
use godwit_platform::Platform;
use godwit_policy::{AdmissionLimits, Catalog, CatalogEntry, Ledger};
use godwit_verify::{Attempt, RecordedError, Recorder, Tape};

use super::VerifyArgs;

/// What an app may print to one of its streams, in bytes.
const PRINTED: usize = 64 << 20;

/// An app, and the models it may load.
pub(super) struct Guest<'a> {
    pub(super) args: &'a VerifyArgs,
    pub(super) name: String,
    pub(super) program: Program,
    pub(super) models: BTreeMap<String, Vec<Model>>,
}

/// What came of one device.
pub(super) struct Ended {
    pub(super) attempt: Attempt,
    /// What the app wrote to standard output.
    pub(super) printed: Vec<u8>,
}

impl Guest<'_> {
    pub(super) async fn run(&self, platform: &Platform, target: &Target) -> Ended {
        let tape = Tape::default();
        let backend = platform.tenant(AdmissionLimits::default(), &Ledger::new());
        let recorder = Arc::new(Recorder::new(backend, tape.clone()));
        let mut catalog = Catalog::builder(recorder).default_device(target.device.clone());
        for (name, variants) in &self.models {
            let entry = CatalogEntry { variants: variants.clone(), target: Some(target.clone()) };
            catalog = catalog.model(name, entry);
        }
        let limits = Limits { timeout: self.args.timeout, ..Limits::default() };
        let budget = Budget::new("tensors", limits.tensor_bytes);
        let inference = Inference {
            catalog: Arc::new(catalog.build()),
            quota: Quota::of_host(Memory::new(Arena::default(), budget)),
        };
        let (stdio, output) = Stdio::captured(Vec::<u8>::new(), PRINTED);
        let args = std::iter::once(self.name.clone()).chain(self.args.args.iter().cloned());
        let invocation = Invocation {
            args: args.collect(),
            env: self.args.env.clone(),
            dirs: self.args.dirs.clone(),
            stdio,
            limits,
            inference,
        };
        let exit = self.program.run(invocation).await;
        let failed = match exit {
            Ok(Exit::Code(0)) => None,
            Ok(Exit::Code(code)) => Some(format!("the app ended with code {code}")),
            Ok(Exit::Trapped { reason }) => {
                Some(format!("the app was stopped by a trap: {reason}"))
            }
            Ok(Exit::TimedOut { after }) => {
                Some(format!("the app was stopped after {}", humantime::format_duration(after)))
            }
            Err(error) => Some(error.message().to_owned()),
        };
        let device = target.device.as_str();
        let mut attempt = Attempt::recorded(device, tape.recording());
        // What a device said of itself tells more than how the app ended because of it.
        let told = attempt.outcome.as_ref().is_ok_and(|recording| recording.failure().is_some());
        if let (Some(message), false) = (failed, told) {
            let said = first_line(&output.stderr());
            let message = if said.is_empty() { message } else { format!("{message}: {said}") };
            attempt.outcome = Err(RecordedError { kind: "failed".to_owned(), message });
        }
        Ended { attempt, printed: output.stdout().to_vec() }
    }
}

/// What an app said first: what follows is mostly advice and traces. A line that ends in a colon announces
/// the next.
fn first_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let next = if first.ends_with(':') { lines.next() } else { None };
    let line = [Some(first), next].into_iter().flatten().collect::<Vec<_>>().join(" ");
    line.chars().filter(|character| !character.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::first_line;

    #[test]
    fn what_an_app_said_first_is_told() {
        let panic =
            b"\nthread 'main' panicked at src/main.rs:1:2:\nno such model\nnote: run with ...\n";
        assert_eq!(first_line(panic), "thread 'main' panicked at src/main.rs:1:2: no such model");
        assert_eq!(first_line(b"error: no image\nhelp: name one"), "error: no image");
        assert_eq!(first_line(b" \n"), "");
    }
}
