//! What operators do, by name: the one table of their properties. The reasons for entries that could be
//! argued about are in `docs/decisions/0029-onnx-operator-properties.md`.
//!
//! Operators of other domains are judged by the same names: `com.microsoft.Pad` pads too.

/// What is known of an operator in every version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// Its name.
    pub name: &'static str,
    /// Inputs whose values, not only dimensions, decide how large an output is or how much work it takes.
    pub sized_by: &'static [usize],
    /// The input that holds positions in another tensor.
    pub positions: Option<usize>,
    /// Whether those are positions along one axis of its first input.
    pub along_axis: bool,
    /// Whether graphs inside it decide what is computed.
    pub control_flow: bool,
    /// Whether it gives other values each time.
    pub random: bool,
    /// Whether it reads only the dimensions of its input.
    pub reads_dims: bool,
    /// Which elements its first output has.
    pub elements: Elements,
    /// Which dtype its first output has.
    pub dtype: OutputDtype,
}

/// Which elements the first output of an operator has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elements {
    /// Computed ones.
    Computed,
    /// Some of the first input's, each as often as it likes.
    Selected,
    /// All of the first input's, each once.
    Kept,
}

/// Which dtype the first output of an operator has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputDtype {
    /// It depends.
    Other,
    /// Integers or truths.
    Discrete,
    /// That of the first input, if it is a floating-point one.
    FirstFloat,
    /// That of all inputs.
    Common,
}

impl Operator {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            sized_by: &[],
            positions: None,
            along_axis: false,
            control_flow: false,
            random: false,
            reads_dims: false,
            elements: Elements::Computed,
            dtype: OutputDtype::Other,
        }
    }

    const fn sized_by(self, inputs: &'static [usize]) -> Self {
        Self { sized_by: inputs, ..self }
    }

    const fn positions(self, input: usize) -> Self {
        Self { positions: Some(input), ..self }
    }

    const fn along_axis(self) -> Self {
        Self { along_axis: true, ..self.positions(1) }
    }

    const fn control_flow(self) -> Self {
        Self { control_flow: true, ..self }
    }

    const fn random(self) -> Self {
        Self { random: true, ..self }
    }

    const fn reads_dims(self) -> Self {
        Self { reads_dims: true, ..self.discrete() }
    }

    const fn selects(self) -> Self {
        Self { elements: Elements::Selected, ..self.float() }
    }

    const fn keeps(self) -> Self {
        Self { elements: Elements::Kept, ..self.float() }
    }

    const fn discrete(self) -> Self {
        Self { dtype: OutputDtype::Discrete, ..self }
    }

    const fn float(self) -> Self {
        Self { dtype: OutputDtype::FirstFloat, ..self }
    }

    const fn common(self) -> Self {
        Self { dtype: OutputDtype::Common, ..self }
    }
}

/// What is known of the operator of a name; of one that is not in the table, nothing.
pub fn of(name: &str) -> &'static Operator {
    static UNKNOWN: Operator = Operator::new("");
    let found = TABLE.binary_search_by(|operator| operator.name.cmp(name)).ok();
    found.and_then(|at| TABLE.get(at)).unwrap_or(&UNKNOWN)
}

const fn op(name: &'static str) -> Operator {
    Operator::new(name)
}

static TABLE: &[Operator] = &[
    op("Abs").common(),
    op("Acos").float(),
    op("Add").common(),
    op("AffineGrid").sized_by(&[1]),
    op("And").discrete(),
    op("ArgMax").discrete(),
    op("ArgMin").discrete(),
    op("Asin").float(),
    op("Atan").float(),
    op("Attention").sized_by(&[6]),
    op("AveragePool").float(),
    op("BatchNormalization").float(),
    op("Bernoulli").random(),
    op("BlackmanWindow").sized_by(&[0]),
    Operator { elements: Elements::Kept, ..op("Cast") },
    op("Ceil").float(),
    op("Celu").float(),
    op("CenterCropPad").sized_by(&[1]),
    op("Clip").common(),
    op("Col2Im").sized_by(&[1, 2]),
    op("Compress").sized_by(&[1]),
    op("Concat").common(),
    op("ConstantOfShape").sized_by(&[0]),
    op("Conv").float(),
    op("ConvTranspose").float(),
    op("Cos").float(),
    op("CumSum").float(),
    op("DFT").sized_by(&[1, 2]),
    op("DepthToSpace").float(),
    op("Div").common(),
    op("Dropout").random().float(),
    op("Einsum").float(),
    op("Elu").float(),
    op("Equal").discrete(),
    op("Erf").float(),
    op("Exp").float(),
    op("Expand").sized_by(&[1]).selects(),
    op("Flatten").keeps(),
    op("Floor").float(),
    op("GRU").sized_by(&[4]).positions(4),
    op("Gather").along_axis().selects(),
    op("GatherElements").along_axis().float(),
    op("GatherND").positions(1),
    op("Gelu").float(),
    op("Gemm").float(),
    op("GlobalAveragePool").float(),
    op("GlobalMaxPool").float(),
    op("Greater").discrete(),
    op("GreaterOrEqual").discrete(),
    op("GroupNormalization").float(),
    op("HammingWindow").sized_by(&[0]),
    op("HannWindow").sized_by(&[0]),
    op("HardSigmoid").float(),
    op("HardSwish").float(),
    op("Identity").keeps(),
    op("If").control_flow(),
    op("ImageDecoder").sized_by(&[0]),
    op("InstanceNormalization").float(),
    op("IsInf").discrete(),
    op("IsNaN").discrete(),
    op("LRN").float(),
    op("LSTM").sized_by(&[4]).positions(4),
    op("LayerNormalization").float(),
    op("LeakyRelu").float(),
    op("Less").discrete(),
    op("LessOrEqual").discrete(),
    op("Log").float(),
    op("LogSoftmax").float(),
    op("Loop").control_flow(),
    op("MatMul").float(),
    op("Max").common(),
    op("MaxPool").float(),
    op("MaxRoiPool").sized_by(&[1]).positions(1),
    op("MaxUnpool").sized_by(&[2]).positions(1),
    op("Mean").float(),
    op("MeanVarianceNormalization").float(),
    op("MelWeightMatrix").sized_by(&[0, 1]),
    op("Min").common(),
    op("Mod").common(),
    op("Mul").common(),
    op("Multinomial").random(),
    op("Neg").float(),
    op("NonMaxSuppression").sized_by(&[0, 1, 2, 3, 4]),
    op("NonZero").sized_by(&[0]),
    op("Not").discrete(),
    op("OneHot").sized_by(&[1]).positions(0),
    op("Or").discrete(),
    op("PRelu").float(),
    op("Pad").sized_by(&[1, 3]).float(),
    op("Pow").float(),
    op("RNN").sized_by(&[4]).positions(4),
    op("RandomNormal").random(),
    op("RandomNormalLike").random(),
    op("RandomUniform").random(),
    op("RandomUniformLike").random(),
    op("Range").sized_by(&[0, 1, 2]),
    op("Reciprocal").float(),
    op("ReduceL1").sized_by(&[1]).float(),
    op("ReduceL2").sized_by(&[1]).float(),
    op("ReduceLogSum").sized_by(&[1]),
    op("ReduceLogSumExp").sized_by(&[1]).float(),
    op("ReduceMax").sized_by(&[1]).float(),
    op("ReduceMean").sized_by(&[1]).float(),
    op("ReduceMin").sized_by(&[1]).float(),
    op("ReduceProd").sized_by(&[1]).float(),
    op("ReduceSum").sized_by(&[1]).float(),
    op("ReduceSumSquare").sized_by(&[1]).float(),
    op("RegexFullMatch").sized_by(&[0]),
    op("Relu").float(),
    op("Reshape").sized_by(&[1]).keeps(),
    op("Resize").sized_by(&[1, 2, 3]).float(),
    op("ReverseSequence").positions(1),
    op("RoiAlign").sized_by(&[1]).positions(2),
    op("RotaryEmbedding").positions(3),
    op("Round").float(),
    op("STFT").sized_by(&[1, 3]),
    op("Scan").control_flow(),
    op("Scatter").along_axis(),
    op("ScatterElements").along_axis(),
    op("ScatterND").positions(1),
    op("SequenceAt").sized_by(&[1]),
    op("SequenceErase").sized_by(&[1]),
    op("SequenceInsert").sized_by(&[2]),
    op("SequenceMap").control_flow(),
    op("Shape").reads_dims(),
    op("Sigmoid").float(),
    op("Sin").float(),
    op("Size").reads_dims(),
    op("Slice").sized_by(&[1, 2, 3, 4]).selects(),
    op("Softmax").float(),
    op("Softplus").float(),
    op("Split").sized_by(&[1]),
    op("SplitToSequence").sized_by(&[1]),
    op("Sqrt").float(),
    op("Squeeze").sized_by(&[1]).keeps(),
    op("StringConcat").sized_by(&[0, 1]),
    op("StringNormalizer").sized_by(&[0]),
    op("StringSplit").sized_by(&[0]),
    op("Sub").common(),
    op("Tanh").float(),
    op("TensorScatter").positions(2),
    op("Tile").sized_by(&[1, 2]),
    op("TopK").sized_by(&[1]),
    op("Transpose").keeps(),
    op("Unique").sized_by(&[0]),
    op("Unsqueeze").sized_by(&[1]).keeps(),
    op("Upsample").sized_by(&[1]),
    op("Xor").discrete(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_searched() {
        assert!(TABLE.is_sorted_by(|one, other| one.name < other.name));
        assert_eq!(of("Gather").positions, Some(1));
        assert_eq!((of("Xor").name, of("Zor").name), ("Xor", ""));
    }
}
