use std::path::Path;

use crate::config;
use crate::failure::Outcome;
use crate::option::Libraries;
use crate::remote::Endpoint;

/// Where the devices of a command come from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) libraries: Libraries,
    /// Services elsewhere, of the configuration and of the command line.
    pub(crate) endpoints: Vec<Endpoint>,
}

impl Sources {
    pub(crate) fn read(config: Option<&Path>, libraries: Libraries) -> Outcome<Self> {
        Ok(Self { libraries, endpoints: config::read(config)? })
    }

    pub(crate) fn with(mut self, endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        self.endpoints.extend(endpoints);
        self
    }
}
