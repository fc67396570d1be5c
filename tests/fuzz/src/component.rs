//! `wasi:nn`: a component that reads its standard input as calls. Its source is `tests/guests/src/bin/fuzz_calls.rs`.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use godwit_host::Exit;

use crate::Target;
use crate::calls::{On, Stage, brought};

pub(crate) struct Component {
    stage: Stage,
    model: Vec<u8>,
}

impl Component {
    pub(crate) fn new(on: On) -> Self {
        let guest =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests/fuzz_calls.wasm");
        let guest = fs::read(guest).expect("the guest is not there: run `cargo xtask build`");
        Self { stage: Stage::new(on, &guest), model: brought(on) }
    }
}

impl Target for Component {
    fn run(&mut self, input: &[u8]) -> Result<u64, String> {
        let len = u32::try_from(self.model.len()).unwrap();
        let input = [&len.to_le_bytes(), self.model.as_slice(), input].concat();
        let ended = self.stage.run(input)?;
        let told = String::from_utf8_lossy(&ended.stdout);
        let calls = told.lines().last().and_then(|line| line.parse().ok()).unwrap_or(0);
        match ended.exit {
            Exit::Code(0) => Ok(calls),
            // Handles that the guest does not have, and data that there is not, end it as they must.
            Exit::Trapped { reason } if may_trap(&reason) => Ok(calls),
            other => Err(format!("the guest ended with {other:?}: {told}")),
        }
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        (100..116)
            .map(|seed| {
                let mut rng = Rng::with_seed(seed);
                (0..4096).map(|_| rng.u8(..)).collect()
            })
            .collect()
    }
}

fn may_trap(reason: &str) -> bool {
    ["unknown handle index", "handle index", "resource table has no free keys", "invalid tensor"]
        .iter()
        .any(|part| reason.contains(part))
}
