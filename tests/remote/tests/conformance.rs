//! The cases of the conformance suite that a server can be held to.
//!
//! A remote backend reads no model, so what is about reading one is not here: models that are garbage, hostile
//! or of an unknown encoding, and what weights take. Nor is what a server decides for itself: whether a run
//! that nobody waits for any more is still computed, and how large an answer it makes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic here is a failed test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use godwit_backend::{DType, Model, Target};
use godwit_conformance::models::OnnxModels;
use godwit_conformance::{BadModel, Case, Held, Models, Reference, Subject, cases, check};
use godwit_model::{Limits, onnx::summarize};
use godwit_remote::{Endpoint, Protocol, RemoteModel};
use godwit_remote_tests::{Triton, remote};

/// The models of the cases, as files that a server was given.
#[derive(Debug)]
struct Served;

impl Served {
    fn all() -> Vec<(String, Model)> {
        let echoes =
            DType::ALL.into_iter().map(|dtype| (format!("echo-{dtype}"), Case::Echo(dtype)));
        let others = [
            ("echo-fixed", Case::EchoFixed),
            ("add", Case::Add),
            ("split", Case::Split),
            ("mixed", Case::Mixed),
            ("long", Case::Long),
        ];
        let others = others.into_iter().map(|(name, case)| (name.to_owned(), case));
        echoes.chain(others).map(|(name, case)| (name, OnnxModels.model(&case))).collect()
    }
}

impl Models for Served {
    fn model(&self, case: &Case) -> Model {
        let file = OnnxModels.model(case);
        Model::remote(file.name(), file.name(), Some(file.digest()))
    }

    fn garbage(&self) -> Model {
        OnnxModels.garbage()
    }

    fn bad(&self) -> Vec<BadModel> {
        Vec::new()
    }

    fn references(&self) -> Vec<Reference> {
        Vec::new()
    }
}

/// A server with all of them.
fn triton() -> Triton {
    let models = Served::all().into_iter();
    Triton::with(models.map(|(name, model)| (name, model.parts()[0].to_vec())).collect())
}

fn subject(triton: &Triton, protocol: Protocol) -> Subject {
    let url = if protocol == Protocol::OipGrpc { triton.grpc_url() } else { triton.url() };
    let models = Served::all().into_iter().map(|(name, model)| {
        let summary = summarize(&model.parts()[0], &Limits::default()).unwrap();
        let signature = summary.signature().unwrap().clone();
        let (inputs, outputs) = (signature.inputs, signature.outputs);
        let sha256 = Some(model.digest().to_string());
        let remote =
            RemoteModel { model: Some(name), inputs, outputs, sha256, ..RemoteModel::default() };
        (model.name().to_string(), remote)
    });
    let models: BTreeMap<String, RemoteModel> = models.collect();
    let endpoint = Endpoint { protocol, models, ..Endpoint::new("triton:0", url) };
    Subject {
        backend: Arc::new(remote(endpoint)),
        target: Target::new("triton:0"),
        models: Arc::new(Served),
        lacks: &[],
        checked: false,
        held: Held::Unknown("a server's memory is its own"),
    }
}

macro_rules! holds {
    ($($case:path),* $(,)?) => {
        let triton = Arc::new(triton());
        for protocol in [Protocol::OipHttp, Protocol::OipGrpc] {
            $({
                let (triton, protocol) = (triton.clone(), protocol.clone());
                println!("{} over {}", stringify!($case), protocol.name());
                check(move || subject(&triton, protocol), $case);
            })*
        }
    };
}

#[test]
fn a_server_behaves_as_a_device() {
    holds!(
        cases::dtypes::every_listed_dtype_survives_a_round_trip,
        cases::dims::one_graph_takes_batches_of_any_size,
        cases::dims::empty_tensors_come_back_empty,
        cases::dims::known_dims_are_kept,
        cases::ports::inputs_are_told_apart,
        cases::ports::inputs_of_different_dtypes_meet_in_one_graph,
        cases::ports::outputs_stand_in_the_models_order,
        cases::ports::inputs_given_by_name_find_their_places,
        cases::ports::outputs_have_the_names_dtypes_and_dims_of_the_signature,
        cases::signature::a_symbol_keeps_its_name_throughout,
        cases::signature::the_graph_stands_on_the_device_that_was_asked_for,
        cases::errors::an_unknown_device_is_not_found,
        cases::errors::an_unknown_option_is_unsupported,
        cases::errors::inputs_that_do_not_fit_are_invalid_arguments,
        cases::errors::what_only_the_run_can_find_is_a_failure,
        cases::recovery::a_context_works_after_errors,
        cases::recovery::a_graph_outlives_the_contexts_that_failed_on_it,
        cases::recovery::a_context_outlives_the_handle_to_its_graph,
        cases::cancellation::a_run_that_was_never_polled_costs_nothing,
        cases::cancellation::a_dropped_run_gives_its_buffers_back,
        cases::concurrency::contexts_do_not_see_each_others_data,
        cases::budget::outputs_are_charged_to_the_callers_budget,
        cases::budget::a_spent_budget_is_too_large_and_the_context_goes_on,
    );
}
