use std::fmt;
use std::ptr::{self, NonNull};

use godwit_backend::{BufferMut, DType, Shape};
use ort::sys::{OrtIoBinding, OrtValue};
use smallvec::SmallVec;

use super::exit::Call;
use super::{Library, Outcome, RunOptions, Session, Value};

/// One context's inputs and outputs as the library wants them.
///
/// Pooled memory comes back at the same addresses, so most runs find every tensor as the run before left
/// it and nothing has to be made.
pub(crate) struct Binding {
    binding: NonNull<OrtIoBinding>,
    inputs: Slots,
    outputs: Slots,
    /// Whether a run was seen to write its outputs where it was told.
    obeyed: bool,
}

type Slots = SmallVec<[Option<Slot>; 4]>;

/// What is bound in one place. Where the bytes it was made over are gone, it is never given to the library
/// again: only bytes that are alive, at the same place and of the same shape, match it.
struct Slot {
    value: NonNull<OrtValue>,
    dtype: DType,
    shape: Shape,
    bytes: *const u8,
    len: usize,
}

// SAFETY: what is in here is used by one run at a time, through `&mut`; addresses are only compared.
unsafe impl Send for Binding {}
// SAFETY: nothing can be done with a shared reference.
unsafe impl Sync for Binding {}

impl Slot {
    fn new(value: NonNull<OrtValue>, dtype: DType, shape: &Shape, bytes: &[u8]) -> Self {
        Self { value, dtype, shape: shape.clone(), bytes: bytes.as_ptr(), len: bytes.len() }
    }

    fn is(&self, dtype: DType, shape: &Shape, bytes: &[u8]) -> bool {
        self.bytes == bytes.as_ptr()
            && self.len == bytes.len()
            && self.dtype == dtype
            && self.shape == *shape
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // SAFETY: made by the library, released once.
        unsafe { (ort::api().ReleaseValue)(self.value.as_ptr()) };
    }
}

impl Binding {
    pub(crate) fn new(session: &Session) -> Outcome<Self> {
        let mut binding = ptr::null_mut();
        // SAFETY: the session is alive; `binding` is where the result goes.
        unsafe { call!(CreateIoBinding(session.as_mut_ptr(), &mut binding))? };
        let binding = NonNull::new(binding).ok_or_else(|| ort::Error::new("no binding"))?;
        let empty = |count: usize| (0..count).map(|_| None).collect::<Slots>();
        let (inputs, outputs) = (empty(session.input_count()), empty(session.output_count()));
        Ok(Self { binding, inputs, outputs, obeyed: false })
    }

    /// One run of the session that this was made for: `inputs` are read, `outputs` are written.
    ///
    /// Gives whether they were. An output that no operator computes, because it is an input or a constant,
    /// the library does not copy to where it was told.
    pub(crate) fn run<'a>(
        &mut self,
        library: &Library,
        session: &Session,
        options: Option<&RunOptions>,
        inputs: impl ExactSizeIterator<Item = (DType, &'a Shape, &'a [u8])>,
        outputs: &mut [(DType, Shape, BufferMut)],
    ) -> Outcome<bool> {
        if inputs.len() != self.inputs.len() || outputs.len() != self.outputs.len() {
            return Err(ort::Error::new("as many tensors as inputs and outputs are needed"));
        }
        for ((slot, name), (dtype, shape, bytes)) in
            self.inputs.iter_mut().zip(session.input_names()).zip(inputs)
        {
            if !slot.as_ref().is_some_and(|slot| slot.is(dtype, shape, bytes)) {
                let value = Value::read(library, dtype, shape, bytes)?;
                // SAFETY: binding, name and value are alive; the binding keeps the value, not the name.
                unsafe { call!(BindInput(self.binding.as_ptr(), name, value.as_ptr()))? };
                let value = value.into_raw();
                *slot = Some(Slot::new(value, dtype, shape, bytes));
            }
        }
        for ((slot, name), (dtype, shape, bytes)) in
            self.outputs.iter_mut().zip(session.output_names()).zip(&mut *outputs)
        {
            if !slot.as_ref().is_some_and(|slot| slot.is(*dtype, shape, bytes)) {
                let value = Value::write(library, *dtype, shape, bytes)?;
                // SAFETY: as above.
                unsafe { call!(BindOutput(self.binding.as_ptr(), name, value.as_ptr()))? };
                let value = value.into_raw();
                *slot = Some(Slot::new(value, *dtype, shape, bytes));
            }
        }
        let _call = Call::begin();
        // SAFETY: every place is bound to bytes that the caller holds through this call: inputs shared,
        // outputs for itself alone.
        unsafe {
            call!(RunWithBinding(
                session.as_mut_ptr(),
                options.map_or(ptr::null(), RunOptions::as_ptr),
                self.binding.as_ptr(),
            ))?;
        }
        // Where an output is written is settled when a model is compiled, so one look is enough.
        if !self.obeyed {
            let told = outputs.iter().all(|(.., bytes)| !bytes.is_empty());
            if !self.obeys()? {
                return Ok(false);
            }
            self.obeyed = told;
        }
        Ok(true)
    }

    /// Whether each output that the binding holds after a run is over the bytes that it was given.
    fn obeys(&self) -> Outcome<bool> {
        let (mut allocator, mut values) = (ptr::null_mut(), ptr::null_mut());
        let mut count = 0usize;
        // SAFETY: the library gives an array of values, which are released here, and the array with the
        // allocator it came from.
        unsafe {
            call!(GetAllocatorWithDefaultOptions(&mut allocator))?;
            call!(GetBoundOutputValues(self.binding.as_ptr(), allocator, &mut values, &mut count))?;
            let mut obeys = count == self.outputs.len();
            for index in 0..count {
                let value = *values.add(index);
                let mut bytes = ptr::null_mut();
                let found = call!(GetTensorMutableData(value, &mut bytes)).is_ok();
                let slot = self.outputs.get(index).and_then(Option::as_ref);
                let same = slot.is_some_and(|slot| slot.len == 0 || slot.bytes == bytes.cast());
                obeys &= found && same;
                (ort::api().ReleaseValue)(value);
            }
            call!(AllocatorFree(allocator, values.cast()))?;
            Ok(obeys)
        }
    }
}

impl Drop for Binding {
    fn drop(&mut self) {
        // SAFETY: made by the library, released once.
        unsafe { (ort::api().ReleaseIoBinding)(self.binding.as_ptr()) };
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding").finish_non_exhaustive()
    }
}
