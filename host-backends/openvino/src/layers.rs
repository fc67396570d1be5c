use std::collections::{HashMap, HashSet};

use godwit_backend::Result;
use godwit_onnx::walls::{Engine, Safety, layer_fills, layer_safety, nothing};

/// The layers of an IR by their numbers. A body counts its layers anew, so that a number stands for all layers that
/// have it: what is said of it has to hold of each.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    kinds: HashMap<String, HashSet<String>>,
    /// What gives to a layer, with the port that it gives to.
    given: HashMap<String, Vec<(String, String)>>,
    /// The layers whose `data` has a dimension of nothing.
    empty: HashSet<String>,
    /// The model's inputs, in the order of the file, and those of its bodies.
    parameters: Vec<String>,
    has_bodies: bool,
    last: String,
}

impl Layers {
    pub(crate) fn add(&mut self, id: String, kind: String) {
        if kind == "Parameter" {
            self.parameters.push(id.clone());
        }
        self.last.clone_from(&id);
        self.kinds.entry(id).or_default().insert(kind);
    }

    /// There is a graph in the last layer, so that not all parameters are inputs.
    pub(crate) fn body(&mut self) {
        self.has_bodies = true;
    }

    /// What the last layer says of its dimensions.
    pub(crate) fn dims(&mut self, shape: &str) {
        if shape.split(',').any(|dim| dim.trim().parse() == Ok(0u64)) {
            self.empty.insert(self.last.clone());
        }
    }

    pub(crate) fn connect(&mut self, from: String, to: String, port: &str) {
        self.given.entry(to).or_default().push((from, port.to_owned()));
    }

    fn is(&self, id: &str, what: impl Fn(&str) -> bool) -> bool {
        self.kinds.get(id).is_some_and(|kinds| kinds.iter().all(|kind| what(kind)))
    }

    fn may_be(&self, what: impl Fn(&str) -> bool) -> impl Iterator<Item = &String> {
        let kinds = self.kinds.iter();
        kinds.filter(move |(_, kinds)| kinds.iter().any(|kind| what(kind))).map(|(id, _)| id)
    }

    /// Whether each `Tile` is told by a constant how often it repeats.
    pub(crate) fn repeats_are_constant(&self) -> bool {
        self.may_be(|kind| kind == "Tile").all(|tile| {
            let given = self.given.get(tile).into_iter().flatten();
            let mut repeats =
                given.filter(|(_, port)| port == "1").map(|(from, _)| from).peekable();
            repeats.peek().is_some() && repeats.all(|from| self.is(from, |kind| kind == "Const"))
        })
    }

    /// The inputs that must have elements, one a bit, so that nothing is looked up where there is nothing.
    ///
    /// # Errors
    ///
    /// `Unsupported` for a layer of which that cannot be said, or one that cuts by steps that are no constants.
    pub(crate) fn must_be_filled(&self) -> Result<u64> {
        let filled = self.filled();
        let guarded = |kind: &str| layer_safety(kind) == Safety::Guarded;
        let mut inputs = 0;
        for id in self.may_be(guarded) {
            let given = || self.given.get(id).into_iter().flatten();
            if self.is(id, |kind| matches!(kind, "Slice" | "StridedSlice")) {
                let mut steps = given().filter(|(_, port)| port == "3");
                if steps.all(|(from, _)| self.is(from, |kind| kind == "Const")) {
                    continue;
                }
                return Err(nothing("Slice", Engine::OpenVino));
            }
            // Its table and its axis.
            let mut tables =
                given().filter(|(_, port)| port != "1").map(|(from, _)| from).peekable();
            if tables.peek().is_none() {
                return Err(nothing("Gather", Engine::OpenVino));
            }
            for table in tables {
                inputs |=
                    filled.get(&**table).ok_or_else(|| nothing("Gather", Engine::OpenVino))?;
            }
        }
        Ok(inputs)
    }

    /// The layers that have elements where these inputs have some.
    fn filled(&self) -> HashMap<&str, u64> {
        let mut filled: HashMap<&str, u64> = HashMap::new();
        let mut takers: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut missing: HashMap<&str, usize> = HashMap::new();
        let mut open: Vec<&str> = Vec::new();
        for (to, given) in &self.given {
            missing.insert(to, given.len());
            for (from, _) in given {
                takers.entry(from).or_default().push(to);
            }
        }
        for id in self.kinds.keys().filter(|id| !self.empty.contains(*id)) {
            let place = self.parameters.iter().position(|it| it == id);
            let input = place.and_then(|at| 1u64.checked_shl(u32::try_from(at).ok()?));
            let is_input = self.is(id, |kind| kind == "Parameter") && !self.has_bodies;
            if is_input && let Some(input) = input {
                filled.insert(id, input);
                open.push(id);
            } else if self.is(id, |kind| matches!(kind, "Const" | "ShapeOf")) {
                filled.insert(id, 0);
                open.push(id);
            }
        }
        while let Some(id) = open.pop() {
            for taker in takers.get(id).into_iter().flatten() {
                let Some(missing) = missing.get_mut(*taker) else { continue };
                *missing = missing.saturating_sub(1);
                let fills = self.is(taker, layer_fills) && !self.empty.contains(*taker);
                if *missing > 0 || filled.contains_key(*taker) || !fills {
                    continue;
                }
                let given = self.given.get(*taker).into_iter().flatten();
                let inputs = given.map(|(from, _)| filled.get(&**from).copied().unwrap_or(0));
                filled.insert(taker, inputs.fold(0, |all, input| all | input));
                open.push(taker);
            }
        }
        filled
    }
}
