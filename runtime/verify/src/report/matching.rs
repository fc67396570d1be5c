//! Which run of one recording is which of another.

use std::collections::{BTreeMap, VecDeque};

use godwit_backend::Digest;

use crate::recording::{Recording, RunRecord};

/// A run of the reference with the same one elsewhere, and whether both got the same inputs.
pub(super) struct Pair<'a> {
    pub(super) nth: usize,
    pub(super) reference: &'a RunRecord,
    pub(super) other: Option<&'a RunRecord>,
    pub(super) same_inputs: bool,
}

/// Pairs runs of the same model: those of equal inputs first, then by order. Apps that run several
/// things at once do not do so in the same order twice.
pub(super) fn pairs<'a>(reference: &'a Recording, other: &'a Recording) -> Vec<Pair<'a>> {
    let mut equal: BTreeMap<(String, Vec<Digest>), VecDeque<usize>> = BTreeMap::new();
    for (place, run) in other.runs.iter().enumerate() {
        equal.entry(key(other, run)).or_default().push_back(place);
    }
    let mut taken = vec![false; other.runs.len()];
    let mut found: Vec<Option<usize>> = Vec::new();
    for run in &reference.runs {
        let place = equal.get_mut(&key(reference, run)).and_then(VecDeque::pop_front);
        if let Some(taken) = place.and_then(|place| taken.get_mut(place)) {
            *taken = true;
        }
        found.push(place);
    }
    let model = |recording: &'a Recording, run: &RunRecord| {
        recording.load_of(run).map(|load| load.digest.as_str())
    };
    let mut left: BTreeMap<Option<&str>, VecDeque<usize>> = BTreeMap::new();
    for (place, run) in other.runs.iter().enumerate() {
        if taken.get(place) == Some(&false) {
            left.entry(model(other, run)).or_default().push_back(place);
        }
    }
    let runs = reference.runs.iter().zip(found).enumerate();
    runs.map(|(nth, (run, same))| {
        let by_order = || left.get_mut(&model(reference, run)).and_then(VecDeque::pop_front);
        let place = same.or_else(by_order);
        let other = place.and_then(|place| other.runs.get(place));
        Pair { nth, reference: run, other, same_inputs: same.is_some() }
    })
    .collect()
}

fn key(recording: &Recording, run: &RunRecord) -> (String, Vec<Digest>) {
    let model = recording.load_of(run).map(|load| load.digest.clone()).unwrap_or_default();
    (model, run.inputs.iter().map(|input| input.digest).collect())
}
