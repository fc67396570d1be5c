use std::ffi::{CString, c_char, c_void};
use std::fmt;
use std::ptr::{self, NonNull};

use godwit_backend::{DType, Dim, Shape};
use ort::sys::{
    ONNXType, OrtAllocator, OrtSession, OrtStatusPtr, OrtTensorTypeAndShapeInfo, OrtTypeInfo,
    OrtValue,
};
use smallvec::SmallVec;

use super::exit::Call;
use super::text::text;
use super::{Library, Outcome, Owned, RunOptions, SessionOptions, Value};

/// A model as the library compiled it.
pub(crate) struct Session {
    session: NonNull<OrtSession>,
    inputs: Names,
    outputs: Names,
}

// SAFETY: a session runs on any number of threads at once; everything else reads it.
unsafe impl Send for Session {}
// SAFETY: as above.
unsafe impl Sync for Session {}

/// The names of inputs or outputs, as the library wants them for each run.
struct Names {
    /// Owns what `pointers` point to.
    _texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

/// One input or output as the library describes it.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) name: String,
    /// The library's code of its dtype; `None` for what is no tensor.
    pub(crate) dtype: Option<i32>,
    /// `None` when not even the rank is known.
    pub(crate) dims: Option<Vec<Dim>>,
}

/// What goes into a session and what comes out.
#[derive(Debug)]
pub(crate) struct Ports {
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
}

impl Session {
    /// Compiles the bytes of an ONNX file.
    pub(crate) fn new(
        library: &Library,
        bytes: &[u8],
        options: &SessionOptions,
    ) -> Outcome<(Self, Ports)> {
        let _call = Call::begin();
        let mut session = ptr::null_mut();
        // SAFETY: the library reads the bytes and the options during the call.
        unsafe {
            call!(CreateSessionFromArray(
                library.env(),
                bytes.as_ptr().cast::<c_void>(),
                bytes.len(),
                options.as_ptr(),
                &mut session,
            ))?;
        }
        let session = NonNull::new(session).ok_or_else(|| ort::Error::new("no session"))?;
        let mut session = Self { session, inputs: Names::new(&[])?, outputs: Names::new(&[])? };
        let ports = session.ports()?;
        session.inputs = Names::new(&ports.inputs)?;
        session.outputs = Names::new(&ports.outputs)?;
        Ok((session, ports))
    }

    /// One run for which the library allocates the outputs.
    pub(crate) fn run<'a>(
        &self,
        library: &Library,
        options: Option<&RunOptions>,
        inputs: impl ExactSizeIterator<Item = (DType, &'a Shape, &'a [u8])>,
    ) -> Outcome<SmallVec<[Owned; 4]>> {
        if inputs.len() != self.inputs.pointers.len() {
            return Err(ort::Error::new("as many tensors as inputs are needed"));
        }
        let inputs = inputs.map(|(dtype, shape, bytes)| Value::read(library, dtype, shape, bytes));
        let inputs = inputs.collect::<Outcome<SmallVec<[Value<'_>; 4]>>>()?;
        let pointers: SmallVec<[*const OrtValue; 4]> =
            inputs.iter().map(|value| value.as_ptr().cast_const()).collect();
        let mut results: SmallVec<[*mut OrtValue; 4]> = SmallVec::new();
        results.resize(self.outputs.pointers.len(), ptr::null_mut());
        let _call = Call::begin();
        // SAFETY: names and values are arrays of the lengths given; all live through the call, after
        // which the library uses none of them.
        let outcome = unsafe {
            call!(Run(
                self.session.as_ptr(),
                options.map_or(ptr::null(), RunOptions::as_ptr),
                self.inputs.pointers.as_ptr(),
                pointers.as_ptr(),
                pointers.len(),
                self.outputs.pointers.as_ptr(),
                results.len(),
                results.as_mut_ptr(),
            ))
        };
        let taken = results.into_iter().map(|result| {
            let result = NonNull::new(result).ok_or_else(|| ort::Error::new("no output"))?;
            // SAFETY: the library allocated it for this run, on the host, where this call leaves all
            // outputs. That they are tensors was seen when the model was loaded.
            unsafe { Owned::new(result) }
        });
        // All are taken over before any failure is told, for each has to be released.
        let taken: SmallVec<[Outcome<Owned>; 4]> = taken.collect();
        outcome?;
        taken.into_iter().collect()
    }

    fn ports(&self) -> Outcome<Ports> {
        let (mut inputs, mut outputs) = (0usize, 0usize);
        // SAFETY: the session is alive, and writes two numbers.
        unsafe {
            call!(SessionGetInputCount(self.as_ptr(), &mut inputs))?;
            call!(SessionGetOutputCount(self.as_ptr(), &mut outputs))?;
        }
        let api = ort::api();
        let input = |index| self.port(index, api.SessionGetInputName, api.SessionGetInputTypeInfo);
        let output =
            |index| self.port(index, api.SessionGetOutputName, api.SessionGetOutputTypeInfo);
        Ok(Ports {
            inputs: (0..inputs).map(input).collect::<Outcome<_>>()?,
            outputs: (0..outputs).map(output).collect::<Outcome<_>>()?,
        })
    }

    fn port(&self, index: usize, name: NameOf, info: InfoOf) -> Outcome<Port> {
        let (mut allocator, mut given) = (ptr::null_mut(), ptr::null_mut());
        let mut described = ptr::null_mut();
        // SAFETY: the index is one of the session's. The name is copied before it is freed by the
        // allocator that it came from; the description is read before it is released.
        unsafe {
            call!(GetAllocatorWithDefaultOptions(&mut allocator))?;
            checked(name(self.as_ptr(), index, allocator, &mut given))?;
            let name = text(given);
            call!(AllocatorFree(allocator, given.cast()))?;
            checked(info(self.as_ptr(), index, &mut described))?;
            let described = Described(described);
            described.port(name)
        }
    }

    pub(super) fn as_ptr(&self) -> *const OrtSession {
        self.session.as_ptr()
    }

    /// For running it, which any number of threads may do at once.
    pub(super) fn as_mut_ptr(&self) -> *mut OrtSession {
        self.session.as_ptr()
    }

    pub(super) fn input_count(&self) -> usize {
        self.inputs.pointers.len()
    }

    pub(super) fn output_count(&self) -> usize {
        self.outputs.pointers.len()
    }

    pub(super) fn input_names(&self) -> impl Iterator<Item = *const c_char> {
        self.inputs.pointers.iter().copied()
    }

    pub(super) fn output_names(&self) -> impl Iterator<Item = *const c_char> {
        self.outputs.pointers.iter().copied()
    }
}

type NameOf = unsafe extern "system" fn(
    *const OrtSession,
    usize,
    *mut OrtAllocator,
    *mut *mut c_char,
) -> OrtStatusPtr;

type InfoOf =
    unsafe extern "system" fn(*const OrtSession, usize, *mut *mut OrtTypeInfo) -> OrtStatusPtr;

/// # Safety
///
/// `status` comes from the library and is used nowhere else.
unsafe fn checked(status: OrtStatusPtr) -> Outcome<()> {
    // SAFETY: by this function's own condition.
    unsafe { ort::Error::<()>::result_from_status(status) }
}

struct Described(*mut OrtTypeInfo);

impl Described {
    fn port(&self, name: String) -> Outcome<Port> {
        let mut kind = ONNXType::ONNX_TYPE_UNKNOWN as i32;
        let mut tensor: *const OrtTensorTypeAndShapeInfo = ptr::null();
        let mut dtype = 0i32;
        // SAFETY: the description is alive. Enumerations are read as the integers they are, for the
        // library may know more of them than the bindings.
        unsafe {
            call!(GetOnnxTypeFromTypeInfo(self.0, (&raw mut kind).cast()))?;
            if kind != ONNXType::ONNX_TYPE_TENSOR as i32 {
                return Ok(Port { name, dtype: None, dims: None });
            }
            call!(CastTypeInfoToTensorInfo(self.0, &mut tensor))?;
            call!(GetTensorElementType(tensor, (&raw mut dtype).cast()))?;
            if !(ort::api().TensorTypeAndShape_HasShape)(tensor) {
                return Ok(Port { name, dtype: Some(dtype), dims: None });
            }
        }
        Ok(Port { name, dtype: Some(dtype), dims: Some(dims(tensor)?) })
    }
}

impl Drop for Described {
    fn drop(&mut self) {
        // SAFETY: made by the library, released once.
        unsafe { (ort::api().ReleaseTypeInfo)(self.0) };
    }
}

fn dims(tensor: *const OrtTensorTypeAndShapeInfo) -> Outcome<Vec<Dim>> {
    let mut rank = 0usize;
    // SAFETY: the description is alive, and writes as many dimensions and names as it says there are.
    // The names live as long as it does.
    unsafe {
        call!(GetDimensionsCount(tensor, &mut rank))?;
        let mut sizes = vec![0i64; rank];
        let mut symbols = vec![ptr::null(); rank];
        call!(GetDimensions(tensor, sizes.as_mut_ptr(), rank))?;
        call!(GetSymbolicDimensions(tensor, symbols.as_mut_ptr(), rank))?;
        let dims = sizes.into_iter().zip(symbols).map(|(size, symbol)| {
            let symbol = text(symbol);
            match usize::try_from(size) {
                Ok(size) => Dim::Known(size),
                Err(_) if symbol.is_empty() => Dim::Unknown,
                Err(_) => Dim::Symbol(symbol.into()),
            }
        });
        Ok(dims.collect())
    }
}

impl Names {
    fn new(ports: &[Port]) -> Outcome<Self> {
        let texts = ports.iter().map(|port| super::session_options::c_string(&port.name));
        let texts = texts.collect::<Outcome<Vec<_>>>()?;
        let pointers = texts.iter().map(|text| text.as_ptr()).collect();
        Ok(Self { _texts: texts, pointers })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _call = Call::begin();
        // SAFETY: made by the library, released once; every run holds a handle.
        unsafe { (ort::api().ReleaseSession)(self.session.as_ptr()) };
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}
