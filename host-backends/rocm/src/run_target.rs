use std::ffi::{CStr, c_int};

use godwit_backend::Result;

use crate::hip::Hip;

/// Where programs run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RunTarget {
    /// The library's own implementation on the processor.
    Reference,
    /// A GPU by its index.
    Gpu(&'static Hip, c_int),
}

impl RunTarget {
    /// The library's name for it.
    pub(crate) fn target(self) -> &'static CStr {
        match self {
            Self::Reference => c"ref",
            Self::Gpu(..) => c"gpu",
        }
    }

    /// To be called by every thread before it calls the library: HIP has a current GPU for each.
    pub(crate) fn select(self) -> Result<()> {
        match self {
            Self::Reference => Ok(()),
            Self::Gpu(hip, index) => hip.select(index),
        }
    }
}
