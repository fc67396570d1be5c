//! One module a subcommand: its arguments, and what it does.

mod audit;
mod compile;
mod completions;
mod devices;
mod doctor;
mod engines;
mod inspect;
mod run;
mod verify;
mod worker;

pub(crate) use audit::{AuditArgs, audit};
pub(crate) use compile::{CompileArgs, compile};
pub(crate) use completions::{CompletionsArgs, completions};
pub(crate) use devices::{DevicesArgs, devices};
pub(crate) use doctor::{DoctorArgs, doctor};
pub(crate) use engines::{EnginesArgs, engines};
pub(crate) use inspect::{InspectArgs, inspect};
pub(crate) use run::{RunArgs, run};
pub(crate) use verify::{VerifyArgs, verify};
pub(crate) use worker::{WorkerArgs, worker};
