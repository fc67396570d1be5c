use crate::library::Library;
use crate::release::Release;
use crate::system::SystemPlace;
use crate::{MIGRAPHX, ONNXRUNTIME, OPENVINO};

/// Every engine that can be found and installed.
pub const ENGINES: [&Engine; 2] = [&OPENVINO, &ONNXRUNTIME];

/// Every engine that can be found, those included that only their vendor installs.
pub const FINDABLE: [&Engine; 3] = [&OPENVINO, &ONNXRUNTIME, &MIGRAPHX];

/// A native library that a backend loads at run time.
#[derive(Debug)]
pub struct Engine {
    /// Its name in commands, folders and messages: `openvino`.
    pub name: &'static str,
    /// What it is, in a few words.
    pub summary: &'static str,
    /// The environment variable that names its library, or a folder with it.
    pub variable: &'static str,
    /// The vendor's own variable with that meaning, if there is one.
    pub vendor_variable: Option<&'static str>,
    /// The release that [`install`](crate::install()) fetches. Without files if that is not for us to do.
    pub release: Release,
    /// What to install, in words, for an engine that [`install`](crate::install()) cannot fetch.
    pub by_hand: Option<&'static str>,
    pub(crate) library: Library,
    /// Where a vendor's or a distribution's package puts the library.
    pub(crate) system: &'static [SystemPlace],
    /// Where the library is below a folder that a person named, besides the folder itself.
    pub(crate) below: &'static [&'static str],
}

impl Engine {
    /// The engine called `name`.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        FINDABLE.into_iter().find(|engine| engine.name == name)
    }
}
