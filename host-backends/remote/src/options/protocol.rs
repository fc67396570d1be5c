use std::collections::BTreeMap;

use serde::Deserialize;

/// What is spoken with the server.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Protocol {
    /// The Open Inference Protocol over HTTP: Triton, OpenVINO Model Server, KServe, MLServer.
    #[default]
    OipHttp,
    /// The Open Inference Protocol over gRPC.
    OipGrpc,
    /// The Open Inference Protocol inside an AWS SageMaker invocation, as Triton's containers take it.
    Sagemaker,
    /// The Open Inference Protocol inside a `:rawPredict` of Google Vertex AI.
    Vertex,
    /// JSON of the operator's own form.
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

/// A JSON request and where the answer holds what.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The body to send. A string that is `{name}` alone stands for the input of that name as nested
    /// lists, `{name:flat}` for one list of its elements.
    pub request: serde_json::Value,
    /// Where each output is in the answer: a JSON pointer by the output's name, `/output/0/scores` for
    /// instance.
    pub outputs: BTreeMap<String, String>,
}

/// Whether tensors travel as bytes or as JSON numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binary {
    /// As the server's metadata says. SageMaker's form is always binary, Vertex's is JSON unless told.
    #[default]
    Auto,
    /// As bytes.
    Always,
    /// As JSON.
    Never,
}
