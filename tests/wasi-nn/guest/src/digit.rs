//! An example the model `digits` is asked about, and what ONNX Runtime answered.

/// A two, as grey values.
const PIXELS: [u8; 64] = [
    0, 0, 112, 255, 223, 48, 0, 0, 0, 0, 143, 223, 175, 239, 0, 0, 0, 0, 16, 80, 0, 239, 80, 0, 0,
    0, 0, 0, 0, 255, 80, 0, 0, 0, 0, 0, 48, 255, 64, 0, 0, 0, 0, 16, 191, 223, 16, 0, 0, 0, 80,
    191, 255, 255, 223, 16, 0, 0, 128, 255, 223, 159, 207, 48,
];

/// What the model gives for it.
pub const LOGITS: [f32; 10] = [
    -3.237608, -0.355126, 10.873199, 9.425134, -11.610147, -9.815786, -8.911928, -10.27224,
    1.105419, -1.156996,
];

/// The dimensions of [`image`].
pub const DIMS: [u32; 4] = [1, 1, 8, 8];

/// The model's input.
pub fn image() -> Vec<f32> {
    PIXELS.iter().map(|&pixel| f32::from(pixel) / 255.0).collect()
}
