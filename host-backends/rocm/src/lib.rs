//! The ROCm backend
mod dtype;
mod sys;
