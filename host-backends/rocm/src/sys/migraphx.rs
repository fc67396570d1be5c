//! `migraphx/migraphx.h`, interface version 3.

use std::ffi::{c_char, c_int, c_void};

use super::functions;

macro_rules! opaque {
    ($($name:ident)*) => {
        $(#[repr(C)]
        #[derive(Debug)]
        pub(crate) struct $name {
            _opaque: [u8; 0],
        })*
    };
}

opaque! {
    Argument Arguments CompileOptions FileOptions OnnxOptions Parameters ParameterShapes Program
    QuantizeInt8Options ShapeHandle Shapes TargetHandle
}

/// `migraphx_status`: 0 is success.
pub(crate) type Status = c_int;

/// `migraphx_shape_datatype_t`. Its numbers differ between releases: see [`crate::dtype::Numbers`].
pub(crate) type DataType = c_int;

functions! {
    /// What is used of the library.
    Functions {
        migraphx_shape_create(*mut *mut ShapeHandle, DataType, *mut usize, usize) -> Status;
        migraphx_shape_create_scalar(*mut *mut ShapeHandle, DataType) -> Status;
        migraphx_shape_destroy(*mut ShapeHandle) -> Status;
        migraphx_shape_lengths(*mut *const usize, *mut usize, *const ShapeHandle) -> Status;
        migraphx_shape_strides(*mut *const usize, *mut usize, *const ShapeHandle) -> Status;
        migraphx_shape_type(*mut DataType, *const ShapeHandle) -> Status;
        migraphx_shape_bytes(*mut usize, *const ShapeHandle) -> Status;
        migraphx_shape_dynamic(*mut bool, *const ShapeHandle) -> Status;
        migraphx_argument_create(*mut *mut Argument, *const ShapeHandle, *mut c_void) -> Status;
        migraphx_argument_destroy(*mut Argument) -> Status;
        migraphx_argument_shape(*mut *const ShapeHandle, *const Argument) -> Status;
        migraphx_argument_buffer(*mut *mut c_char, *const Argument) -> Status;
        migraphx_target_create(*mut *mut TargetHandle, *const c_char) -> Status;
        migraphx_target_destroy(*mut TargetHandle) -> Status;
        migraphx_program_parameter_shapes_destroy(*mut ParameterShapes) -> Status;
        migraphx_program_parameter_shapes_size(*mut usize, *mut ParameterShapes) -> Status;
        migraphx_program_parameter_shapes_get(
            *mut *const ShapeHandle,
            *mut ParameterShapes,
            *const c_char,
        ) -> Status;
        migraphx_program_parameter_shapes_names(*mut *const c_char, *mut ParameterShapes) -> Status;
        migraphx_program_parameters_create(*mut *mut Parameters) -> Status;
        migraphx_program_parameters_destroy(*mut Parameters) -> Status;
        migraphx_program_parameters_add(*mut Parameters, *const c_char, *const Argument) -> Status;
        migraphx_arguments_destroy(*mut Arguments) -> Status;
        migraphx_arguments_size(*mut usize, *mut Arguments) -> Status;
        migraphx_arguments_get(*mut *const Argument, *mut Arguments, usize) -> Status;
        migraphx_shapes_destroy(*mut Shapes) -> Status;
        migraphx_shapes_size(*mut usize, *mut Shapes) -> Status;
        migraphx_shapes_get(*mut *const ShapeHandle, *mut Shapes, usize) -> Status;
        migraphx_program_destroy(*mut Program) -> Status;
        migraphx_program_compile(*mut Program, *mut TargetHandle, *mut CompileOptions) -> Status;
        migraphx_program_get_parameter_shapes(*mut *mut ParameterShapes, *mut Program) -> Status;
        migraphx_program_get_output_shapes(*mut *mut Shapes, *mut Program) -> Status;
        migraphx_program_run(*mut *mut Arguments, *mut Program, *mut Parameters) -> Status;
        migraphx_load(*mut *mut Program, *const c_char, *mut FileOptions) -> Status;
        migraphx_save(*mut Program, *const c_char, *mut FileOptions) -> Status;
        migraphx_file_options_create(*mut *mut FileOptions) -> Status;
        migraphx_file_options_destroy(*mut FileOptions) -> Status;
        migraphx_onnx_options_create(*mut *mut OnnxOptions) -> Status;
        migraphx_onnx_options_destroy(*mut OnnxOptions) -> Status;
        migraphx_onnx_options_set_input_parameter_shape(
            *mut OnnxOptions,
            *const c_char,
            *mut usize,
            usize,
        ) -> Status;
        migraphx_parse_onnx_buffer(
            *mut *mut Program,
            *const c_void,
            usize,
            *mut OnnxOptions,
        ) -> Status;
        migraphx_compile_options_create(*mut *mut CompileOptions) -> Status;
        migraphx_compile_options_destroy(*mut CompileOptions) -> Status;
        migraphx_compile_options_set_offload_copy(*mut CompileOptions, bool) -> Status;
        migraphx_compile_options_set_fast_math(*mut CompileOptions, bool) -> Status;
        migraphx_compile_options_set_exhaustive_tune_flag(*mut CompileOptions, bool) -> Status;
        migraphx_quantize_fp16(*mut Program) -> Status;
        migraphx_quantize_int8(
            *mut Program,
            *mut TargetHandle,
            *mut QuantizeInt8Options,
        ) -> Status;
        migraphx_quantize_int8_options_create(*mut *mut QuantizeInt8Options) -> Status;
        migraphx_quantize_int8_options_destroy(*mut QuantizeInt8Options) -> Status;
        migraphx_quantize_int8_options_add_calibration_data(
            *mut QuantizeInt8Options,
            *mut Parameters,
        ) -> Status;
    }
}
