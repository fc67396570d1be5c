use std::ffi::{CString, c_char};

use super::{Fault, Outcome, SessionOptions};

/// A file of weights beside the model, read already.
#[derive(Debug)]
pub(crate) struct ExternalFile {
    /// The name by which the model calls it.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) bytes: Vec<u8>,
}

impl SessionOptions {
    /// Gives the library the weights that the model keeps elsewhere, so that it opens no file itself.
    ///
    /// `files` have to live until the session is made.
    pub(crate) fn external(&self, files: &mut [ExternalFile]) -> Outcome<()> {
        if files.is_empty() {
            return Ok(());
        }
        let names = files.iter().map(|file| CString::new(file.name.as_str()).map_err(Fault::wrap));
        let owned = names.collect::<Outcome<Vec<CString>>>()?;
        let names: Vec<*const c_char> = owned.iter().map(|name| name.as_ptr()).collect();
        let lengths: Vec<usize> = files.iter().map(|file| file.bytes.len()).collect();
        let mut bytes: Vec<*mut c_char> =
            files.iter_mut().map(|file| file.bytes.as_mut_ptr().cast()).collect();
        // SAFETY: three arrays of one length. Names are copied; the bytes are read while the session is
        // made, until when the caller keeps them.
        unsafe {
            call!(AddExternalInitializersFromMemory(
                self.as_ptr(),
                names.as_ptr(),
                bytes.as_mut_ptr(),
                lengths.as_ptr(),
                lengths.len(),
            ))
        }
    }
}
