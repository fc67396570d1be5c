use std::ffi::{CStr, CString, c_char};
use std::ptr;

use super::session_options::c_string;
use super::{Outcome, SessionOptions};

impl SessionOptions {
    /// Puts an execution provider before the CPU's, by the library's name for it.
    pub(crate) fn provider(&self, provider: &str, options: &[(&str, String)]) -> Outcome<()> {
        let keys =
            options.iter().map(|(key, _)| c_string(key)).collect::<Outcome<Vec<CString>>>()?;
        let values =
            options.iter().map(|(_, value)| c_string(value)).collect::<Outcome<Vec<CString>>>()?;
        let (owned_keys, owned_values) = (keys, values);
        let keys: Vec<*const c_char> = owned_keys.iter().map(|key| key.as_ptr()).collect();
        let values: Vec<*const c_char> = owned_values.iter().map(|value| value.as_ptr()).collect();
        match provider {
            "CUDAExecutionProvider" => self.cuda(&keys, &values),
            "TensorrtExecutionProvider" => self.tensorrt(&keys, &values),
            "ROCMExecutionProvider" => self.rocm(&keys, &values),
            _ => {
                let short = provider.strip_suffix("ExecutionProvider").unwrap_or(provider);
                self.by_name(&c_string(short)?, &keys, &values)
            }
        }
    }

    fn cuda(&self, keys: &[*const c_char], values: &[*const c_char]) -> Outcome<()> {
        let mut options = ptr::null_mut();
        // SAFETY: as many keys as values, all C strings; made, used and released here, and copied by the
        // session options.
        unsafe {
            call!(CreateCUDAProviderOptions(&mut options))?;
            let (names, texts) = (keys.as_ptr(), values.as_ptr());
            let added = call!(UpdateCUDAProviderOptions(options, names, texts, keys.len()))
                .and_then(|()| {
                    call!(SessionOptionsAppendExecutionProvider_CUDA_V2(self.as_ptr(), options))
                });
            (ort::api().ReleaseCUDAProviderOptions)(options);
            added
        }
    }

    fn tensorrt(&self, keys: &[*const c_char], values: &[*const c_char]) -> Outcome<()> {
        let mut options = ptr::null_mut();
        // SAFETY: as above.
        unsafe {
            call!(CreateTensorRTProviderOptions(&mut options))?;
            let (names, texts) = (keys.as_ptr(), values.as_ptr());
            let added = call!(UpdateTensorRTProviderOptions(options, names, texts, keys.len()))
                .and_then(|()| {
                    call!(SessionOptionsAppendExecutionProvider_TensorRT_V2(self.as_ptr(), options))
                });
            (ort::api().ReleaseTensorRTProviderOptions)(options);
            added
        }
    }

    fn rocm(&self, keys: &[*const c_char], values: &[*const c_char]) -> Outcome<()> {
        let mut options = ptr::null_mut();
        // SAFETY: as above.
        unsafe {
            call!(CreateROCMProviderOptions(&mut options))?;
            let (names, texts) = (keys.as_ptr(), values.as_ptr());
            let added = call!(UpdateROCMProviderOptions(options, names, texts, keys.len()))
                .and_then(|()| {
                    call!(SessionOptionsAppendExecutionProvider_ROCM(self.as_ptr(), options))
                });
            (ort::api().ReleaseROCMProviderOptions)(options);
            added
        }
    }

    fn by_name(
        &self,
        name: &CStr,
        keys: &[*const c_char],
        values: &[*const c_char],
    ) -> Outcome<()> {
        // SAFETY: as many keys as values, all C strings, which the options copy.
        unsafe {
            call!(SessionOptionsAppendExecutionProvider(
                self.as_ptr(),
                name.as_ptr(),
                keys.as_ptr(),
                values.as_ptr(),
                keys.len(),
            ))
        }
    }
}
