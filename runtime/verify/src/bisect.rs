//! Finds the first operator whose output differs between two devices.
//!
//! Intermediate values of the model are made outputs on both devices. A binary search over the operators that lead
//! to a wrong output finds one whose output differs although all of its inputs agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use godwit_backend::{
    Backend, Buffer, Encoding, Error, Memory, Model, Quota, Result, Target, Tensor, on_host,
};
use godwit_model::{Limits, precheck};
use godwit_onnx::schema::NodeProto;
use godwit_onnx::{Producers, decode, expose};
use serde::Serialize;

use crate::judge::{Judgement, judge};
use crate::profile::Tolerance;
use crate::sample::Sample;

/// The first operator whose output differs while all of its inputs agree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FirstDivergence {
    /// The node's name, or that of its output where it has none.
    pub node: String,
    /// Its operator.
    pub operator: String,
    /// The output that differs.
    pub output: String,
    /// Its index among the model's nodes.
    pub position: usize,
    /// The number of nodes of the model.
    pub nodes: usize,
    /// The largest difference of its output.
    pub max_abs: f64,
    /// The largest error relative to its tolerance.
    pub allowance_used: f64,
    /// The number of modified models that were loaded on each device.
    pub probes: usize,
    /// Reasons for uncertainty.
    pub notes: Vec<String>,
}

/// A model, an input, and two devices whose outputs differ.
#[derive(Debug, Clone)]
pub struct Bisect<'a> {
    /// Both devices.
    pub backend: &'a Arc<dyn Backend>,
    /// The model, in ONNX.
    pub model: &'a Model,
    /// The inputs.
    pub sample: &'a Sample,
    /// The reference device.
    pub reference: &'a Target,
    /// The other device.
    pub other: &'a Target,
    /// The tolerance.
    pub tolerance: Tolerance,
    /// The limits of the model.
    pub limits: &'a Limits,
}

impl Bisect<'_> {
    /// Searches. `None` if the outputs agree for this sample.
    ///
    /// # Errors
    ///
    /// `Unsupported` for models that are not ONNX; the errors of the pre-check and of the devices.
    pub async fn run(&self) -> Result<Option<FirstDivergence>> {
        let (Encoding::Onnx, [bytes]) = (self.model.encoding(), self.model.parts()) else {
            return Err(Error::unsupported("only ONNX models can be searched by operator"));
        };
        precheck(self.model, self.limits)?;
        let model = decode(bytes)?;
        let graph =
            model.graph.as_ref().ok_or_else(|| Error::internal("a model without a graph"))?;
        let mut search = Search {
            bisect: self,
            bytes,
            producers: &Producers::of(graph)?,
            outputs: graph.output.iter().map(|output| output.name().to_owned()).collect(),
            known: BTreeMap::new(),
            probes: 0,
            vanished: false,
            notes: Vec::new(),
        };
        search.probe(&[]).await?;
        let wrong = search.outputs.iter().filter(|output| search.differs(output));
        let first = wrong
            .filter_map(|output| Some((search.producers.producer(output)?, output.clone())))
            .min();
        let Some((node, output)) = first else { return Ok(None) };
        search.descend(node, output).await.map(Some)
    }
}

struct Search<'a> {
    bisect: &'a Bisect<'a>,
    bytes: &'a Buffer,
    producers: &'a Producers<'a>,
    /// The model's own outputs.
    outputs: Vec<String>,
    /// The verdict on each observed value.
    known: BTreeMap<String, Judgement>,
    probes: usize,
    vanished: bool,
    notes: Vec<String>,
}

impl Search<'_> {
    /// From a node whose output differs to one whose inputs agree.
    async fn descend(&mut self, mut node: usize, mut output: String) -> Result<FirstDivergence> {
        loop {
            (node, output) = self.narrow(node, output).await?;
            // The search took its predecessors as a line. It may have other inputs.
            let inputs: Vec<String> = self.node(node).input.clone();
            let open: Vec<&str> =
                inputs.iter().map(String::as_str).filter(|i| self.is_inner(i)).collect();
            if !open.is_empty() && self.probe(&open).await.is_err() {
                for input in &open {
                    if self.probe(&[input]).await.is_err() {
                        self.notes.push(format!("its input '{input}' could not be observed"));
                    }
                }
            }
            let wrong = inputs.iter().filter(|input| self.differs(input));
            match wrong.filter_map(|i| Some((self.producers.producer(i)?, i.clone()))).min() {
                Some((producer, input)) if producer < node => (node, output) = (producer, input),
                _ => break,
            }
        }
        if self.vanished {
            self.notes.push(
                "the outputs agree when intermediate values are read: the difference comes from operators \
                 that the device fuses"
                    .to_owned(),
            );
        }
        let found = self.node(node);
        let judgement = self.known.get(&output);
        Ok(FirstDivergence {
            node: if found.name().is_empty() { output.clone() } else { found.name().to_owned() },
            operator: match found.is_standard() {
                true => found.op_type().to_owned(),
                false => format!("{}.{}", found.domain(), found.op_type()),
            },
            position: node,
            nodes: self.producers.nodes().len(),
            max_abs: judgement.map_or(0.0, |judgement| judgement.comparison.max_abs),
            allowance_used: judgement.map_or(0.0, |judgement| judgement.used),
            output,
            probes: self.probes,
            notes: std::mem::take(&mut self.notes),
        })
    }

    /// Halves the line of nodes that lead to `node` until the one before it agrees.
    async fn narrow(&mut self, node: usize, output: String) -> Result<(usize, String)> {
        let line = self.producers.ancestors(node);
        let (mut agrees, mut differs, mut value) = (0, line.len(), output);
        // `line[..agrees]` agree as far as is known, and `line[differs - 1]` differs.
        while agrees + 1 < differs {
            let middle = agrees.midpoint(differs - 1);
            let Some(&candidate) = line.get(middle) else { break };
            let outputs: Vec<String> = self.node(candidate).output.clone();
            let open: Vec<&str> =
                outputs.iter().map(String::as_str).filter(|o| self.is_inner(o)).collect();
            if !open.is_empty()
                && let Err(error) = self.probe(&open).await
            {
                self.notes.push(format!(
                    "'{}' could not be observed: {}",
                    self.node(candidate).name(),
                    error.message()
                ));
            }
            match outputs.iter().find(|output| self.differs(output)) {
                Some(wrong) => (differs, value) = (middle + 1, wrong.clone()),
                None => agrees = middle + 1,
            }
        }
        let place = line.get(differs.saturating_sub(1)).copied().unwrap_or(node);
        Ok((place, value))
    }

    fn node(&self, place: usize) -> NodeProto {
        self.producers.nodes().get(place).cloned().unwrap_or_default()
    }

    fn differs(&self, value: &str) -> bool {
        self.known.get(value).is_some_and(|judgement| !judgement.is_within())
    }

    /// Whether a value is the output of a node and was not observed yet.
    fn is_inner(&self, value: &str) -> bool {
        self.producers.producer(value).is_some() && !self.known.contains_key(value)
    }

    /// Observes `values` on both devices.
    async fn probe(&mut self, values: &[&str]) -> Result<()> {
        let bytes = expose(self.bytes, values)?;
        let model = Model::onnx(&**self.bisect.model.name(), bytes);
        self.probes += 1;
        let reference = self.ask(&model, self.bisect.reference).await?;
        let other = self.ask(&model, self.bisect.other).await?;
        let mut right = true;
        for (name, want) in &reference {
            let Some(got) = other.get(name) else { continue };
            let alike = want.dtype() == got.dtype() && want.shape() == got.shape();
            let judgement = match alike {
                true => judge(want, got, &self.bisect.tolerance)?,
                false => Judgement {
                    used: f64::INFINITY,
                    metric: Some(crate::judge::Metric::Shape),
                    ..Judgement::default()
                },
            };
            right &= judgement.is_within() || !self.outputs.contains(name);
            // What is known of an output is what it was when nothing else was read.
            self.known.entry(name.clone()).or_insert(judgement);
        }
        self.vanished |= right && !values.is_empty();
        Ok(())
    }

    async fn ask(&self, model: &Model, target: &Target) -> Result<BTreeMap<String, Tensor>> {
        let graph = self.bisect.backend.load(model, target).await?;
        let memory = Memory::unlimited();
        let mut context = graph.context(&Quota::of_host(memory.clone())).await?;
        let signature = &graph.info().signature;
        let inputs = signature.arrange(self.bisect.sample.inputs.iter().cloned())?;
        let outputs = on_host(context.run(inputs).await?, &memory).await?;
        let names = signature.outputs.iter().map(|info| info.name.to_string());
        Ok(names.zip(outputs).collect())
    }
}
