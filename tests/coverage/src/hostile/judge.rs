//! One hostile model on one device.

use std::sync::Arc;

use anyhow::Result;
use futures::executor::block_on;
use godwit_backend::{Arena, Backend, Budget, Error, ErrorKind, Memory, Quota, Target, Tensor};

use super::secrets::{Tenant, has_others, seen_in};
use super::{Fate, Found, Hostile};

/// No honest output of these models is larger.
const MOST: u64 = 256 << 20;

/// Loads and runs a model beside `tenant`.
///
/// # Errors
///
/// When the other tenant cannot compute any more.
pub(super) fn judge(
    backend: &Arc<dyn Backend>,
    device: &str,
    hostile: &Hostile,
    tenant: &mut Tenant,
) -> Result<Found> {
    if tenant.work().is_err() {
        // The worker process that its model was in has ended with the model before.
        *tenant = Tenant::open(backend, device)?;
    }
    let graph = match block_on(backend.load(&hostile.model(), &Target::new(device))) {
        Ok(graph) => graph,
        Err(error) => return Ok(failed(&error, Fate::Refused)),
    };
    let memory = Memory::new(Arena::default(), Budget::new("hostile", MOST));
    let quota = Quota::of_host(memory);
    let mut context = match block_on(graph.context(&quota)) {
        Ok(context) => context,
        Err(error) => return Ok(failed(&error, Fate::Failed)),
    };
    let mut found = Found { fate: Fate::Answered, why: String::new() };
    for run in &hostile.runs {
        let given: Vec<&Tensor> = run.iter().map(|(_, tensor)| tensor).collect();
        let named = run.iter().map(|(name, tensor)| (name, tensor.clone()));
        let inputs = match graph.info().signature.arrange(named) {
            Ok(inputs) => inputs,
            Err(error) => {
                found = failed(&error, Fate::Failed);
                continue;
            }
        };
        let outputs = match block_on(context.run(inputs)) {
            Ok(outputs) => outputs,
            Err(error) => {
                found = failed(&error, Fate::Failed);
                if found.fate == Fate::Worker {
                    return Ok(found);
                }
                continue;
            }
        };
        for (at, output) in outputs.iter().enumerate() {
            let bytes: Vec<&[u8]> =
                given.iter().filter_map(|it| it.host()).map(|it| &it[..]).collect();
            let seen = output.host().and_then(|output| seen_in(output, &bytes));
            // Constants are not among what is given, so it is all or nothing that counts here.
            let all_given = run.len() == hostile.operands();
            let others = at == 0 && hostile.selects && all_given && has_others(output, &given);
            let seen = seen.or(others.then_some("what it was not given"));
            if let Some(seen) = seen {
                return Ok(Found { fate: Fate::Leaked, why: format!("an output holds {seen}") });
            }
        }
    }
    Ok(found)
}

fn failed(error: &Error, fate: Fate) -> Found {
    let fate = if error.kind() == ErrorKind::DeviceLost { Fate::Worker } else { fate };
    Found { fate, why: format!("{:?}: {}", error.kind(), error.report()) }
}
