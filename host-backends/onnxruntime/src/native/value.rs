use std::ffi::c_void;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

use godwit_backend::{DType, HostMemory, Shape};
use ort::sys::OrtValue;
use smallvec::SmallVec;

use super::{Library, Outcome};
use crate::dtype;

/// A tensor of the library's over bytes that someone else owns.
pub(crate) struct Value<'a> {
    value: NonNull<OrtValue>,
    bytes: PhantomData<&'a mut [u8]>,
}

impl<'a> Value<'a> {
    /// A tensor to be read.
    pub(crate) fn read(
        library: &Library,
        dtype: DType,
        shape: &Shape,
        bytes: &'a [u8],
    ) -> Outcome<Self> {
        // The library takes a mutable pointer for every tensor, and writes to none that is an input.
        Self::new(library, dtype, shape, bytes.as_ptr().cast_mut(), bytes.len())
    }

    /// A tensor to be written.
    pub(crate) fn write(
        library: &Library,
        dtype: DType,
        shape: &Shape,
        bytes: &'a mut [u8],
    ) -> Outcome<Self> {
        Self::new(library, dtype, shape, bytes.as_mut_ptr(), bytes.len())
    }

    fn new(
        library: &Library,
        dtype: DType,
        shape: &Shape,
        bytes: *mut u8,
        len: usize,
    ) -> Outcome<Self> {
        let dims: SmallVec<[i64; 6]> =
            shape.iter().map(|&dim| i64::try_from(dim).unwrap_or(i64::MAX)).collect();
        let mut value = ptr::null_mut();
        // SAFETY: the bytes outlive the value by the lifetime that both carry; the library checks that
        // there are enough of them for the dimensions, which it copies.
        unsafe {
            call!(CreateTensorWithDataAsOrtValue(
                library.host().as_ptr(),
                bytes.cast::<c_void>(),
                len,
                dims.as_ptr(),
                dims.len(),
                dtype::code(dtype),
                &mut value,
            ))?;
        }
        let value = NonNull::new(value).ok_or_else(|| ort::Error::new("no value"))?;
        Ok(Self { value, bytes: PhantomData })
    }

    pub(super) fn as_ptr(&self) -> *mut OrtValue {
        self.value.as_ptr()
    }

    /// Leaves it to the caller to release the value, and to use it no longer than its bytes live.
    pub(super) fn into_raw(self) -> NonNull<OrtValue> {
        ManuallyDrop::new(self).value
    }
}

impl Drop for Value<'_> {
    fn drop(&mut self) {
        // SAFETY: made by the library, released once.
        unsafe { (ort::api().ReleaseValue)(self.value.as_ptr()) };
    }
}

/// A tensor that the library allocated.
pub(crate) struct Owned {
    value: NonNull<OrtValue>,
    dtype: Option<DType>,
    shape: Shape,
    bytes: NonNull<u8>,
    len: usize,
}

// SAFETY: nobody writes to a tensor after the run that made it, and it may be released on any thread.
unsafe impl Send for Owned {}
// SAFETY: as above.
unsafe impl Sync for Owned {}

impl Owned {
    /// Takes over `value`, which is released whatever comes out.
    ///
    /// # Safety
    ///
    /// `value` is a dense tensor in host memory that is nobody else's.
    pub(super) unsafe fn new(value: NonNull<OrtValue>) -> Outcome<Self> {
        let mut owned = Self {
            value,
            dtype: None,
            shape: Shape::default(),
            // Aligned for any dtype, as what reads no bytes at all as a slice of one asks for.
            bytes: NonNull::<u64>::dangling().cast(),
            len: 0,
        };
        let (mut code, mut dims, mut rank) = (0i32, ptr::null(), 0usize);
        let mut bytes = ptr::null_mut();
        // SAFETY: the value is alive. The dtype is read as the integer it is, for the library may know
        // dtypes that the bindings do not.
        unsafe {
            call!(GetTensorElementTypeAndShapeDataReference(
                value.as_ptr(),
                (&raw mut code).cast(),
                &mut dims,
                &mut rank,
            ))?;
            call!(GetTensorMutableData(value.as_ptr(), &mut bytes))?;
        }
        let dims: &[i64] = if dims.is_null() {
            &[]
        } else {
            // SAFETY: the library says that there are `rank` dimensions there, which live with the value.
            unsafe { std::slice::from_raw_parts(dims, rank) }
        };
        owned.dtype = dtype::of(code);
        owned.shape = Shape::new(dims.iter().map(|&dim| usize::try_from(dim).unwrap_or(0)));
        let len = owned.dtype.and_then(|dtype| owned.shape.byte_len(dtype).ok()).unwrap_or(0);
        if let Some(bytes) = NonNull::new(bytes.cast::<u8>()).filter(|_| len > 0) {
            (owned.bytes, owned.len) = (bytes, len);
        }
        Ok(owned)
    }

    /// Its dtype, unless it is one that tensors do not have.
    pub(crate) fn dtype(&self) -> Option<DType> {
        self.dtype
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }
}

impl HostMemory for Owned {
    fn bytes(&self) -> &[u8] {
        // SAFETY: `len` bytes of the value, which lives as long as this and is never written again; or
        // none at a dangling, aligned address.
        unsafe { std::slice::from_raw_parts(self.bytes.as_ptr(), self.len) }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: this was the only owner, and releases once.
        unsafe { (ort::api().ReleaseValue)(self.value.as_ptr()) };
    }
}

impl fmt::Debug for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Owned({:?}{}, {} bytes)", self.dtype, self.shape, self.len)
    }
}
