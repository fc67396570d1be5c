use std::fmt;
use std::sync::Arc;

use godwit_backend::GraphInfo;

use crate::protocol::Call;
use crate::reactor::Reactor;
use crate::service::Service;

/// A model of a server, shared by all contexts of its graph.
pub(crate) struct LoadedModel {
    pub(crate) service: Arc<Service>,
    pub(crate) reactor: Arc<Reactor>,
    pub(crate) info: GraphInfo,
    pub(crate) call: Call,
}

impl fmt::Debug for LoadedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedModel").field("info", &self.info).finish_non_exhaustive()
    }
}
