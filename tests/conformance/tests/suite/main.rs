//! The suite on every backend. A backend joins with one line here; two fakes prove each policy wrapper.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic here is a failed test")]

mod planted_faults;
mod planted_in_wrappers;
mod subjects;

use godwit_conformance::conformance;

conformance!(cpu, subjects::cpu());
conformance!(fake, subjects::fake(), each_wrapper);
conformance!(onnxruntime, subjects::onnxruntime());
conformance!(openvino, subjects::openvino());
conformance!(resident, subjects::resident(), each_wrapper);
