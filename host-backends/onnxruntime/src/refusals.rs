use godwit_onnx::{Refusal, Use};

/// What ONNX Runtime gets wrong, found by ONNX's operator tests (`cargo xtask coverage`).
static REFUSALS: [Refusal; 1] = [Refusal::new(
    "Attention",
    Use::All(&[Use::Not("is_causal", 0), Use::Input(4), Use::Output(3)]),
    "gives -3.4e38 for minus infinity in the scores of a causal mask over a past",
)];

/// The uses of operators that ONNX Runtime gets wrong. A model with one of them is not loaded.
pub fn refusals() -> &'static [Refusal] {
    &REFUSALS
}
