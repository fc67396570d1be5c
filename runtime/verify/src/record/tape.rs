use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use godwit_backend::{
    Arena, Budget, Buffer, Digest, Error, Memory, Result, Tensor, Tensors, on_host,
};

use crate::recording::{Captured, LoadRecord, RecordedError, Recording, RunRecord};

/// The limits of a [`Tape`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordLimits {
    /// Bytes of tensors; equal tensors count once. Default: 1 GiB.
    pub bytes: u64,
    /// Runs. Default: 100 000.
    pub runs: usize,
    /// Loads. Default: 1000.
    pub loads: usize,
}

impl Default for RecordLimits {
    fn default() -> Self {
        Self { bytes: 1 << 30, runs: 100_000, loads: 1000 }
    }
}

/// Where a [`Recorder`](super::Recorder) records. Clones share one tape.
#[derive(Debug, Clone)]
pub struct Tape(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: RecordLimits,
    memory: Memory,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    recording: Recording,
    tensors: HashMap<Digest, Buffer>,
    /// Why the recording is incomplete.
    broken: Option<String>,
}

impl Default for Tape {
    fn default() -> Self {
        Self::new(RecordLimits::default())
    }
}

impl Tape {
    /// An empty tape.
    pub fn new(limits: RecordLimits) -> Self {
        let budget = Budget::new("recorded tensors", limits.bytes);
        let memory = Memory::new(Arena::new(0), budget);
        Self(Arc::new(Inner { limits, memory, state: Mutex::default() }))
    }

    /// The recording so far.
    ///
    /// # Errors
    ///
    /// `TooLarge` if a limit was reached or a tensor could not be read from its device: an incomplete recording
    /// proves nothing.
    pub fn recording(&self) -> Result<Recording> {
        let state = self.lock();
        match &state.broken {
            None => Ok(state.recording.clone()),
            Some(why) => Err(Error::too_large(format!("the recording is incomplete: {why}"))),
        }
    }

    /// Records a load and returns its index.
    pub(super) fn loaded(&self, load: LoadRecord) -> usize {
        let mut state = self.lock();
        if state.recording.loads.len() >= self.0.limits.loads {
            state.give_up(format!("more than {} loads", self.0.limits.loads));
            return usize::MAX;
        }
        state.recording.loads.push(load);
        state.recording.loads.len() - 1
    }

    /// Begins a run and returns its index, unless recording has ended.
    pub(super) fn begin(&self, load: usize) -> Option<usize> {
        let mut state = self.lock();
        if state.broken.is_some() {
            return None;
        }
        if state.recording.runs.len() >= self.0.limits.runs {
            state.give_up(format!("more than {} runs", self.0.limits.runs));
            return None;
        }
        let cancelled = Error::cancelled("the run was cancelled");
        let failure = Some(RecordedError::from(&cancelled));
        state.recording.runs.push(RunRecord { failure, ..RunRecord::of_load(load) });
        Some(state.recording.runs.len() - 1)
    }

    /// Ends the run of index `nth`.
    pub(super) fn end(
        &self,
        nth: usize,
        inputs: Vec<(String, Tensor)>,
        outputs: Vec<(String, Tensor)>,
        took: Duration,
        error: Option<&Error>,
    ) {
        let (inputs, outputs) = match (self.capture(inputs), self.capture(outputs)) {
            (Ok(inputs), Ok(outputs)) => (inputs, outputs),
            (Err(error), _) | (_, Err(error)) => {
                self.lock().give_up(error.message().to_owned());
                return;
            }
        };
        let mut state = self.lock();
        if let Some(run) = state.recording.runs.get_mut(nth) {
            run.inputs = inputs;
            run.outputs = outputs;
            run.failure = error.map(RecordedError::from);
            run.seconds = vec![took.as_secs_f64()];
        }
    }

    /// `tensors` on the host, or `None` and an incomplete tape.
    pub(super) async fn on_host(&self, tensors: &[Tensor]) -> Option<Tensors> {
        // Not charged to the tape, which charges the copies that it makes.
        let read = on_host(tensors.iter().cloned().collect(), &Memory::unlimited()).await;
        read.inspect_err(|error| self.lock().give_up(error.message().to_owned())).ok()
    }

    /// Copies tensors to the tape, so that they are not charged to another budget.
    fn capture(&self, tensors: Vec<(String, Tensor)>) -> Result<Vec<Captured>> {
        tensors.into_iter().map(|(name, tensor)| self.copy(name, &tensor)).collect()
    }

    fn copy(&self, name: String, tensor: &Tensor) -> Result<Captured> {
        let bytes = crate::compare::host(tensor)?;
        let digest = Digest::of(bytes);
        let known = self.lock().tensors.get(&digest).cloned();
        let held = match known {
            Some(held) => held,
            None => {
                let held = self.0.memory.copy_from(bytes)?;
                self.lock().tensors.insert(digest, held.clone());
                held
            }
        };
        let tensor = Tensor::new(tensor.dtype(), tensor.shape().clone(), held)?;
        Ok(Captured { name, digest, tensor })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is complete before anything can panic.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn give_up(&mut self, why: String) {
        self.broken.get_or_insert(why);
    }
}
