//! Another tenant on the same device, whose tensors and weights hold a pattern that is nobody else's.

use std::sync::Arc;

use anyhow::{Result, ensure};
use futures::executor::block_on;
use godwit_backend::{Arena, Backend, Budget, DType, Graph, Memory, Model, Quota, Target, Tensor};
use godwit_fixtures::dims;
use godwit_fixtures::onnx::Graph as Onnx;

/// What its elements are: a number of f32 that no arithmetic of small numbers gives.
const PATTERN: [u8; 4] = 0x5ec2_e7a5_u32.to_le_bytes();

/// What memory holds that was never written, or was given back, in a child of [`super::watch()`]: glibc fills it.
const UNWRITTEN: [[u8; 4]; 2] = [[!FILL; 4], [FILL; 4]];

/// The value of the variable `MALLOC_PERTURB_`.
pub(super) const FILL: u8 = 0xa5;

const ROWS: usize = 256;
const COLUMNS: usize = 256;

/// The other tenant.
#[derive(Debug)]
pub(super) struct Tenant {
    graph: Arc<dyn Graph>,
    input: Tensor,
    memory: Memory,
    blocks: Vec<Vec<u8>>,
}

impl Tenant {
    /// Loads its model, whose weights are the pattern.
    pub(super) fn open(backend: &Arc<dyn Backend>, device: &str) -> Result<Self> {
        let mut onnx = Onnx::new("tenant");
        onnx.input("x", DType::F32, dims![ROWS as i64, COLUMNS as i64]);
        onnx.raw_initializer("w", DType::F32, [COLUMNS as i64, 64], filled(COLUMNS * 64 * 4));
        onnx.node("MatMul", ["x", "w"], "h");
        onnx.node("Identity", "x", "same");
        onnx.output("h", DType::F32, dims![ROWS as i64, 64]);
        onnx.output("same", DType::F32, dims![ROWS as i64, COLUMNS as i64]);
        let model = Model::onnx("tenant", onnx.into_bytes());
        let graph = block_on(backend.load(&model, &Target::new(device)))?;
        let bytes = filled(ROWS * COLUMNS * 4);
        let input = Tensor::new(DType::F32, [ROWS, COLUMNS].into(), bytes.into())?;
        let memory = Memory::new(Arena::default(), Budget::new("tenant", 256 << 20));
        let mut tenant = Self { graph, input, memory, blocks: Vec::new() };
        tenant.work()?;
        Ok(tenant)
    }

    /// Computes once more, so that its tensors have been where others will be. Half of what it takes it gives back.
    pub(super) fn work(&mut self) -> Result<()> {
        let quota = Quota::of_host(self.memory.clone());
        let outputs = block_on(async {
            let mut context = self.graph.context(&quota).await?;
            let inputs = self.graph.info().signature.arrange([("x", self.input.clone())])?;
            context.run(inputs).await
        })?;
        ensure!(outputs.len() == 2, "the other tenant's model gave {} outputs", outputs.len());
        let sizes = [24, 48, 96, 256, 1024, 4096, 65_536, 1 << 20];
        let blocks: Vec<Vec<u8>> =
            sizes.iter().cycle().take(64).map(|size| filled(*size)).collect();
        self.blocks = blocks
            .into_iter()
            .enumerate()
            .filter(|(at, _)| at % 2 == 0)
            .map(|(_, it)| it)
            .collect();
        Ok(())
    }
}

fn filled(bytes: usize) -> Vec<u8> {
    PATTERN.repeat(bytes / PATTERN.len())
}

/// What `output` holds that is nobody's to see, if anything.
pub(super) fn seen_in(output: &[u8], given: &[&[u8]]) -> Option<&'static str> {
    // Of what is large, the beginning is like the rest.
    let output = output.get(..output.len().min(1 << 20)).unwrap_or_default();
    let holds = |bytes: &[u8], pattern: &[u8]| bytes.windows(pattern.len()).any(|it| it == pattern);
    if holds(output, &PATTERN) {
        return Some("another tenant's tensor");
    }
    let unwritten = UNWRITTEN.iter().any(|pattern| {
        // Twice in a row: one alone may be a number.
        holds(output, &[*pattern, *pattern].concat()) && !given.iter().any(|it| holds(it, pattern))
    });
    unwritten.then_some("memory that was never written")
}

/// Whether an element of `output` is neither zero nor one of those in `given`.
pub(super) fn has_others(output: &Tensor, given: &[&Tensor]) -> bool {
    let size = output.dtype().size();
    let bytes = |tensor: &Tensor| tensor.host().map(|it| it.to_vec()).unwrap_or_default();
    let known: std::collections::BTreeSet<Vec<u8>> = given
        .iter()
        .filter(|it| it.dtype() == output.dtype())
        .flat_map(|it| bytes(it).chunks(size).map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect();
    let output = bytes(output);
    output.chunks(size).any(|element| element.iter().any(|it| *it != 0) && !known.contains(element))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planted_is_found_at_any_place() {
        assert_eq!(seen_in(&[0, 0xa5, 0xe7, 0xc2, 0x5e], &[]), Some("another tenant's tensor"));
        assert_eq!(seen_in(&[FILL; 8], &[]), Some("memory that was never written"));
        assert_eq!(seen_in(&[FILL; 8], &[&[FILL; 4]]), None);
        assert_eq!(seen_in(&1f32.to_le_bytes(), &[]), None);
        let given = Tensor::from_values([2], &[1f32, 2.0]).unwrap();
        let output = |value: f32| Tensor::from_values([2], &[0.0, value]).unwrap();
        assert!(has_others(&output(3.0), &[&given]) && !has_others(&output(2.0), &[&given]));
    }
}
