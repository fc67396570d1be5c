//! Pairs the runs of two recordings.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use godwit_backend::Digest;

use crate::recording::{Recording, RunRecord};

/// A run of the reference, the same run on the other device, and whether their inputs are equal.
pub(super) struct Pair<'a> {
    pub(super) nth: usize,
    pub(super) reference: &'a RunRecord,
    pub(super) other: Option<&'a RunRecord>,
    pub(super) same_inputs: bool,
}

/// Pairs runs of the same model: first by equal inputs, then by order. The order of concurrent runs varies.
pub(super) fn pairs<'a>(reference: &'a Recording, other: &'a Recording) -> Vec<Pair<'a>> {
    let common = Common::of(reference, other);
    let mut equal: BTreeMap<(&str, Vec<Digest>), VecDeque<usize>> = BTreeMap::new();
    for (place, run) in other.runs.iter().enumerate() {
        equal.entry((common.model(other, run), inputs(run))).or_default().push_back(place);
    }
    let mut taken = vec![false; other.runs.len()];
    let mut found: Vec<Option<usize>> = Vec::new();
    for run in &reference.runs {
        let same = equal.get_mut(&(common.model(reference, run), inputs(run)));
        let place = same.and_then(VecDeque::pop_front);
        if let Some(taken) = place.and_then(|place| taken.get_mut(place)) {
            *taken = true;
        }
        found.push(place);
    }
    let mut left: BTreeMap<&str, VecDeque<usize>> = BTreeMap::new();
    for (place, run) in other.runs.iter().enumerate() {
        if taken.get(place) == Some(&false) {
            left.entry(common.model(other, run)).or_default().push_back(place);
        }
    }
    let runs = reference.runs.iter().zip(found).enumerate();
    let pairs = runs.map(|(nth, (run, same))| {
        let model = common.model(reference, run);
        let place = same.or_else(|| left.get_mut(model).and_then(VecDeque::pop_front));
        let other = place.and_then(|place| other.runs.get(place));
        Pair { nth, reference: run, other, same_inputs: same.is_some() }
    });
    pairs.collect()
}

fn inputs(run: &RunRecord) -> Vec<Digest> {
    run.inputs.iter().map(|input| input.digest).collect()
}

/// The digests that both sides loaded. Variants of a model have different digests, and devices load the variant
/// that they support: these are matched by name.
struct Common<'a>(BTreeSet<&'a str>);

impl<'a> Common<'a> {
    fn of(one: &'a Recording, other: &'a Recording) -> Self {
        let digests = |recording: &'a Recording| {
            recording.loads.iter().map(|load| load.digest.as_str()).collect::<BTreeSet<_>>()
        };
        Self(digests(one).intersection(&digests(other)).copied().collect())
    }

    fn model(&self, recording: &'a Recording, run: &RunRecord) -> &'a str {
        let Some(load) = recording.load_of(run) else { return "" };
        if self.0.contains(load.digest.as_str()) { &load.digest } else { &load.model }
    }
}
