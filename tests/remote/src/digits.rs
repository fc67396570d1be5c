//! The digits through a device: the same numbers, wherever they are computed.

use std::collections::BTreeMap;

use godwit_fixtures::references;
use godwit_remote::{Endpoint, Remote, RemoteModel, tensor_info};

use crate::{assert_close, context, load};

/// `endpoint` with the digits' signature, for protocols that do not tell it.
pub fn with_signature(endpoint: Endpoint) -> Endpoint {
    let info = |text| vec![tensor_info(text).expect("a sound description")];
    let model = RemoteModel {
        inputs: info("image: f32[batch, 1, 8, 8]"),
        outputs: info("logits: f32[batch, 10]"),
        ..RemoteModel::default()
    };
    Endpoint { models: BTreeMap::from([("digits".into(), model)]), ..endpoint }
}

/// That the only device of `backend` gives the numbers of the references.
pub async fn are_classified(backend: &Remote) {
    let references = references().expect("the references can be read").into_iter();
    let mut count = 0;
    for reference in references.filter(|reference| reference.model == "digits") {
        let graph = load(backend, "digits").await.unwrap_or_else(|error| {
            panic!("{}", error.report());
        });
        let inputs = graph.info().signature.arrange(reference.inputs).expect("inputs that fit");
        let outputs = context(backend, "digits").await.run(inputs.into_tensors()).await;
        let outputs = outputs.unwrap_or_else(|error| panic!("{}", error.report()));
        assert_close("logits", &reference.outputs[0].1, &outputs[0]);
        count += 1;
    }
    assert!(count > 0, "there was nothing to compare with");
}
