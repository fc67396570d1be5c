//! Policy: values that wrap a [`Backend`](godwit_backend::Backend) and are one.
//!
//! ```text
//! Catalog                     a tenant's models by name, and bytes a guest brings
//!   Metered                   spans, metrics and the ledger: also sees what is refused below
//!     Admission               one tenant's limits: allow-list, runs, queue, device bytes, deadlines
//! ------- above: one value a tenant -- below: one value a process -------
//!       GraphCache            one compiled graph for all tenants that bring the same bytes
//!         Checked             looks at a model file before an engine does
//!           Router            many backends as one
//!             cpu, cuda, ...
//! ```
//!
//! The order matters. The cache stands below admission, so that tenants share a graph while each is
//! charged for what it holds, and above the check, so that a model is looked at once. Metering stands on
//! top, so that refusals, queueing and deadlines are in the figures. [`Stack`] composes exactly this.
//!
//! None of these values substitutes one device for another.

#![deny(missing_docs)]

mod admission;
mod cache;
mod catalog;
mod checked;
mod ledger;
mod metered;
mod report;
mod router;
mod select;
mod stack;

#[cfg(test)]
mod tests;

pub use admission::{Admission, AdmissionLimits, AllowList};
pub use cache::GraphCache;
pub use catalog::{Catalog, CatalogBuilder, CatalogEntry, GUEST_MODEL};
pub use checked::Checked;
pub use ledger::{Ledger, OTHER_MODELS};
pub use metered::Metered;
pub use report::{Report, ReportRow};
pub use router::Router;
pub use stack::Stack;
