use std::path::Path;

use crate::config;
use crate::failure::Outcome;
use crate::option::{Isolated, Libraries};
use crate::remote::Endpoint;

/// Where the devices of a command come from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) libraries: Libraries,
    /// Families that are driven by processes of their own.
    pub(crate) isolated: Isolated,
    /// Services elsewhere, of the configuration and of the command line.
    pub(crate) endpoints: Vec<Endpoint>,
}

impl Sources {
    pub(crate) fn read(
        config: Option<&Path>,
        libraries: Libraries,
        isolated: Isolated,
    ) -> Outcome<Self> {
        Ok(Self { libraries, isolated, endpoints: config::read(config)? })
    }

    pub(crate) fn with(mut self, endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        self.endpoints.extend(endpoints);
        self
    }
}
