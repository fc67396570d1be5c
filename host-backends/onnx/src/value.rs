//! What is asked of messages more than once.

use godwit_backend::{DType, Dim, Error, Result};

use crate::schema::{
    AttributeProto, DimensionValue, GraphProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorTypeProto, ValueInfoProto,
};

/// ONNX's own operators have a domain of two names.
fn is_onnx(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

impl OperatorSetIdProto {
    /// Whether it is about ONNX's own operators.
    pub fn is_standard(&self) -> bool {
        is_onnx(self.domain())
    }
}

impl NodeProto {
    /// Whether its operator is one of ONNX's own.
    pub fn is_standard(&self) -> bool {
        is_onnx(self.domain())
    }

    /// The name of the input at a place; empty if none is given there.
    pub fn input_at(&self, at: usize) -> &str {
        self.input.get(at).map_or("", String::as_str)
    }

    /// The name of its first output; empty if it is left out.
    pub fn first_output(&self) -> &str {
        self.output.first().map_or("", String::as_str)
    }

    /// The names of the inputs that are given.
    pub fn given(&self) -> impl Iterator<Item = &str> + Clone {
        self.input.iter().map(String::as_str).filter(|name| !name.is_empty())
    }

    /// The attribute of a name.
    pub fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.attribute.iter().find(|it| it.name() == name)
    }

    /// The graphs inside it: branches of an `If`, the body of a `Loop`.
    pub fn subgraphs(&self) -> impl Iterator<Item = &GraphProto> {
        self.attribute.iter().flat_map(AttributeProto::subgraphs)
    }

    /// Whether there are graphs inside it.
    pub fn has_subgraphs(&self) -> bool {
        self.subgraphs().next().is_some()
    }
}

impl AttributeProto {
    /// The graphs that it holds.
    pub fn subgraphs(&self) -> impl Iterator<Item = &GraphProto> {
        self.g.iter().chain(&self.graphs)
    }
}

impl GraphProto {
    /// The inputs that a caller gives. Old files list initializers among the inputs.
    pub fn callers_inputs(&self) -> impl Iterator<Item = &ValueInfoProto> {
        let initialised: std::collections::HashSet<&str> =
            self.initializer.iter().map(TensorProto::name).collect();
        self.input.iter().filter(move |input| !initialised.contains(input.name()))
    }
}

impl TensorProto {
    /// Its dtype, if the contract has it.
    pub fn dtype(&self) -> Option<DType> {
        DType::from_onnx(self.data_type())
    }

    /// Whether its bytes are in another file.
    pub fn is_external(&self) -> bool {
        self.data_location.unwrap_or_default() != 0 || !self.external_data.is_empty()
    }

    /// The file that holds its bytes, as the model names it.
    pub fn location(&self) -> Option<&str> {
        self.external_data.iter().find(|it| it.key() == "location").map(|it| it.value())
    }

    /// How many elements its dimensions say, unless that overflows or one is negative.
    pub fn elements(&self) -> Option<usize> {
        let dims = self.dims.iter();
        dims.map(|dim| usize::try_from(*dim).ok())
            .try_fold(1usize, |all, dim| all.checked_mul(dim?))
    }

    /// Bytes of its elements; 0 where its dimensions are nonsense. Of dtypes that the contract does not
    /// have, 4 an element where the bytes are not in the file.
    pub fn byte_len(&self) -> u64 {
        let raw = self.raw_data().len();
        let claimed = || self.elements()?.checked_mul(self.dtype().map_or(4, DType::size));
        let bytes = if raw > 0 { raw } else { claimed().unwrap_or(0) };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

impl ValueInfoProto {
    /// Its type, if it is a tensor.
    pub fn tensor_type(&self) -> Option<&TensorTypeProto> {
        self.r#type.as_ref()?.tensor_type.as_ref()
    }

    /// Its dimensions, or `None` where not even their number is said.
    ///
    /// # Errors
    ///
    /// `InvalidEncoding` for a negative dimension.
    pub fn dims(&self) -> Result<Option<Vec<Dim>>> {
        let Some(shape) = self.tensor_type().and_then(|it| it.shape.as_ref()) else {
            return Ok(None);
        };
        let dims = shape.dim.iter().map(|dim| match &dim.value {
            Some(DimensionValue::Value(size)) => {
                let size = usize::try_from(*size);
                size.map(Dim::Known).map_err(|_| {
                    Error::invalid_encoding(
                        "an input or output of the model has a negative dimension",
                    )
                })
            }
            Some(DimensionValue::Param(symbol)) if !symbol.is_empty() => {
                Ok(Dim::Symbol(symbol.as_str().into()))
            }
            _ => Ok(Dim::Unknown),
        });
        dims.collect::<Result<_>>().map(Some)
    }
}
