//! ONNX's operators that find their way through memory by what they are given.

use godwit_backend::DType::{Bool, F32, I8, I32, I64, U8};

use super::spec::Role::{Data, Place, Size};
use super::spec::{Spec, spec};

/// One use or more of each.
pub(super) fn onnx() -> Vec<Spec> {
    let mut all = selections();
    all.extend(shapes());
    all.extend(images());
    all.extend(sequences());
    all.extend(lengths());
    all
}

/// Those that take elements from where they are told.
fn selections() -> Vec<Spec> {
    let three = [0.0, 2.0, 1.0];
    let six = [0.0, 1.0, 2.0, 1.0, 0.0, 2.0];
    let gather = |rows, axis| spec("Gather", 13).data([rows, 3]).int("axis", axis).selects();
    let scatter = |reduction| {
        spec("ScatterElements", 18)
            .data([4, 3])
            .places([2, 3], &six)
            .data([2, 3])
            .text("reduction", reduction)
    };
    let scatter_nd = |reduction| {
        spec("ScatterND", 18)
            .data([4, 3])
            .places([2, 1], &[0.0, 3.0])
            .data([2, 3])
            .text("reduction", reduction)
    };
    vec![
        gather(4, 0).places([2], &[0.0, 3.0]),
        gather(4, 1).places32([2, 2], &[0.0, 2.0]),
        gather(2, 0).places([], &[1.0]),
        spec("GatherElements", 13).data([4, 3]).places([2, 3], &six).int("axis", 0).selects(),
        spec("GatherElements", 13).data([4, 3]).places32([4, 2], &three).int("axis", 1).selects(),
        spec("GatherND", 13).data([4, 3]).places([2, 1], &[0.0, 3.0]).selects(),
        spec("GatherND", 13).data([4, 3]).places([2, 2], &[0.0, 2.0, 3.0, 1.0]).selects(),
        spec("GatherND", 13)
            .data([2, 3, 4])
            .places([2, 1], &[0.0, 2.0])
            .int("batch_dims", 1)
            .selects(),
        scatter("none").int("axis", 0).selects(),
        scatter("add").int("axis", 1),
        scatter("max").int("axis", 0).selects(),
        spec("Scatter", 10).data([4, 3]).places([2, 3], &six).data([2, 3]).int("axis", 0).selects(),
        scatter_nd("none").selects(),
        scatter_nd("mul"),
        spec("ScatterND", 13)
            .data([4, 3])
            .places([2, 2], &[0.0, 2.0, 3.0, 1.0])
            .data([2])
            .selects(),
        spec("TensorScatter", 24)
            .data([1, 1, 4, 2])
            .data([1, 1, 2, 2])
            .places([1], &[1.0])
            .selects(),
        spec("OneHot", 11).places([3], &three).sizes([], &[4.0]).operand(
            F32,
            [2],
            &[0.0, 1.0],
            Data,
        ),
        spec("OneHot", 11)
            .places32([3], &three)
            .sizes([1], &[4.0])
            .operand(F32, [2], &[0.0, 1.0], Data)
            .int("axis", 0),
        spec("Compress", 11)
            .data([4, 3])
            .operand(Bool, [4], &[1.0, 0.0, 1.0, 1.0], Place)
            .int("axis", 0)
            .selects(),
        spec("Compress", 11).data([4, 3]).operand(Bool, [12], &[1.0, 0.0, 1.0], Place).selects(),
        spec("TopK", 11).data([4, 3]).sizes([1], &[2.0]).gives(&[F32, I64]).selects(),
        spec("TopK", 11)
            .data([4, 3])
            .sizes([1], &[2.0])
            .int("axis", 0)
            .gives(&[F32, I64])
            .selects(),
        spec("EmbedLayerNormalization", 1)
            .of("com.microsoft")
            .places32([1, 2], &[0.0, 1.0])
            .places32([1, 2], &[0.0, 1.0])
            .data([4, 4])
            .data([4, 4])
            .data([2, 4])
            .data([4])
            .data([4]),
        spec("GatherND", 1).of("com.microsoft").data([4, 3]).places([2, 1], &[0.0, 3.0]).selects(),
    ]
}

/// Those whose output's size or order is told by numbers.
fn shapes() -> Vec<Spec> {
    let pad = |mode| {
        spec("Pad", 18).data([4, 3]).places([4], &[1.0, 0.0, 0.0, 1.0]).text("mode", mode).selects()
    };
    let slice = || {
        spec("Slice", 13)
            .data([4, 3])
            .places([2], &[0.0, 1.0])
            .places([2], &[3.0, 3.0])
            .places([2], &[0.0, 1.0])
            .places([2], &[1.0, 1.0])
            .selects()
    };
    vec![
        spec("Pad", 18)
            .data([4, 3])
            .places([4], &[1.0, 0.0, 0.0, 1.0])
            .operand(F32, [], &[1.0], Data)
            .text("mode", "constant")
            .selects(),
        pad("reflect"),
        pad("edge"),
        pad("constant").operand(F32, [], &[1.0], Data).places([2], &[0.0, 1.0]),
        spec("Pad", 19)
            .data([4, 3])
            .places([4], &[1.0, 0.0, 0.0, 1.0])
            .text("mode", "wrap")
            .selects(),
        spec("Pad", 10).data([4, 3]).ints("pads", &[-3, -3, -3, -1]).selects(),
        spec("Pad", 10).data([4, 3]).ints("pads", &[-7, 0, 5, 0]).text("mode", "edge").selects(),
        spec("Pad", 10).data([4, 3]).ints("pads", &[5, 5, 5, 5]).text("mode", "reflect").selects(),
        slice(),
        spec("Slice", 13)
            .data([4, 3])
            .places32([1], &[3.0])
            .places32([1], &[0.0])
            .places32([1], &[0.0])
            .places32([1], &[-1.0])
            .selects(),
        spec("Slice", 9)
            .data([4, 3])
            .ints("starts", &[-9])
            .ints("ends", &[1 << 40])
            .ints("axes", &[1])
            .selects(),
        spec("Split", 13).data([4, 3]).sizes([2], &[1.0, 3.0]).gives(&[F32, F32]).selects(),
        spec("Split", 13)
            .data([4, 3])
            .sizes([2], &[1.0, 2.0])
            .int("axis", 1)
            .gives(&[F32, F32])
            .selects(),
        spec("Expand", 13).data([3, 1]).sizes([2], &[3.0, 4.0]).selects(),
        spec("Tile", 13).data([2, 3]).sizes([2], &[2.0, 1.0]).selects(),
        spec("Reshape", 14).data([4, 3]).sizes([2], &[3.0, 4.0]).selects(),
        spec("Reshape", 14).data([4, 3]).sizes([2], &[0.0, -1.0]).int("allowzero", 1).selects(),
        spec("Squeeze", 13).data([1, 3]).places([1], &[0.0]).selects(),
        spec("Unsqueeze", 13).data([4, 3]).places([2], &[0.0, 3.0]).selects(),
        spec("ReduceSum", 13).data([4, 3]).places([1], &[1.0]),
        spec("ReduceMax", 18).data([4, 3]).places([1], &[0.0]),
        spec("ReduceLogSumExp", 18).data([4, 3]).places([2], &[0.0, 1.0]),
        spec("ConstantOfShape", 9).sizes([2], &[2.0, 3.0]),
        spec("CumSum", 14).data([4, 3]).places([], &[0.0]),
        spec("Trilu", 14).data([4, 3]).places([], &[1.0]).selects(),
        spec("CenterCropPad", 18).data([4, 3]).sizes([2], &[3.0, 5.0]).selects(),
        spec("Range", 11).sizes([], &[0.0]).sizes([], &[5.0]).sizes([], &[1.0]).gives(&[I64]),
        spec("AffineGrid", 20).data([1, 2, 3]).sizes([4], &[1.0, 1.0, 3.0, 3.0]),
        spec("DFT", 17).data([1, 4, 1]).sizes([], &[4.0]).int("axis", 1),
        spec("DFT", 20).data([1, 4, 1]).sizes([], &[4.0]).places([], &[1.0]),
        spec("STFT", 17).data([1, 16, 1]).sizes([], &[4.0]).data([4]).sizes([], &[4.0]),
        spec("MelWeightMatrix", 17)
            .sizes([], &[4.0])
            .sizes([], &[8.0])
            .sizes([], &[8000.0])
            .operand(F32, [], &[0.0], Data)
            .operand(F32, [], &[4000.0], Data),
        spec("HannWindow", 17).sizes([], &[8.0]),
        spec("Dropout", 13).data([4, 3]).operand(F32, [], &[0.5], Place).operand(
            Bool,
            [],
            &[1.0],
            Data,
        ),
        spec("Transpose", 13).data([4, 3]).ints("perm", &[1, 5]).selects(),
        spec("Flatten", 13).data([4, 3]).int("axis", -9).selects(),
        spec("Concat", 13).data([4, 3]).data([2, 3]).int("axis", 0).selects(),
        spec("DepthToSpace", 13).data([1, 4, 2, 2]).int("blocksize", 2).selects(),
        spec("SpaceToDepth", 13).data([1, 1, 4, 4]).int("blocksize", 3).selects(),
        spec("EyeLike", 9).data([4, 3]).int("k", 1 << 40),
        spec("BitShift", 11)
            .operand(U8, [4], &[1.0, 2.0], Data)
            .operand(U8, [4], &[1.0, 200.0], Place)
            .text("direction", "LEFT")
            .gives(&[U8]),
    ]
}

/// Those of images: places between elements, windows, boxes.
fn images() -> Vec<Spec> {
    let image = |operator, opset| spec(operator, opset).data([1, 1, 4, 4]);
    let empty = |it: Spec| it.operand(F32, [0], &[], Data);
    let scales = |it: Spec| it.operand(F32, [4], &[1.0, 1.0, 2.0, 2.0], Size);
    let resize = |mode| {
        let it = scales(empty(image("Resize", 13))).text("mode", mode);
        it.text("coordinate_transformation_mode", "asymmetric").text("nearest_mode", "floor")
    };
    let boxes = [0.0, 0.0, 2.0, 2.0, 1.0, 1.0, 3.0, 3.0];
    let roi_align = |mode| {
        image("RoiAlign", 16)
            .operand(F32, [2, 4], &boxes, Place)
            .places([2], &[0.0, 0.0])
            .text("mode", mode)
    };
    let roi_align = |mode| roi_align(mode).int("output_height", 2).int("output_width", 2);
    let many: Vec<f64> = (0..72).map(|it| f64::from(it % 3) / 2.0).collect();
    vec![
        resize("nearest"),
        resize("linear"),
        resize("cubic"),
        empty(empty(image("Resize", 13))).sizes([4], &[1.0, 1.0, 6.0, 6.0]).text("mode", "nearest"),
        scales(image("Resize", 13).operand(
            F32,
            [8],
            &[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0],
            Place,
        ))
        .text("coordinate_transformation_mode", "tf_crop_and_resize")
        .text("mode", "linear"),
        scales(image("Upsample", 9)).text("mode", "nearest"),
        roi_align("avg"),
        roi_align("max"),
        image("MaxRoiPool", 1)
            .operand(F32, [2, 5], &[0.0, 0.0, 0.0, 3.0, 3.0], Place)
            .ints("pooled_shape", &[2, 2]),
        spec("Col2Im", 18).data([1, 4, 9]).sizes([2], &[4.0, 4.0]).sizes([2], &[2.0, 2.0]),
        spec("MaxUnpool", 11)
            .data([1, 1, 2, 2])
            .places([1, 1, 2, 2], &[0.0, 3.0, 8.0, 15.0])
            .ints("kernel_shape", &[2, 2])
            .ints("strides", &[2, 2])
            .selects(),
        spec("MaxUnpool", 11)
            .data([1, 1, 2, 2])
            .places([1, 1, 2, 2], &[0.0, 3.0, 8.0, 15.0])
            .sizes([4], &[1.0, 1.0, 4.0, 4.0])
            .ints("kernel_shape", &[2, 2])
            .ints("strides", &[2, 2])
            .selects(),
        image("DeformConv", 19).data([1, 1, 2, 2]).operand(F32, [1, 8, 3, 3], &many, Place),
        image("GridSample", 16).operand(F32, [1, 2, 2, 2], &[-1.0, 0.5, 0.0, 1.0], Place),
        image("GridSample", 16)
            .operand(F32, [1, 2, 2, 2], &[-1.0, 0.5, 0.0, 1.0], Place)
            .text("mode", "nearest")
            .text("padding_mode", "reflection")
            .selects(),
        image("GridSample", 16)
            .operand(F32, [1, 2, 2, 2], &[-1.0, 0.5, 0.0, 1.0], Place)
            .text("mode", "bicubic")
            .text("padding_mode", "border"),
        spec("NonMaxSuppression", 11)
            .operand(F32, [1, 2, 4], &boxes, Place)
            .data([1, 1, 2])
            .sizes([1], &[2.0])
            .operand(F32, [1], &[0.5], Data)
            .operand(F32, [1], &[0.1], Data)
            .gives(&[I64]),
        image("MaxPool", 12).ints("kernel_shape", &[2, 2]).ints("pads", &[-1, -1, 7, 7]).selects(),
        image("MaxPool", 12).ints("kernel_shape", &[9, 9]).ints("strides", &[0, 1]).selects(),
        image("AveragePool", 11).ints("kernel_shape", &[3, 3]).ints("pads", &[5, 5, -4, -4]),
        image("Conv", 11).data([1, 1, 3, 3]).ints("pads", &[-2, -2, -2, -2]),
        image("Conv", 11).data([1, 1, 3, 3]).ints("dilations", &[1 << 30, 1]),
        image("ConvTranspose", 11).data([1, 1, 3, 3]).ints("output_shape", &[1, 1]),
        image("ConvTranspose", 11).data([1, 1, 3, 3]).ints("pads", &[9, 9, 9, 9]),
    ]
}

/// Those that follow sequences of a given length.
fn sequences() -> Vec<Spec> {
    let empty = |it: Spec| it.operand(F32, [0], &[], Data);
    let recurrent = |operator, gates: usize, peers: bool| {
        let it = spec(operator, 14).data([3, 2, 4]);
        let it = it.operand(F32, [1, gates * 2, 4], &[0.1], Data);
        let it = it.operand(F32, [1, gates * 2, 2], &[0.1], Data);
        let it = it.operand(F32, [1, gates * 4], &[0.1], Data).places32([2], &[3.0, 2.0]);
        let it = it.operand(F32, [1, 2, 2], &[0.0], Data).int("hidden_size", 2);
        if peers { it.operand(F32, [1, 2, 2], &[0.0], Data) } else { it }
    };
    let _ = empty;
    vec![
        recurrent("RNN", 1, false),
        recurrent("GRU", 3, false),
        recurrent("LSTM", 4, true),
        recurrent("LSTM", 4, true).text("direction", "reverse"),
        recurrent("GRU", 3, false).text("direction", "reverse"),
        spec("ReverseSequence", 10).data([4, 3]).places([3], &[4.0, 2.0, 1.0]).selects(),
        spec("ReverseSequence", 10)
            .data([3, 4])
            .places([3], &[4.0, 2.0, 1.0])
            .int("batch_axis", 0)
            .int("time_axis", 1)
            .selects(),
        spec("RotaryEmbedding", 23)
            .data([1, 1, 2, 4])
            .data([4, 2])
            .data([4, 2])
            .places([1, 2], &[0.0, 3.0]),
        spec("Attention", 23).data([1, 1, 2, 4]).data([1, 1, 3, 4]).data([1, 1, 3, 4]).operand(
            F32,
            [2, 3],
            &[0.0],
            Data,
        ),
    ]
}

/// Those of several operands whose lengths have to fit together.
fn lengths() -> Vec<Spec> {
    let quantised = |it: Spec| it.operand(U8, [4], &[0.0], Data).int("axis", 0);
    vec![
        spec("BatchNormalization", 15).data([1, 3, 2, 2]).data([3]).data([3]).data([3]).data([3]),
        spec("InstanceNormalization", 6).data([1, 3, 2, 2]).data([3]).data([3]),
        spec("LayerNormalization", 17).data([4, 3]).data([3]).data([3]),
        spec("GroupNormalization", 21).data([1, 4, 2, 2]).data([4]).data([4]).int("num_groups", 2),
        spec("PRelu", 16).data([4, 3]).data([3]),
        spec("Conv", 11).data([1, 2, 4, 4]).data([3, 2, 2, 2]).data([3]),
        spec("Conv", 11).data([1, 4, 4, 4]).data([4, 2, 2, 2]).data([4]).int("group", 2),
        spec("ConvTranspose", 11).data([1, 2, 4, 4]).data([2, 3, 2, 2]).data([3]),
        spec("Gemm", 13).data([4, 3]).data([3, 2]).data([2]),
        spec("MatMul", 13).data([4, 3]).data([3, 2]),
        spec("MatMul", 13).data([2, 4, 3]).data([2, 3, 2]),
        spec("Einsum", 12).data([4, 3]).data([3, 2]).text("equation", "ij,jk->ik"),
        quantised(spec("DequantizeLinear", 13).operand(U8, [4, 3], &[1.0, 2.0], Data).data([4])),
        quantised(spec("QuantizeLinear", 13).data([4, 3]).data([4])).gives(&[U8]),
        spec("MatMulInteger", 10)
            .operand(U8, [4, 3], &[1.0], Data)
            .operand(U8, [3, 2], &[2.0], Data)
            .operand(U8, [], &[0.0], Data)
            .operand(U8, [2], &[0.0], Data)
            .gives(&[I32]),
        spec("QLinearConv", 10)
            .operand(U8, [1, 1, 4, 4], &[1.0], Data)
            .operand(F32, [], &[1.0], Data)
            .operand(U8, [], &[0.0], Data)
            .operand(I8, [2, 1, 2, 2], &[1.0], Data)
            .data([2])
            .operand(I8, [2], &[0.0], Data)
            .operand(F32, [], &[1.0], Data)
            .operand(U8, [], &[0.0], Data)
            .operand(I32, [2], &[1.0], Data)
            .gives(&[U8]),
        spec("Where", 16).operand(Bool, [4, 3], &[1.0, 0.0], Data).data([4, 3]).data([3]).selects(),
        spec("Add", 14).data([4, 3]).data([3]),
        spec("Max", 13).data([4, 3]).data([1, 3]).data([4, 1]).selects(),
        spec("Softmax", 13).data([4, 3]).int("axis", 1),
        spec("ArgMax", 13).data([4, 3]).int("axis", 0).gives(&[I64]),
        spec("NonZero", 13).data([4, 3]).gives(&[I64]),
        spec("Unique", 11).data([6]).gives(&[F32, I64, I64, I64]),
        spec("LRN", 13).data([1, 3, 2, 2]).int("size", 1 << 40),
        spec("NegativeLogLikelihoodLoss", 13).data([3, 4]).places([3], &[0.0, 3.0, 1.0]),
        spec("SoftmaxCrossEntropyLoss", 13).data([3, 4]).places([3], &[0.0, 3.0, 1.0]),
        spec("Multinomial", 7).data([2, 4]).int("sample_size", 3).gives(&[I32]),
    ]
}
