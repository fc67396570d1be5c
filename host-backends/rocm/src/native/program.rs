use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::{ptr, slice};

use godwit_backend::{DType, Shape};

use super::library::Target;
use super::{Library, MigraphxError, call, handle};
use crate::sys::migraphx::{
    Argument, Arguments, CompileOptions, FileOptions, OnnxOptions, ParameterShapes, Parameters,
    Program as RawProgram, QuantizeInt8Options, ShapeHandle, Shapes,
};

handle!(
    /// Views of memory under their names.
    Named(Parameters), migraphx_program_parameters_destroy
);
handle!(
    /// A shape with its dtype.
    OwnShape(ShapeHandle), migraphx_shape_destroy
);
handle!(
    /// A view of memory.
    View(Argument), migraphx_argument_destroy
);
handle!(Reading(OnnxOptions), migraphx_onnx_options_destroy);
handle!(Compiling(CompileOptions), migraphx_compile_options_destroy);
handle!(Filing(FileOptions), migraphx_file_options_destroy);
handle!(Quantizing(QuantizeInt8Options), migraphx_quantize_int8_options_destroy);
handle!(InputShapes(ParameterShapes), migraphx_program_parameter_shapes_destroy);
handle!(OutputShapes(Shapes), migraphx_shapes_destroy);

/// A parameter or an output of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    /// Outputs have none.
    pub(crate) name: String,
    /// `None` for one that the contract does not have.
    pub(crate) dtype: Option<DType>,
    /// `None` while they depend on a run.
    pub(crate) dims: Option<Shape>,
}

/// A parameter's memory for one run, where the target wants it.
#[derive(Debug, Clone)]
pub(crate) struct Given<'a> {
    pub(crate) name: &'a CStr,
    pub(crate) dtype: DType,
    pub(crate) shape: &'a Shape,
    pub(crate) data: *mut c_void,
}

/// How a program is compiled.
#[derive(Debug, Clone)]
pub(crate) struct Settings<'a> {
    /// `ref` or `gpu`.
    pub(crate) target: &'a CStr,
    /// Whether the library brings tensors to the target and back.
    pub(crate) offload_copy: bool,
    pub(crate) fast_math: bool,
    pub(crate) exhaustive_tune: bool,
    /// What to compute in besides the model's own dtypes.
    pub(crate) quantize: Option<Quantize<'a>>,
}

/// A narrower dtype.
#[derive(Debug, Clone)]
pub(crate) enum Quantize<'a> {
    F16,
    /// With tensors that show the range of values.
    I8(Vec<Given<'a>>),
}

/// A model in the library's form.
#[derive(Debug)]
pub(crate) struct Program {
    raw: *mut RawProgram,
    library: &'static Library,
}

// SAFETY: the library keeps nothing of a program in a thread: HIP's current device, which is kept there,
// is set before every use by whoever uses a GPU.
unsafe impl Send for Program {}

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: the handle was made by the library and nothing else destroys it.
        let _ = unsafe { call!(self.library.functions(), migraphx_program_destroy(self.raw)) };
    }
}

impl Program {
    /// Reads an ONNX file; its inputs get these dimensions.
    pub(crate) fn parse(
        library: &'static Library,
        bytes: &[u8],
        inputs: &[(&CStr, &[usize])],
    ) -> Result<Self, MigraphxError> {
        let _making = library.making();
        let f = library.functions();
        let (mut options, mut raw) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: handles are written before they are used; names, dimensions and bytes outlive the
        // calls, which copy them; dimensions are only read.
        unsafe {
            call!(f, migraphx_onnx_options_create(&raw mut options))?;
            let options = Reading(options, library);
            for (name, dims) in inputs {
                let (dims, rank) = (dims.as_ptr().cast_mut(), dims.len());
                call!(
                    f,
                    migraphx_onnx_options_set_input_parameter_shape(
                        options.0,
                        name.as_ptr(),
                        dims,
                        rank
                    )
                )?;
            }
            let (data, size) = (bytes.as_ptr().cast::<c_void>(), bytes.len());
            call!(f, migraphx_parse_onnx_buffer(&raw mut raw, data, size, options.0))?;
        }
        Ok(Self { raw, library })
    }

    /// Compiles for a target. A GPU is the one that is current on this thread.
    pub(crate) fn compile(&mut self, settings: &Settings<'_>) -> Result<(), MigraphxError> {
        let _making = self.library.making();
        let f = self.library.functions();
        let target = Target::new(self.library, settings.target)?;
        match &settings.quantize {
            // SAFETY: the program is ours alone.
            Some(Quantize::F16) => unsafe { call!(f, migraphx_quantize_fp16(self.raw)) }?,
            Some(Quantize::I8(samples)) => self.quantize_to_i8(&target, samples)?,
            None => {}
        }
        let mut options = ptr::null_mut();
        // SAFETY: handles are written before they are used, and outlive the calls.
        unsafe {
            call!(f, migraphx_compile_options_create(&raw mut options))?;
            let options = Compiling(options, self.library);
            let Settings { offload_copy, fast_math, exhaustive_tune, .. } = *settings;
            call!(f, migraphx_compile_options_set_offload_copy(options.0, offload_copy))?;
            call!(f, migraphx_compile_options_set_fast_math(options.0, fast_math))?;
            call!(
                f,
                migraphx_compile_options_set_exhaustive_tune_flag(options.0, exhaustive_tune)
            )?;
            call!(f, migraphx_program_compile(self.raw, target.0, options.0))
        }
    }

    fn quantize_to_i8(
        &mut self,
        target: &Target,
        samples: &[Given<'_>],
    ) -> Result<(), MigraphxError> {
        let f = self.library.functions();
        let mut options = ptr::null_mut();
        // SAFETY: handles are written before they are used; the samples' views outlive the calls.
        unsafe {
            call!(f, migraphx_quantize_int8_options_create(&raw mut options))?;
            let options = Quantizing(options, self.library);
            let (named, _views) = self.named(samples)?;
            call!(f, migraphx_quantize_int8_options_add_calibration_data(options.0, named.0))?;
            call!(f, migraphx_quantize_int8(self.raw, target.0, options.0))
        }
    }

    /// The parameters. A compiled program for a GPU has some for its outputs, too.
    pub(crate) fn parameters(&self) -> Result<Vec<Port>, MigraphxError> {
        let f = self.library.functions();
        let (mut shapes, mut size) = (ptr::null_mut(), 0);
        // SAFETY: handles are written before they are used; as many names are written as there is room
        // for, and they and the shapes live as long as the handle.
        unsafe {
            call!(f, migraphx_program_get_parameter_shapes(&raw mut shapes, self.raw))?;
            let shapes = InputShapes(shapes, self.library);
            call!(f, migraphx_program_parameter_shapes_size(&raw mut size, shapes.0))?;
            let mut names: Vec<*const c_char> = vec![ptr::null(); size];
            call!(f, migraphx_program_parameter_shapes_names(names.as_mut_ptr(), shapes.0))?;
            let mut ports = Vec::with_capacity(size);
            for name in names.into_iter().filter(|name| !name.is_null()) {
                let mut shape = ptr::null();
                call!(f, migraphx_program_parameter_shapes_get(&raw mut shape, shapes.0, name))?;
                let name = CStr::from_ptr(name).to_string_lossy().into_owned();
                ports.push(self.port(name, shape)?);
            }
            Ok(ports)
        }
    }

    /// The outputs in the model's order.
    pub(crate) fn outputs(&self) -> Result<Vec<Port>, MigraphxError> {
        let f = self.library.functions();
        let (mut shapes, mut size) = (ptr::null_mut(), 0);
        // SAFETY: handles are written before they are used; shapes live as long as the list.
        unsafe {
            call!(f, migraphx_program_get_output_shapes(&raw mut shapes, self.raw))?;
            let shapes = OutputShapes(shapes, self.library);
            call!(f, migraphx_shapes_size(&raw mut size, shapes.0))?;
            let port = |at| {
                let mut shape = ptr::null();
                call!(f, migraphx_shapes_get(&raw mut shape, shapes.0, at))?;
                self.port(String::new(), shape)
            };
            (0..size).map(port).collect()
        }
    }

    /// # Safety
    ///
    /// `shape` is alive.
    unsafe fn port(&self, name: String, shape: *const ShapeHandle) -> Result<Port, MigraphxError> {
        let f = self.library.functions();
        let mut dynamic = false;
        // SAFETY: as promised.
        unsafe { call!(f, migraphx_shape_dynamic(&raw mut dynamic, shape)) }?;
        // SAFETY: as promised.
        let dtype = unsafe { dtype(self.library, shape) }?;
        // SAFETY: as promised.
        let dims = if dynamic { None } else { Some(unsafe { dims(self.library, shape) }?) };
        Ok(Port { name, dtype, dims })
    }

    /// One run. Takes as long as it takes.
    ///
    /// # Safety
    ///
    /// Each parameter's memory is as large as its dtype and shape say, aligned for the dtype, and where
    /// the target wants it; it stays until the outputs are gone, which may lie in it.
    pub(crate) unsafe fn run(&mut self, given: &[Given<'_>]) -> Result<Outputs, MigraphxError> {
        let f = self.library.functions();
        let (named, _views) = self.named(given)?;
        let (mut raw, mut size) = (ptr::null_mut(), 0);
        // SAFETY: the handle is written before it is used, and the caller looks after the memory.
        unsafe {
            call!(f, migraphx_program_run(&raw mut raw, self.raw, named.0))?;
            let mut outputs = Outputs { raw, library: self.library, len: 0 };
            call!(f, migraphx_arguments_size(&raw mut size, raw))?;
            outputs.len = size;
            Ok(outputs)
        }
    }

    fn named(&self, given: &[Given<'_>]) -> Result<(Named, Vec<View>), MigraphxError> {
        let f = self.library.functions();
        let mut raw = ptr::null_mut();
        // SAFETY: the handle is written before it is used.
        unsafe { call!(f, migraphx_program_parameters_create(&raw mut raw)) }?;
        let named = Named(raw, self.library);
        let mut views = Vec::with_capacity(given.len());
        for Given { name, dtype, shape, data } in given {
            let number = self.library.numbers().number(*dtype);
            let (mut own, mut view) = (ptr::null_mut(), ptr::null_mut());
            // SAFETY: handles are written before they are used; dimensions and names are copied; a view
            // only keeps the address.
            unsafe {
                if shape.is_empty() {
                    call!(f, migraphx_shape_create_scalar(&raw mut own, number))?;
                } else {
                    let lengths = shape.as_ptr().cast_mut();
                    call!(f, migraphx_shape_create(&raw mut own, number, lengths, shape.len()))?;
                }
                let own = OwnShape(own, self.library);
                call!(f, migraphx_argument_create(&raw mut view, own.0, *data))?;
                let view = View(view, self.library);
                call!(f, migraphx_program_parameters_add(named.0, name.as_ptr(), view.0))?;
                views.push(view);
            }
        }
        Ok((named, views))
    }

    /// Writes the compiled program.
    pub(crate) fn save(&mut self, path: &Path) -> Result<(), MigraphxError> {
        let _making = self.library.making();
        let f = self.library.functions();
        let path = c_path(path)?;
        let options = filing(self.library)?;
        // SAFETY: the program is ours alone; the path outlives the call.
        unsafe { call!(f, migraphx_save(self.raw, path.as_ptr(), options.0)) }
    }

    /// Reads a compiled program. The file is trusted.
    pub(crate) fn restore(library: &'static Library, path: &Path) -> Result<Self, MigraphxError> {
        let _making = library.making();
        let f = library.functions();
        let path = c_path(path)?;
        let options = filing(library)?;
        let mut raw = ptr::null_mut();
        // SAFETY: the handle is written before it is used; the path outlives the call.
        unsafe { call!(f, migraphx_load(&raw mut raw, path.as_ptr(), options.0)) }?;
        Ok(Self { raw, library })
    }
}

fn filing(library: &'static Library) -> Result<Filing, MigraphxError> {
    let mut raw = ptr::null_mut();
    // SAFETY: the handle is written before it is used.
    unsafe { call!(library.functions(), migraphx_file_options_create(&raw mut raw)) }?;
    Ok(Filing(raw, library))
}

fn c_path(path: &Path) -> Result<CString, MigraphxError> {
    CString::new(path.as_os_str().as_encoded_bytes())
        .map_err(|_| MigraphxError { call: "a path with a zero byte", status: 0 })
}

/// # Safety
///
/// `shape` is alive.
unsafe fn dtype(
    library: &Library,
    shape: *const ShapeHandle,
) -> Result<Option<DType>, MigraphxError> {
    let mut number = 0;
    // SAFETY: as promised.
    unsafe { call!(library.functions(), migraphx_shape_type(&raw mut number, shape)) }?;
    Ok(library.numbers().dtype(number))
}

/// # Safety
///
/// `shape` is alive.
unsafe fn dims(library: &Library, shape: *const ShapeHandle) -> Result<Shape, MigraphxError> {
    let (mut data, mut len) = (ptr::null(), 0);
    let f = library.functions();
    // SAFETY: as promised; the library writes an array that lives as long as the shape.
    unsafe {
        call!(f, migraphx_shape_lengths(&raw mut data, &raw mut len, shape))?;
        // Its scalars have one dimension without a stride.
        let dims = array(data, len);
        let (mut strides, mut count) = (ptr::null(), 0);
        call!(f, migraphx_shape_strides(&raw mut strides, &raw mut count, shape))?;
        let scalar = dims == [1] && array(strides, count) == [0];
        Ok(if scalar { Shape::default() } else { Shape::from(dims) })
    }
}

/// # Safety
///
/// `data` points to `len` numbers, unless it is null.
unsafe fn array<'a>(data: *const usize, len: usize) -> &'a [usize] {
    // SAFETY: as promised.
    if data.is_null() { &[] } else { unsafe { slice::from_raw_parts(data, len) } }
}

/// What a run gave. May lie in the memory of its inputs or of its program.
#[derive(Debug)]
pub(crate) struct Outputs {
    raw: *mut Arguments,
    library: &'static Library,
    len: usize,
}

/// One output where it is.
#[derive(Debug)]
pub(crate) struct Output<'a> {
    pub(crate) dtype: Option<DType>,
    pub(crate) shape: Shape,
    /// Elements to the next of each dimension.
    pub(crate) strides: &'a [usize],
    pub(crate) data: *const u8,
}

impl Drop for Outputs {
    fn drop(&mut self) {
        // SAFETY: the handle was made by the library and nothing else destroys it.
        let _ = unsafe { call!(self.library.functions(), migraphx_arguments_destroy(self.raw)) };
    }
}

impl Outputs {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, at: usize) -> Result<Output<'_>, MigraphxError> {
        let f = self.library.functions();
        let (mut argument, mut shape, mut data) = (ptr::null(), ptr::null(), ptr::null_mut());
        let (mut strides, mut count) = (ptr::null(), 0);
        // SAFETY: the library checks the index, and what it points to lives as long as the list.
        unsafe {
            call!(f, migraphx_arguments_get(&raw mut argument, self.raw, at))?;
            call!(f, migraphx_argument_shape(&raw mut shape, argument))?;
            call!(f, migraphx_argument_buffer(&raw mut data, argument))?;
            call!(f, migraphx_shape_strides(&raw mut strides, &raw mut count, shape))?;
            Ok(Output {
                dtype: dtype(self.library, shape)?,
                shape: dims(self.library, shape)?,
                strides: array(strides, count),
                data: data.cast_const().cast(),
            })
        }
    }
}
