//! What the two sides say to each other, as JSON: messages are short, for bytes lie in shared memory.

use godwit_backend::{
    Budget, DType, Device, Encoding, Error, ErrorKind, GraphInfo, Result, Shape, Target,
};
use serde::{Deserialize, Serialize};

use crate::Confinement;

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
    /// With a file for each part of the model.
    Load {
        name: String,
        encoding: Encoding,
        /// The bytes of each part.
        parts: Vec<usize>,
        target: Target,
    },
    /// With the context's control page, and memory for inputs and outputs.
    Open {
        graph: u64,
        host: Account,
        device: Account,
    },
    /// With more memory for what a context takes or gives.
    Area {
        context: u64,
        area: Area,
    },
    /// With memory that takes all of the buffer.
    Read {
        buffer: u64,
        host: Account,
    },
    /// Nobody waits for the call of this number any more. Has no answer.
    Cancel,
    /// Has no answer.
    Drop(Kept),
}

/// Which memory of a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Area {
    Inputs,
    Outputs,
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

/// What a worker says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    /// The answer to a call.
    Answer(u64, Result<Reply, WireError>),
    /// The answer to this run is in its context's slot.
    Done(u64),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// The backend is open, and this is what holds its process.
    Ready(Confinement),
    Devices(Vec<Device>),
    Graph {
        graph: u64,
        info: Box<GraphInfo>,
    },
    Context(u64),
    /// What was asked for is done.
    Done,
}

/// What is asked for in a context's slot.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SlotAsk {
    pub(crate) call: u64,
    pub(crate) what: SlotRequest,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SlotRequest {
    Run(Vec<Item>),
    /// The outputs that found no room.
    Collect,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SlotAnswer {
    pub(crate) outcome: Result<SlotReply, WireError>,
    /// The inputs are still used: by a device that is about to stop, or as outputs that stay there.
    pub(crate) holds_inputs: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SlotReply {
    Outputs(Vec<Item>),
    /// The outputs need this many bytes.
    Room(usize),
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
    /// In the context's memory for inputs, or for outputs, from this byte on.
    Shared(usize),
    /// On the device, by its number.
    Resident(u64),
}

/// What vector units and devices like.
const ALIGNMENT: usize = 64;

/// Where tensors of these lengths begin, one after another, and the bytes that they take together.
pub(crate) fn layout(lens: impl IntoIterator<Item = usize>) -> Option<(Vec<usize>, usize)> {
    let (mut offsets, mut end) = (Vec::new(), 0usize);
    for len in lens {
        offsets.push(end);
        end = end.checked_add(len.max(1).checked_next_multiple_of(ALIGNMENT)?)?;
    }
    isize::try_from(end).is_ok().then_some((offsets, end))
}

/// An [`Error`] of the contract.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WireError {
    kind: ErrorKind,
    message: String,
    source: Option<String>,
}

/// Characters that an error's message, and its cause, may have.
const LONGEST: usize = 4096;

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        let message = error.message().to_owned();
        let source = error.report().strip_prefix(&*message).map(str::to_owned);
        let source = source.map(|source| source.trim_start_matches(": ").to_owned());
        let source = source.filter(|source| !source.is_empty());
        let cut = |text: String| text.chars().take(LONGEST).collect();
        Self { kind: error.kind(), message: cut(message), source: source.map(cut) }
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

    #[test]
    fn tensors_begin_on_lines_of_their_own() {
        assert_eq!(layout([0, 1, 64, 65]), Some((vec![0, 64, 128, 192], 320)));
        assert_eq!(layout([usize::MAX]), None);
        assert_eq!(layout([usize::MAX / 2, 9]), None);
    }
}
