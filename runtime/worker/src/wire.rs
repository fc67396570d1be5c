//! What the two sides say to each other, as JSON: messages are short, for bytes lie in shared memory.

use godwit_backend::{
    Budget, DType, Device, Encoding, Error, ErrorKind, GraphInfo, Result, Shape, Target,
};
use serde::{Deserialize, Serialize};

/// Something asked for, with the number that the answer will bear. Zero is asked without words: whether the
/// backend could be opened.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ask {
    pub(crate) call: u64,
    pub(crate) what: Request,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    Devices,
    Load {
        name: String,
        encoding: Encoding,
        parts: Vec<Span>,
        target: Target,
    },
    Open {
        graph: u64,
        host: Account,
        device: Account,
    },
    Run {
        context: u64,
        inputs: Vec<Item>,
    },
    Read {
        buffer: u64,
        host: Account,
    },
    /// Nobody waits for the call of this number any more. Has no answer.
    Cancel,
    /// Has no answer.
    Drop(Kept),
}

/// A budget of the other side.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: u64,
    /// Bytes.
    pub(crate) limit: u64,
}

impl From<&Budget> for Account {
    fn from(budget: &Budget) -> Self {
        Self { id: budget.id(), limit: budget.limit() }
    }
}

/// Something that the process keeps until it is told to drop it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kept {
    Graph(u64),
    Context(u64),
    Buffer(u64),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) call: u64,
    pub(crate) outcome: Result<Reply, WireError>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    Ready,
    Devices(Vec<Device>),
    Graph { graph: u64, info: Box<GraphInfo> },
    Context(u64),
    Outputs(Vec<Item>),
    Bytes(Span),
}

/// A tensor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<usize>,
    pub(crate) location: TensorLocation,
}

impl Item {
    pub(crate) fn new(dtype: DType, shape: &Shape, location: TensorLocation) -> Self {
        Self { dtype, shape: shape.to_vec(), location }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum TensorLocation {
    Shared(Span),
    /// On the device, by its number.
    Resident(u64),
}

/// Bytes in a segment of shared memory, lent with the message that names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    pub(crate) segment: u64,
    pub(crate) offset: usize,
    pub(crate) len: usize,
}

/// An [`Error`] of the contract.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WireError {
    kind: ErrorKind,
    message: String,
    source: Option<String>,
}

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        let message = error.message().to_owned();
        let source = error.report().strip_prefix(&*message).map(str::to_owned);
        let source = source.map(|source| source.trim_start_matches(": ").to_owned());
        Self { kind: error.kind(), message, source: source.filter(|source| !source.is_empty()) }
    }
}

impl From<WireError> for Error {
    fn from(WireError { kind, message, source }: WireError) -> Self {
        let error = Self::new(kind, message);
        match source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_kind_its_words_and_its_cause() {
        let error = Error::too_large("too much").with_source("malloc said no");
        let text = serde_json::to_string(&WireError::from(error)).unwrap();
        let error = Error::from(serde_json::from_str::<WireError>(&text).unwrap());
        assert_eq!((error.kind(), error.message()), (ErrorKind::TooLarge, "too much"));
        assert_eq!(error.report(), "too much: malloc said no");
        let error = Error::from(WireError::from(Error::failed("so")));
        assert_eq!(error.report(), "so");
    }
}
