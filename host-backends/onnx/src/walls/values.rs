//! ONNX's operators that look where values tell them.

use super::Row;
use super::Safety::{self, Guarded, Safe, Unsafe};

const fn row(operator: &'static str, by: &'static str, safety: [Safety; 3]) -> Row {
    Row { operator, by, safety }
}

/// ONNX's own: with ONNX Runtime, OpenVINO, MIGraphX.
pub const VALUES: &[Row] = &[
    row("AffineGrid", "sizes", [Safe, Unsafe, Unsafe]),
    row("Attention", "lengths of the past", [Safe, Unsafe, Unsafe]),
    row("BlackmanWindow", "a length", [Safe, Safe, Unsafe]),
    row("CenterCropPad", "sizes", [Safe, Unsafe, Unsafe]),
    row("Col2Im", "sizes of image and block", [Safe, Unsafe, Unsafe]),
    row("Compress", "a condition's length", [Safe, Safe, Unsafe]),
    row("ConstantOfShape", "sizes", [Safe, Safe, Unsafe]),
    row("CumProd", "an axis", [Unsafe, Unsafe, Unsafe]),
    row("CumSum", "an axis", [Safe, Safe, Unsafe]),
    row("DFT", "a length, an axis", [Safe, Unsafe, Unsafe]),
    row("DeformConv", "offsets", [Safe, Unsafe, Unsafe]),
    row("Expand", "sizes", [Safe, Safe, Unsafe]),
    row("GRU", "lengths of sequences", [Safe, Safe, Unsafe]),
    row("Gather", "indices", [Safe, Guarded, Guarded]),
    row("GatherElements", "indices", [Safe, Safe, Guarded]),
    row("GatherND", "indices", [Safe, Unsafe, Unsafe]),
    row("GridSample", "positions", [Safe, Safe, Unsafe]),
    row("HammingWindow", "a length", [Safe, Safe, Unsafe]),
    row("HannWindow", "a length", [Safe, Safe, Unsafe]),
    row("LSTM", "lengths of sequences", [Safe, Safe, Unsafe]),
    row("Loop", "a count; what it looks up by it", [Safe, Unsafe, Unsafe]),
    row("MaxRoiPool", "regions", [Safe, Unsafe, Unsafe]),
    row("MaxUnpool", "indices", [Safe, Unsafe, Unsafe]),
    row("MelWeightMatrix", "sizes", [Safe, Unsafe, Unsafe]),
    row("Multinomial", "a count", [Safe, Unsafe, Unsafe]),
    row("NegativeLogLikelihoodLoss", "classes", [Safe, Unsafe, Unsafe]),
    row("NonMaxSuppression", "a count", [Safe, Unsafe, Unsafe]),
    row("OneHot", "indices, a depth", [Safe, Safe, Unsafe]),
    row("Pad", "lengths", [Safe, Unsafe, Unsafe]),
    row("RNN", "lengths of sequences", [Safe, Safe, Unsafe]),
    row("Range", "bounds", [Safe, Unsafe, Unsafe]),
    row("Reshape", "sizes", [Safe, Safe, Unsafe]),
    row("Resize", "sizes, scales, a region", [Safe, Safe, Unsafe]),
    row("ReverseSequence", "lengths of sequences", [Safe, Safe, Unsafe]),
    row("RoiAlign", "regions, indices", [Safe, Unsafe, Unsafe]),
    row("RotaryEmbedding", "positions", [Safe, Unsafe, Unsafe]),
    row("STFT", "a step, a length", [Safe, Unsafe, Unsafe]),
    row("Scan", "a count", [Unsafe, Unsafe, Unsafe]),
    row("Scatter", "indices", [Safe, Unsafe, Unsafe]),
    row("ScatterElements", "indices", [Safe, Unsafe, Unsafe]),
    row("ScatterND", "indices", [Safe, Safe, Unsafe]),
    row("Slice", "bounds, steps, axes", [Safe, Guarded, Unsafe]),
    row("SoftmaxCrossEntropyLoss", "classes", [Safe, Unsafe, Unsafe]),
    row("Split", "sizes", [Safe, Safe, Unsafe]),
    row("Squeeze", "axes", [Safe, Safe, Unsafe]),
    row("TensorScatter", "positions", [Safe, Unsafe, Unsafe]),
    row("Tile", "repeats", [Safe, Safe, Unsafe]),
    row("TopK", "a count", [Safe, Safe, Unsafe]),
    row("Trilu", "a diagonal", [Safe, Safe, Unsafe]),
    row("Unique", "counts", [Safe, Unsafe, Unsafe]),
    row("Unsqueeze", "axes", [Safe, Safe, Unsafe]),
    row("Upsample", "scales", [Safe, Safe, Unsafe]),
];

/// Those of ONNX Runtime's own domain.
pub(super) const CONTRIBUTED: &[Row] = &[
    row("EmbedLayerNormalization", "ids", [Safe, Unsafe, Unsafe]),
    row("GatherND", "indices", [Safe, Unsafe, Unsafe]),
];
