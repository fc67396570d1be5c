use std::collections::BTreeMap;

use serde::Deserialize;

/// The protocol of a server.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Protocol {
    /// The Open Inference Protocol over HTTP: Triton, OpenVINO Model Server, KServe, MLServer.
    #[default]
    OipHttp,
    /// The Open Inference Protocol over gRPC.
    OipGrpc,
    /// The Open Inference Protocol inside an AWS SageMaker invocation, as Triton's containers expect it.
    Sagemaker,
    /// The Open Inference Protocol inside a `:rawPredict` of Google Vertex AI.
    Vertex,
    /// JSON in a form that the operator describes.
    Json(Template),
}

impl Protocol {
    /// Its name in the configuration.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OipHttp => "oip-http",
            Self::OipGrpc => "oip-grpc",
            Self::Sagemaker => "sagemaker",
            Self::Vertex => "vertex",
            Self::Json(_) => "json",
        }
    }
}

/// A JSON request, and where the answer holds the outputs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The body of the request. The string `{name}` is replaced by the input of that name as nested lists,
    /// `{name:flat}` by one list of its elements.
    pub request: serde_json::Value,
    /// The JSON pointer of each output in the answer, by the output's name, for example `/output/0/scores`.
    pub outputs: BTreeMap<String, String>,
}

/// Whether tensors are sent as bytes or as JSON numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binary {
    /// As the server's metadata says; for SageMaker as bytes, for Vertex AI as JSON.
    #[default]
    Auto,
    /// As bytes.
    Always,
    /// As JSON.
    Never,
}
