use bytesize::ByteSize;
use godwit_audit::Estimate;
use godwit_host::ProgramKind;
use godwit_model::text::shown;
use godwit_platform::AbsentFamily;

use super::facts::{AppFacts, AuditFacts, DeviceFacts, ModelFacts};
use crate::describe::{line, lines};
use crate::table::table;

/// For people: a section each for the app, every model, the devices, and what it comes to.
pub(super) fn human(facts: &AuditFacts) -> String {
    let mut sections = vec![app(&facts.app, &facts.models)];
    sections.extend(facts.models.iter().map(model));
    if !facts.models.is_empty() {
        sections.push(devices(facts));
    }
    sections.push(verdict(facts));
    sections.join("\n")
}

fn size(bytes: u64) -> String {
    ByteSize(bytes).display().iec().to_string()
}

fn app(app: &AppFacts, models: &[ModelFacts]) -> String {
    let kind = match app.description.kind {
        ProgramKind::Component => "component",
        ProgramKind::Module => "core module",
    };
    let is_nn = |name: &str| name.starts_with("wasi:nn/") || name.starts_with("wasi_ephemeral_nn");
    let imports = app.description.imports.iter();
    let (nn, others): (Vec<_>, Vec<_>) = imports.partition(|import| is_nn(&import.name));
    let mut versions: Vec<&str> = nn
        .iter()
        .map(|import| match import.name.split_once('@') {
            Some((_, version)) => version,
            None => "wasi_ephemeral_nn",
        })
        .collect();
    versions.dedup();
    let nn = match versions.as_slice() {
        [] => "none: the app does not use wasi-nn".to_owned(),
        ["wasi_ephemeral_nn"] => "wasi_ephemeral_nn, the older ABI of core modules".to_owned(),
        versions => format!("wasi:nn@{}", versions.join(", ")),
    };
    let provided = others.iter().filter(|import| import.provided).count();
    let missing = app.missing().into_iter().map(|import| match &import.hint {
        Some(hint) => format!("{}: {hint}", import.name),
        None => import.name.clone(),
    });
    [
        line("app", format!("{} ({kind}, {})", app.file, size(app.size))),
        line("sha256", app.sha256),
        line("wasi-nn", nn),
        lines("calls", app.found.calls.iter().cloned()),
        line("imports", format!("{provided} others, all available on this host")),
        lines("missing", missing),
        lines("models", names(app, models)),
    ]
    .concat()
}

/// What can be told of the names that the app asks for, and what cannot.
fn names(app: &AppFacts, models: &[ModelFacts]) -> Vec<String> {
    let mut lines = Vec::new();
    for model in models {
        lines.push(match model.named_by_the_app {
            true => format!("{}: given; the app's constants contain this name", model.name),
            false => format!("{}: given; the app's constants do not contain this name", model.name),
        });
    }
    let files = app.found.files.iter().map(|file| format!("'{file}' reads like a model's file"));
    lines.extend(files);
    if app.found.loads_bytes() {
        lines.push("it can load models of its own, which are not detected".to_owned());
    }
    if app.found.loads_by_name() {
        let unseen = "names from arguments or composed at run time are not detected";
        lines.push(unseen.to_owned());
    }
    lines
}

fn model(model: &ModelFacts) -> String {
    let needs = &model.needs;
    let signature = needs.signature.iter();
    let inputs = signature.clone().flat_map(|s| s.inputs.iter().map(ToString::to_string));
    let outputs = signature.flat_map(|s| s.outputs.iter().map(ToString::to_string));
    let opsets = needs.opsets.iter().map(|(domain, version)| format!("{domain} {version}"));
    let opsets: Vec<String> = opsets.collect();
    let format = match opsets.as_slice() {
        [] => needs.encoding.to_string(),
        opsets => format!("{}, opset {}", needs.encoding, opsets.join(", ")),
    };
    let operators = needs.operators.iter().flatten();
    let operators: Vec<String> =
        operators.map(|(operator, count)| format!("{operator} x {count}")).collect();
    let dtypes: Vec<String> = needs.dtypes.iter().map(ToString::to_string).collect();
    [
        line("model", format!("{} ({})", model.name, model.file)),
        line("sha256", model.sha256),
        line("format", format),
        lines("inputs", inputs),
        lines("outputs", outputs),
        line("dtypes", dtypes.join(", ")),
        lines("operators", operators.chunks(6).map(|few| few.join(", "))),
        lines("memory", memory(&needs.memory)),
    ]
    .concat()
}

fn memory(estimate: &Estimate) -> Vec<String> {
    let mut lines = vec![format!("weights {}", size(estimate.weights))];
    lines.push(match estimate.tensors {
        Some(bytes) => format!("inputs and outputs of a run {}", size(bytes)),
        None => "inputs and outputs of a run: not stated in the file".to_owned(),
    });
    lines.push(match estimate.between {
        Some(bytes) => format!("intermediate results {}, if all are kept", size(bytes)),
        None => "intermediate results: not stated in the file".to_owned(),
    });
    let open: Vec<&str> = estimate.open.iter().map(String::as_str).collect();
    if !open.is_empty() {
        lines.push(format!("with {} = {}; see --rows", open.join(", "), estimate.rows));
    }
    lines.push("an estimate: engines reuse memory and need some of their own".to_owned());
    lines
}

fn devices(facts: &AuditFacts) -> String {
    let rows = facts.devices.iter().flat_map(rows);
    let mut text = table(["DEVICE", "MODEL", "RUNS", "WHY"], rows, &[]);
    let assumed = facts.devices.iter().filter_map(|device| {
        let assumed = device.assumed.as_ref()?;
        Some(format!("{}\n", shown(&format!("{}: {assumed}", device.place()))))
    });
    let assumed: String = assumed.map(|line| format!("  {line}")).collect();
    if !assumed.is_empty() {
        text.push_str("\nassumed:\n");
        text.push_str(&assumed);
    }
    if !facts.absent.is_empty() {
        text.push_str("\nunavailable:\n");
        for AbsentFamily { family, why, .. } in &facts.absent {
            text.push_str(&format!("  {}: {}\n", shown(family), shown(why)));
        }
    }
    text
}

fn rows(device: &DeviceFacts) -> Vec<[String; 4]> {
    let rows = device.opinions.iter().map(|(model, opinion)| {
        let why = opinion.why.join("; ");
        [device.place(), model.clone(), opinion.answer.name().to_owned(), why]
    });
    rows.collect()
}

fn verdict(facts: &AuditFacts) -> String {
    let missing = facts.app.missing().len();
    let text = match (missing, facts.suited.as_slice()) {
        (0, []) => "no device is known to run everything".to_owned(),
        (0, _) if facts.models.is_empty() => {
            "all imports are available; add --model to check the models".to_owned()
        }
        (0, suited) => format!("everything runs on {}", shown(&suited.join(", "))),
        (1, _) => "the app cannot run here: an import is missing".to_owned(),
        (count, _) => format!("the app cannot run here: {count} imports are missing"),
    };
    text + "\n"
}
