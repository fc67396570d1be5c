//! OpenVINO's operators that find their way through memory by what they are given, in its own form of models.

use godwit_backend::DType::{Bool, F32, I32, I64};

use super::spec::Role::{Data, Place, Size};
use super::spec::{Spec, spec};

/// One use or more of each.
pub(super) fn layers() -> Vec<Spec> {
    let mut all = selections();
    all.extend(shapes());
    all.extend(others());
    all
}

fn selections() -> Vec<Spec> {
    let three = [0.0, 2.0, 1.0];
    let six = [0.0, 1.0, 2.0, 1.0, 0.0, 2.0];
    let axis = |it: Spec, axis| it.operand(I64, [1], &[axis], Place);
    let bag = |operator| spec(operator, 3).data([5, 2]);
    vec![
        axis(spec("Gather", 8).data([4, 3]).places([2], &[0.0, 3.0]), 0.0)
            .int("batch_dims", 0)
            .selects(),
        axis(spec("Gather", 7).data([2, 3]).places32([2, 2], &three), 1.0)
            .int("batch_dims", 1)
            .selects(),
        axis(spec("Gather", 1).data([4, 3]).places([2], &[0.0, 3.0]), 0.0).selects(),
        spec("GatherElements", 6).data([4, 3]).places([2, 3], &six).int("axis", 0).selects(),
        spec("GatherND", 8).data([4, 3]).places([2, 1], &[0.0, 3.0]).int("batch_dims", 0).selects(),
        spec("GatherND", 5)
            .data([2, 3, 4])
            .places32([2, 1], &[0.0, 2.0])
            .int("batch_dims", 1)
            .selects(),
        spec("GatherTree", 1)
            .operand(I32, [3, 1, 2], &three, Data)
            .places32([3, 1, 2], &[0.0, 1.0])
            .places32([1], &[3.0])
            .operand(I32, [], &[9.0], Data)
            .gives(&[I32]),
        axis(spec("ScatterUpdate", 3).data([4, 3]).places([2], &[0.0, 3.0]).data([2, 3]), 0.0)
            .selects(),
        axis(spec("ScatterElementsUpdate", 3).data([4, 3]).places([2, 3], &six).data([2, 3]), 0.0)
            .selects(),
        axis(
            spec("ScatterElementsUpdate", 12).data([4, 3]).places32([2, 3], &six).data([2, 3]),
            1.0,
        )
        .text("reduction", "sum")
        .text("use_init_val", "true"),
        spec("ScatterNDUpdate", 4).data([4, 3]).places([2, 1], &[0.0, 3.0]).data([2, 3]).selects(),
        spec("ScatterNDUpdate", 15)
            .data([4, 3])
            .places([2, 2], &[0.0, 2.0, 3.0, 1.0])
            .data([2])
            .text("reduction", "max")
            .selects(),
        bag("EmbeddingBagOffsetsSum")
            .places([4], &three)
            .places([3], &[0.0, 2.0, 3.0])
            .places([], &[0.0]),
        bag("EmbeddingBagPackedSum").places([3, 2], &three),
        bag("EmbeddingSegmentsSum")
            .places([4], &three)
            .places([4], &[0.0, 0.0, 2.0, 2.0])
            .sizes([], &[3.0])
            .places([], &[0.0]),
        spec("EmbeddingBagOffsets", 15)
            .data([5, 2])
            .places32([4], &three)
            .places32([3], &[0.0, 2.0, 3.0])
            .places32([], &[0.0])
            .text("reduction", "mean"),
        spec("EmbeddingBagPacked", 15)
            .data([5, 2])
            .places32([3, 2], &three)
            .text("reduction", "sum"),
        spec("SegmentMax", 16)
            .data([5, 2])
            .places([5], &[0.0, 0.0, 1.0, 2.0, 2.0])
            .sizes([], &[3.0])
            .text("fill_mode", "ZERO")
            .selects(),
        spec("SegmentMax", 16)
            .data([5, 2])
            .places32([5], &[0.0, 0.0, 1.0, 2.0, 2.0])
            .text("fill_mode", "LOWEST"),
        spec("OneHot", 1)
            .places([3], &three)
            .sizes([], &[4.0])
            .operand(F32, [], &[1.0], Data)
            .operand(F32, [], &[0.0], Data)
            .int("axis", -1),
        spec("TopK", 11)
            .data([4, 3])
            .sizes([], &[2.0])
            .int("axis", 1)
            .text("mode", "max")
            .text("sort", "value")
            .text("index_element_type", "i64")
            .gives(&[F32, I64])
            .selects(),
        spec("SearchSorted", 15)
            .data([1, 4])
            .data([1, 2])
            .text("right_mode", "true")
            .text("output_type", "i64")
            .gives(&[I64]),
        spec("Bucketize", 3)
            .data([4, 3])
            .data([3])
            .text("output_type", "i64")
            .text("with_right_bound", "true")
            .gives(&[I64]),
    ]
}

fn shapes() -> Vec<Spec> {
    let two = |it: Spec, values: [f64; 2]| it.operand(I64, [2], &values, Place);
    let pad = |mode| {
        let it = two(two(spec("Pad", 12).data([4, 3]), [1.0, 0.0]), [0.0, 1.0]);
        it.operand(F32, [], &[1.0], Data).text("pad_mode", mode)
    };
    let strided =
        two(two(two(spec("StridedSlice", 1).data([4, 3]), [0.0, 1.0]), [3.0, 3.0]), [1.0, 1.0]);
    let strided = strided.ints("begin_mask", &[0, 0]).ints("end_mask", &[0, 0]);
    let strided =
        strided.ints("new_axis_mask", &[]).ints("shrink_axis_mask", &[]).ints("ellipsis_mask", &[]);
    let slice = |it: Spec| two(two(two(two(it, [0.0, 1.0]), [3.0, 3.0]), [1.0, 1.0]), [0.0, 1.0]);
    let interpolate = |mode| {
        spec("Interpolate", 11)
            .data([1, 1, 4, 4])
            .sizes([2], &[6.0, 6.0])
            .operand(I64, [2], &[2.0, 3.0], Place)
            .text("mode", mode)
            .text("shape_calculation_mode", "sizes")
            .text("coordinate_transformation_mode", "half_pixel")
            .text("nearest_mode", "floor")
            .text("antialias", "false")
            .ints("pads_begin", &[0])
            .ints("pads_end", &[0])
            .float("cube_coeff", -0.75)
    };
    let blocks = [1.0, 1.0, 2.0, 2.0];
    let blocks = |operator, dims: [usize; 4]| {
        let it = spec(operator, 2).data(dims).sizes([4], &blocks);
        it.places([4], &[0.0]).places([4], &[0.0]).selects()
    };
    vec![
        pad("constant").selects(),
        pad("edge").selects(),
        pad("reflect").selects(),
        pad("symmetric").selects(),
        two(two(spec("Pad", 1).data([4, 3]), [1.0, 0.0]), [0.0, 1.0])
            .operand(F32, [], &[1.0], Data)
            .text("pad_mode", "constant"),
        strided.selects(),
        slice(spec("Slice", 8).data([4, 3])).selects(),
        slice(spec("SliceScatter", 15).data([4, 3]).data([3, 2])).selects(),
        interpolate("nearest"),
        interpolate("linear_onnx"),
        interpolate("cubic"),
        interpolate("bilinear_pillow"),
        spec("Broadcast", 3).data([3, 1]).sizes([2], &[3.0, 4.0]).text("mode", "numpy").selects(),
        spec("Broadcast", 3)
            .data([3])
            .sizes([2], &[4.0, 3.0])
            .places([1], &[1.0])
            .text("mode", "explicit")
            .selects(),
        spec("Reshape", 1)
            .data([4, 3])
            .sizes([2], &[3.0, 4.0])
            .text("special_zero", "true")
            .selects(),
        spec("VariadicSplit", 1)
            .data([4, 3])
            .places([], &[0.0])
            .sizes([2], &[1.0, 3.0])
            .gives(&[F32, F32])
            .selects(),
        spec("Split", 1)
            .data([4, 3])
            .places([], &[0.0])
            .int("num_splits", 2)
            .gives(&[F32, F32])
            .selects(),
        blocks("SpaceToBatch", [1, 1, 4, 4]),
        blocks("BatchToSpace", [4, 1, 2, 2]),
        spec("Roll", 7).data([4, 3]).places([1], &[2.0]).places([1], &[0.0]).selects(),
        spec("CumSum", 3)
            .data([4, 3])
            .places([], &[0.0])
            .text("exclusive", "false")
            .text("reverse", "true"),
        spec("Eye", 9)
            .sizes([], &[4.0])
            .sizes([], &[3.0])
            .places([], &[1.0])
            .text("output_type", "f32"),
        spec("Range", 4)
            .sizes([], &[0.0])
            .sizes([], &[5.0])
            .sizes([], &[1.0])
            .text("output_type", "i64")
            .gives(&[I64]),
        spec("Squeeze", 1).data([1, 3]).places([1], &[0.0]).selects(),
        spec("Unsqueeze", 1).data([4, 3]).places([2], &[0.0, 3.0]).selects(),
        spec("ReduceSum", 1).data([4, 3]).places([1], &[1.0]).text("keep_dims", "true"),
        spec("ReduceMax", 1).data([4, 3]).places([1], &[1.0]).text("keep_dims", "true"),
        spec("Transpose", 1).data([4, 3]).places([2], &[1.0, 0.0]).selects(),
        spec("Reverse", 1).data([4, 3]).places([1], &[0.0]).text("mode", "index").selects(),
        spec("NormalizeL2", 1)
            .data([4, 3])
            .places([1], &[1.0])
            .float("eps", 1e-5)
            .text("eps_mode", "add"),
        spec("MVN", 6)
            .data([4, 3])
            .places([1], &[1.0])
            .text("normalize_variance", "true")
            .float("eps", 1e-5)
            .text("eps_mode", "inside_sqrt"),
        spec("DFT", 7).data([2, 4, 2]).places([1], &[1.0]).sizes([1], &[4.0]),
        spec("IRDFT", 9).data([2, 4, 2]).places([1], &[1.0]).sizes([1], &[6.0]),
        spec("STFT", 15)
            .data([16])
            .data([4])
            .sizes([], &[4.0])
            .sizes([], &[4.0])
            .text("transpose_frames", "false"),
        spec("AdaptiveAvgPool", 8).data([1, 1, 4, 4]).sizes([2], &[2.0, 2.0]),
        spec("AdaptiveMaxPool", 8)
            .data([1, 1, 4, 4])
            .sizes([2], &[2.0, 2.0])
            .text("index_element_type", "i64")
            .gives(&[F32, I64]),
    ]
}

fn others() -> Vec<Spec> {
    let boxes = [0.0, 0.0, 2.0, 2.0, 1.0, 1.0, 3.0, 3.0];
    let image = |operator, opset| spec(operator, opset).data([1, 1, 4, 4]);
    let rois = [0.0, 0.0, 0.0, 3.0, 3.0];
    let many: Vec<f64> = (0..72).map(|it| f64::from(it % 3) / 2.0).collect();
    let recurrent = |operator, gates: usize, peers: bool| {
        let it = spec(operator, 5).data([2, 3, 4]).operand(F32, [2, 1, 2], &[0.0], Data);
        let it = if peers { it.operand(F32, [2, 1, 2], &[0.0], Data) } else { it };
        let it = it.places32([2], &[3.0, 2.0]).operand(F32, [1, gates * 2, 4], &[0.1], Data);
        let it = it.operand(F32, [1, gates * 2, 2], &[0.1], Data);
        let it = it.operand(F32, [1, gates * 2], &[0.1], Data).int("hidden_size", 2);
        let gives: &[_] = if peers { &[F32, F32, F32] } else { &[F32, F32] };
        it.text("direction", "forward").gives(gives)
    };
    let deform = |opset| {
        image("DeformableConvolution", opset)
            .operand(F32, [1, 8, 3, 3], &many, Place)
            .data([1, 1, 2, 2])
            .ints("strides", &[1, 1])
            .ints("pads_begin", &[0, 0])
            .ints("pads_end", &[0, 0])
            .ints("dilations", &[1, 1])
            .int("group", 1)
            .int("deformable_group", 1)
    };
    vec![
        image("ROIAlign", 3)
            .operand(F32, [2, 4], &boxes, Place)
            .places32([2], &[0.0])
            .int("pooled_h", 2)
            .int("pooled_w", 2)
            .int("sampling_ratio", 2)
            .float("spatial_scale", 1.0)
            .text("mode", "avg"),
        image("ROIAlign", 9)
            .operand(F32, [2, 4], &boxes, Place)
            .places32([2], &[0.0])
            .int("pooled_h", 2)
            .int("pooled_w", 2)
            .int("sampling_ratio", 2)
            .float("spatial_scale", 1.0)
            .text("mode", "max")
            .text("aligned_mode", "asymmetric"),
        image("ROIPooling", 2)
            .operand(F32, [2, 5], &rois, Place)
            .ints("output_size", &[2, 2])
            .float("spatial_scale", 1.0)
            .text("method", "max"),
        image("ROIPooling", 2)
            .operand(F32, [2, 5], &rois, Place)
            .ints("output_size", &[2, 2])
            .float("spatial_scale", 1.0)
            .text("method", "bilinear"),
        spec("PSROIPooling", 1)
            .data([1, 4, 4, 4])
            .operand(F32, [2, 5], &rois, Place)
            .int("output_dim", 1)
            .int("group_size", 2)
            .float("spatial_scale", 1.0)
            .text("mode", "average"),
        spec("DeformablePSROIPooling", 1)
            .data([1, 4, 4, 4])
            .operand(F32, [2, 5], &rois, Place)
            .int("output_dim", 1)
            .int("group_size", 2)
            .float("spatial_scale", 1.0)
            .text("mode", "bilinear_deformable")
            .int("spatial_bins_x", 1)
            .int("spatial_bins_y", 1)
            .int("part_size", 2)
            .float("trans_std", 0.1),
        deform(1),
        deform(8).text("bilinear_interpolation_pad", "true"),
        spec("Col2Im", 15).data([1, 4, 9]).sizes([2], &[4.0, 4.0]).sizes([2], &[2.0, 2.0]),
        image("GridSample", 9)
            .operand(F32, [1, 2, 2, 2], &[-1.0, 0.5, 0.0, 1.0], Place)
            .text("mode", "bilinear")
            .text("padding_mode", "zeros")
            .text("align_corners", "true"),
        image("GridSample", 9)
            .operand(F32, [1, 2, 2, 2], &[-1.0, 0.5, 0.0, 1.0], Place)
            .text("mode", "nearest")
            .text("padding_mode", "reflection")
            .text("align_corners", "false"),
        spec("NonMaxSuppression", 9)
            .operand(F32, [1, 2, 4], &boxes, Place)
            .data([1, 1, 2])
            .sizes([], &[2.0])
            .operand(F32, [], &[0.5], Data)
            .operand(F32, [], &[0.1], Data)
            .text("box_encoding", "corner")
            .text("sort_result_descending", "true")
            .text("output_type", "i64")
            .gives(&[I64, F32, I64]),
        spec("ReverseSequence", 1)
            .data([3, 4])
            .places([3], &[4.0, 2.0, 1.0])
            .int("batch_axis", 0)
            .int("seq_axis", 1)
            .selects(),
        recurrent("RNNSequence", 1, false).ints("activations", &[]),
        recurrent("GRUSequence", 3, false),
        recurrent("LSTMSequence", 4, true),
        spec("CTCLoss", 4)
            .data([1, 4, 3])
            .places32([1], &[4.0])
            .places32([1, 4], &[0.0, 1.0])
            .places32([1], &[2.0])
            .places32([], &[2.0])
            .text("preprocess_collapse_repeated", "false")
            .text("ctc_merge_repeated", "true")
            .text("unique", "false"),
        spec("CTCGreedyDecoder", 1)
            .data([4, 1, 3])
            .operand(F32, [4, 1], &[1.0], Place)
            .text("ctc_merge_repeated", "true"),
        spec("CTCGreedyDecoderSeqLen", 6)
            .data([1, 4, 3])
            .places32([1], &[4.0])
            .places32([1], &[2.0])
            .text("merge_repeated", "true")
            .text("classes_index_type", "i32")
            .text("sequence_length_type", "i32")
            .gives(&[I32, I32]),
        spec("ExperimentalDetectronTopKROIs", 6)
            .operand(F32, [2, 4], &boxes, Data)
            .data([2])
            .int("max_rois", 5),
        spec("ExperimentalDetectronROIFeatureExtractor", 6)
            .operand(F32, [2, 4], &boxes, Place)
            .data([1, 1, 4, 4])
            .int("output_size", 2)
            .int("sampling_ratio", 2)
            .ints("pyramid_scales", &[4])
            .text("aligned", "false")
            .gives(&[F32, F32]),
        spec("RegionYolo", 1)
            .data([1, 14, 2, 2])
            .int("axis", 1)
            .int("end_axis", 3)
            .int("coords", 4)
            .int("classes", 2)
            .int("num", 2)
            .ints("mask", &[0, 99])
            .ints("anchors", &[1, 2])
            .text("do_softmax", "false"),
        spec("ReorgYolo", 2).data([1, 4, 4, 4]).int("stride", 2),
        spec("Proposal", 4)
            .operand(F32, [1, 2, 4, 4], &[0.5], Data)
            .operand(F32, [1, 4, 4, 4], &[0.1], Place)
            .operand(F32, [3], &[64.0, 64.0, 1.0], Place)
            .int("base_size", 16)
            .int("pre_nms_topn", 100)
            .int("post_nms_topn", 5)
            .float("nms_thresh", 0.7)
            .int("feat_stride", 16)
            .int("min_size", 1)
            .ints("ratio", &[1])
            .ints("scale", &[8])
            .gives(&[F32, F32]),
        spec("DetectionOutput", 8)
            .operand(F32, [1, 8], &[0.1], Place)
            .operand(F32, [1, 4], &[0.5], Data)
            .operand(F32, [1, 2, 8], &boxes, Place)
            .int("background_label_id", 99)
            .int("top_k", 10)
            .text("variance_encoded_in_target", "false")
            .ints("keep_top_k", &[5])
            .text("code_type", "caffe.PriorBoxParameter.CORNER")
            .text("share_location", "true")
            .float("nms_threshold", 0.5)
            .float("confidence_threshold", 0.0)
            .text("normalized", "true"),
        spec("PriorBox", 8)
            .sizes([2], &[2.0, 2.0])
            .sizes([2], &[16.0, 16.0])
            .ints("min_size", &[4])
            .ints("aspect_ratio", &[1])
            .text("flip", "false")
            .text("clip", "false")
            .float("offset", 0.5)
            .float("step", 0.0)
            .ints("variance", &[1])
            .text("scale_all_sizes", "true"),
        spec("BatchNormInference", 5)
            .data([1, 3, 2, 2])
            .data([3])
            .data([3])
            .data([3])
            .data([3])
            .float("epsilon", 1e-5),
        spec("PReLU", 1).data([1, 3, 2]).data([3]),
        spec("MatMul", 1)
            .data([4, 3])
            .data([3, 2])
            .text("transpose_a", "false")
            .text("transpose_b", "false"),
        spec("GroupNormalization", 12)
            .data([1, 4, 2, 2])
            .data([4])
            .data([4])
            .int("num_groups", 2)
            .float("epsilon", 1e-5),
        spec("Convolution", 1)
            .data([1, 2, 4, 4])
            .data([3, 2, 2, 2])
            .ints("strides", &[1, 1])
            .ints("pads_begin", &[-3, 0])
            .ints("pads_end", &[-3, 0])
            .ints("dilations", &[1, 1])
            .text("auto_pad", "explicit"),
        spec("ConvolutionBackpropData", 1)
            .data([1, 2, 4, 4])
            .data([2, 3, 2, 2])
            .sizes([2], &[5.0, 5.0])
            .ints("strides", &[1, 1])
            .ints("pads_begin", &[0, 0])
            .ints("pads_end", &[0, 0])
            .ints("dilations", &[1, 1])
            .text("auto_pad", "explicit"),
        spec("MaxPool", 8)
            .data([1, 1, 4, 4])
            .ints("kernel", &[2, 2])
            .ints("strides", &[1, 1])
            .ints("pads_begin", &[7, 7])
            .ints("pads_end", &[7, 7])
            .ints("dilations", &[1, 1])
            .text("rounding_type", "floor")
            .text("auto_pad", "explicit")
            .text("index_element_type", "i64")
            .int("axis", 0)
            .gives(&[F32, I64]),
        spec("Select", 1)
            .operand(Bool, [4, 3], &[1.0, 0.0], Data)
            .data([4, 3])
            .data([3])
            .text("auto_broadcast", "numpy")
            .selects(),
        spec("SparseFillEmptyRows", 16)
            .data([3])
            .sizes([2], &[4.0, 3.0])
            .places([3, 2], &[0.0, 1.0, 2.0, 0.0, 3.0, 2.0])
            .operand(F32, [], &[7.0], Data)
            .gives(&[I64, F32, Bool]),
        spec("Multinomial", 13)
            .data([1, 4])
            .operand(I64, [1], &[3.0], Size)
            .text("convert_type", "i64")
            .text("with_replacement", "true")
            .text("log_probs", "false")
            .int("global_seed", 1)
            .int("op_seed", 1)
            .gives(&[I64]),
        spec("ExtractImagePatches", 3)
            .data([1, 1, 4, 4])
            .ints("sizes", &[2, 2])
            .ints("strides", &[1, 1])
            .ints("rates", &[9, 9])
            .text("auto_pad", "same_upper"),
        spec("Unique", 10).data([6]).text("sorted", "true").gives(&[F32, I64, I64, I64]),
        spec("RandomUniform", 8)
            .sizes([2], &[2.0, 3.0])
            .operand(F32, [], &[0.0], Data)
            .operand(F32, [], &[1.0], Data)
            .text("output_type", "f32")
            .int("global_seed", 1)
            .int("op_seed", 1),
    ]
}
