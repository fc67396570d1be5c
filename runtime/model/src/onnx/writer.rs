//! Writes ONNX byte by byte, wrong bytes included.

#[derive(Debug, Default, Clone)]
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Message {
    fn varint(mut self, mut value: u64) -> Self {
        while value > 0x7f {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
        self
    }

    pub(crate) fn int(self, number: u64, value: i64) -> Self {
        self.varint(number << 3).varint(value.cast_unsigned())
    }

    pub(crate) fn bytes(self, number: u64, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let mut message = self.varint(number << 3 | 2).varint(bytes.len() as u64);
        message.0.extend(bytes);
        message
    }

    pub(crate) fn message(self, number: u64, message: Message) -> Self {
        self.bytes(number, message.0)
    }

    pub(crate) fn each<T>(
        self,
        items: impl IntoIterator<Item = T>,
        f: impl Fn(Self, T) -> Self,
    ) -> Self {
        items.into_iter().fold(self, f)
    }
}

pub(crate) const F32: i64 = 1;
pub(crate) const I64: i64 = 7;
pub(crate) const STRING: i64 = 8;

pub(crate) fn new() -> Message {
    Message::default()
}

pub(crate) fn tensor(name: &str, element: i64, dims: &[i64]) -> Message {
    new().each(dims, |t, dim| t.int(1, *dim)).int(2, element).bytes(8, name)
}

/// A one-dimensional tensor of 64-bit integers.
pub(crate) fn list(name: &str, values: &[i64]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor(name, I64, &[values.len().try_into().unwrap()]).bytes(9, raw)
}

/// `None` is a dimension called `n`.
pub(crate) fn value(name: &str, element: i64, dims: &[Option<i64>]) -> Message {
    let shape = new().each(dims, |shape, dim| {
        let dim = dim.map_or_else(|| new().bytes(2, "n"), |dim| new().int(1, dim));
        shape.message(1, dim)
    });
    let ty = new().message(1, new().int(1, element).message(2, shape));
    new().bytes(1, name).message(2, ty)
}

pub(crate) fn node(op: &str, inputs: &[&str], output: &str) -> Message {
    new().each(inputs, |node, input| node.bytes(1, input)).bytes(2, output).bytes(4, op)
}

pub(crate) fn attribute(name: &str) -> Message {
    new().bytes(1, name)
}

/// The output every graph needs.
pub(crate) fn output() -> Message {
    value("y", F32, &[None])
}

pub(crate) fn model(graph: Message) -> Vec<u8> {
    header().message(7, graph.message(12, output())).0
}

/// A model whose nodes may take `n`, `x` and `y` from nowhere.
pub(crate) fn loose(graph: Message) -> Vec<u8> {
    model(graph.each(["n", "x", "y"], |graph, name| graph.message(5, tensor(name, F32, &[0]))))
}

pub(crate) fn header() -> Message {
    new().int(1, 8).bytes(2, "writer").bytes(3, "1").message(8, new().bytes(1, "").int(2, 18))
}
