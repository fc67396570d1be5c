use bytesize::ByteSize;
use serde::Serialize;

use crate::engines::KNOWLEDGE;
use crate::{FleetDevice, Needs};

/// Whether a device can run a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Something it needs is not there.
    No,
    /// Nothing speaks against it, and something is not known.
    Unsure,
    /// All it needs is there.
    Yes,
}

impl Answer {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Unsure => "unsure",
            Self::Yes => "yes",
        }
    }
}

/// An answer, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// The answer.
    pub answer: Answer,
    /// Why it is not `Yes`; the reasons for `No` first.
    pub why: Vec<String>,
}

/// Whether `device` can run what `needs` these, as far as anybody wrote down. That it does is for a trial
/// to show.
#[must_use]
pub fn judge(needs: &Needs, device: &FleetDevice) -> Opinion {
    let mut found = Found::default();
    encoding(needs, device, &mut found);
    if found.no.is_empty() {
        dtypes(needs, device, &mut found);
        opset(needs, device, &mut found);
        operators(needs, device, &mut found);
        memory(needs, device, &mut found);
    }
    let answer = match (found.no.is_empty(), found.unsure.is_empty()) {
        (false, _) => Answer::No,
        (true, false) => Answer::Unsure,
        (true, true) => Answer::Yes,
    };
    Opinion { answer, why: found.no.into_iter().chain(found.unsure).collect() }
}

#[derive(Default)]
struct Found {
    no: Vec<String>,
    unsure: Vec<String>,
}

fn encoding(needs: &Needs, device: &FleetDevice, found: &mut Found) {
    match &device.encodings {
        None => found.unsure.push("what it reads is not written down".to_owned()),
        Some(read) if read.contains(&needs.encoding) => {}
        Some(read) => {
            let read: Vec<_> = read.iter().map(|encoding| encoding.name()).collect();
            found.no.push(format!("it reads {}, not {}", read.join(" and "), needs.encoding));
        }
    }
}

fn dtypes(needs: &Needs, device: &FleetDevice, found: &mut Found) {
    if needs.signature.is_none() {
        found.unsure.push("the file does not state inputs and outputs".to_owned());
    }
    let Some(has) = &device.dtypes else {
        found.unsure.push("its dtypes are not written down".to_owned());
        return;
    };
    let lacks: Vec<_> =
        needs.dtypes.iter().filter(|dtype| !has.contains(dtype)).map(ToString::to_string).collect();
    if !lacks.is_empty() {
        found.no.push(format!("it lacks the dtypes {}", lacks.join(", ")));
    }
}

fn opset(needs: &Needs, device: &FleetDevice, found: &mut Found) {
    let asks = needs.opsets.get("ai.onnx");
    if let (Some(asks), Some(newest)) = (asks, device.opset)
        && *asks > newest
    {
        found.no.push(format!("it reads operator sets up to {newest}, not {asks}"));
    }
}

fn operators(needs: &Needs, device: &FleetDevice, found: &mut Found) {
    let Some(asked) = &needs.operators else {
        found.unsure.push("the operators of this encoding are not read".to_owned());
        return;
    };
    if let Some(has) = &device.operators {
        let lacks: Vec<_> = asked.keys().filter(|name| !has.contains(*name)).collect();
        if !lacks.is_empty() {
            found.no.push(format!("it lacks the operators {}", listed(&lacks)));
        }
        return;
    }
    if device.assumed.is_none() {
        found.unsure.push("its operators are not written down".to_owned());
        return;
    }
    if needs.opsets.is_empty() {
        // OpenVINO's own format: its operators are not ONNX's.
        return;
    }
    let failing: Vec<_> = asked.keys().filter(|name| device.lacks.contains(*name)).collect();
    if !failing.is_empty() {
        let why = format!(
            "no test of {} passes there; where their parameters are constants they may work",
            listed(&failing)
        );
        found.unsure.push(why);
    }
    let untested: Vec<_> = asked.keys().filter(|name| !KNOWLEDGE.tested.contains(name)).collect();
    if !untested.is_empty() {
        found.unsure.push(format!("{} have no tests", listed(&untested)));
    }
    if device.assumed.as_ref().is_some_and(|assumed| assumed.contains("another version")) {
        found.unsure.push("its engine was tested in another version".to_owned());
    }
}

fn memory(needs: &Needs, device: &FleetDevice, found: &mut Found) {
    let size = |bytes: u64| ByteSize(bytes).display().iec().to_string();
    let Some(memory) = device.memory else {
        found.unsure.push("its memory is not written down".to_owned());
        return;
    };
    let (least, most) = (needs.memory.least(), needs.memory.most());
    if least > memory {
        found.no.push(format!(
            "weights, inputs and outputs take {}, and it has {}",
            size(least),
            size(memory)
        ));
    } else if most > memory {
        found.unsure.push(format!(
            "with all results between operators it would take {}, and it has {}",
            size(most),
            size(memory)
        ));
    }
}

fn listed(names: &[&String]) -> String {
    let shown: Vec<_> = names.iter().take(6).map(|name| name.as_str()).collect();
    let more = names.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
