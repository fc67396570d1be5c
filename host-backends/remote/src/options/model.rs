use std::collections::BTreeMap;
use std::sync::Arc;

use godwit_backend::{DType, Dim, Error, Result, Signature, TensorInfo, known};
use serde::{Deserialize, Deserializer, de};

/// A model of the server, as the operator describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteModel {
    /// The server's name for the model. Default: its key in the configuration.
    pub model: Option<String>,
    /// The version. Default: the server chooses.
    pub version: Option<String>,
    /// Its inputs in order, each as `image: f32[batch, 1, 8, 8]`. Required if the protocol has no metadata;
    /// otherwise compared with the server's metadata.
    #[serde(deserialize_with = "infos")]
    pub inputs: Vec<TensorInfo>,
    /// Its outputs in order, written like the inputs.
    #[serde(deserialize_with = "infos")]
    pub outputs: Vec<TensorInfo>,
    /// The SHA-256 of the model file that the server runs: any other local file is refused.
    pub sha256: Option<String>,
    /// Headers to send with each run, for gateways that select the model by a header.
    pub headers: BTreeMap<String, String>,
}

impl RemoteModel {
    /// A model known only by the server's name.
    pub(crate) fn called(name: String) -> Self {
        Self { model: Some(name), ..Self::default() }
    }

    /// This model, with `name` as the server's name unless another is configured.
    pub(crate) fn or_called(&self, name: &str) -> Self {
        let model = self.model.clone().or_else(|| Some(name.to_owned()));
        Self { model, ..self.clone() }
    }

    /// The configured signature, if there is one.
    pub(crate) fn signature(&self) -> Option<Signature> {
        let said = !self.inputs.is_empty() && !self.outputs.is_empty();
        said.then(|| Signature { inputs: self.inputs.clone(), outputs: self.outputs.clone() })
    }
}

fn infos<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<TensorInfo>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| tensor_info(text).map_err(de::Error::custom)).collect()
}

/// Parses the text form of [`TensorInfo`]: `name: dtype[dims]`, where a dimension is a number, a symbol or `?`,
/// and `[..]` means any rank.
///
/// # Errors
///
/// `InvalidArgument`, saying what is wrong.
pub fn tensor_info(text: &str) -> Result<TensorInfo> {
    let wrong = |what: String| {
        let example = "write it as 'image: f32[batch, 1, 8, 8]'";
        Error::invalid_argument(format!("'{text}' {what}; {example}"))
    };
    let (name, rest) = text.rsplit_once(':').ok_or_else(|| wrong("has no colon".into()))?;
    let (dtype, dims) = rest.split_once('[').ok_or_else(|| wrong("has no dimensions".into()))?;
    let dtype = dtype.trim();
    let dtype = DType::ALL.into_iter().find(|known| known.name() == dtype).ok_or_else(|| {
        wrong(format!(
            "has an unknown dtype: {}",
            known("dtypes", dtype, DType::ALL.map(DType::name))
        ))
    })?;
    let dims = dims.trim_end().strip_suffix(']').ok_or_else(|| wrong("lacks a ']'".into()))?;
    let dims = match dims.trim() {
        ".." => None,
        "" => Some(Vec::new()),
        dims => Some(dims.split(',').map(|dim| one(dim.trim())).collect()),
    };
    let name = name.trim();
    if name.is_empty() {
        return Err(wrong("has no name".into()));
    }
    Ok(TensorInfo { name: Arc::from(name), dtype, dims })
}

fn one(dim: &str) -> Dim {
    match dim.parse() {
        Ok(size) => Dim::Known(size),
        Err(_) if dim == "?" || dim.is_empty() => Dim::Unknown,
        Err(_) => Dim::Symbol(Arc::from(dim)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_read() {
        for text in ["a:0: f16[batch, 3, ?]", "x: bool[]", "y: i64[..]"] {
            assert_eq!(tensor_info(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn each_mistake_is_named() {
        for (text, what) in [
            ("x f32[2]", "no colon"),
            ("x: f32", "no dimensions"),
            ("x: float[2]", "did you mean"),
            ("x: f32[2", "lacks a ']'"),
            (": f32[2]", "no name"),
        ] {
            let error = tensor_info(text).unwrap_err();
            assert!(error.message().contains(what) || error.message().contains("dtype"), "{error}");
        }
    }
}
