//! One case on one backend.

use std::sync::Arc;

use anyhow::{Context, Result};
use futures::executor::block_on;
use godwit_backend::{
    Arena, Backend, Budget, Dim, Error, ErrorKind, Memory, Model, Quota, Target, Tensor, TensorInfo,
};

use crate::compare::{self, difference};
use crate::{Case, Outcome, Verdict, exclude, tensors};

/// No case gives more: what asks for more is an engine that went astray.
const MOST: u64 = 256 << 20;

/// Runs `case` on the device of `backend`, which must be what a host puts in front of its tenants.
///
/// # Errors
///
/// When the case itself cannot be read.
pub fn judge(backend: &Arc<dyn Backend>, device: &str, case: &Case) -> Result<Outcome> {
    if let Some(reason) = exclude::reason(&case.name) {
        return Ok(Outcome::new(Verdict::Excluded, reason));
    }
    let model = Model::onnx(&case.name, case.model()?);
    let graph = match block_on(backend.load(&model, &Target::new(device))) {
        Ok(graph) => graph,
        Err(error) => {
            let clean =
                if case.foreign.is_some() { Verdict::Outside } else { Verdict::Unsupported };
            return Ok(failed(&error, clean));
        }
    };
    if let Some(foreign) = case.foreign {
        let said = format!("loaded, although it takes or gives {foreign}");
        return Ok(Outcome::new(Verdict::Wrong, said));
    }
    let read = |files: Vec<Vec<u8>>| -> Result<Vec<Tensor>> {
        files.iter().map(|file| tensors::read(file)).collect()
    };
    let inputs = read(case.input_files()?).context("an input")?;
    let wanted = read(case.output_files()?).context("an output")?;

    let signature = &graph.info().signature;
    let inputs = match signature.arrange(case.inputs.iter().zip(inputs)) {
        Ok(inputs) => inputs,
        Err(error) => {
            let reason = format!("its signature does not fit its inputs: {error}");
            return Ok(Outcome::new(Verdict::Wrong, reason));
        }
    };
    let memory = Memory::new(Arena::default(), Budget::new("tensors", MOST));
    let ran = block_on(async {
        let mut context = graph.context(&Quota::of_host(memory.clone())).await?;
        let outputs = context.run(inputs).await?;
        Ok::<_, Error>(outputs)
    });
    let outputs = match ran {
        Ok(outputs) => outputs,
        Err(error) => return Ok(failed(&error, Verdict::Refused)),
    };
    if (outputs.len(), signature.outputs.len()) != (wanted.len(), wanted.len()) {
        let reason = format!("{} outputs instead of {}", outputs.len(), wanted.len());
        return Ok(Outcome::new(Verdict::Wrong, reason));
    }
    let answers = outputs.iter().zip(&signature.outputs).zip(case.outputs.iter().zip(&wanted));
    for ((got, promised), (name, wanted)) in answers {
        let wrong = (&*promised.name != name)
            .then(|| format!("is called '{}'", promised.name))
            .or_else(|| difference(got, wanted, compare::ONNX))
            .or_else(|| broken_promise(promised, got));
        if let Some(wrong) = wrong {
            return Ok(Outcome::new(Verdict::Wrong, format!("output '{name}' {wrong}")));
        }
    }
    Ok(Outcome::new(Verdict::Passed, ""))
}

fn failed(error: &Error, clean: Verdict) -> Outcome {
    let verdict = match error.kind() {
        ErrorKind::Internal | ErrorKind::DeviceLost => Verdict::Crashed,
        _ => clean,
    };
    let mut outcome = Outcome::new(verdict, error.message());
    outcome.detail = format!("{:?}: {}", error.kind(), error.report());
    outcome
}

/// What of an output is not as the signature said before the run.
fn broken_promise(promised: &TensorInfo, got: &Tensor) -> Option<String> {
    let dims = promised.dims.as_ref();
    let fits = promised.dtype == got.dtype()
        && dims.is_none_or(|dims| {
            let known =
                |(dim, &size): (&Dim, &usize)| !matches!(dim, Dim::Known(it) if *it != size);
            dims.len() == got.shape().len() && dims.iter().zip(&**got.shape()).all(known)
        });
    (!fits).then(|| format!("is {got}, and the signature says {promised}"))
}
