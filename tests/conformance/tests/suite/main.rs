//! The suite on every backend. A backend joins with one line here.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic here is a failed test")]

mod planted_faults;
mod subjects;

use godwit_conformance::conformance;

conformance!(cpu, subjects::cpu());
conformance!(fake, subjects::fake());
conformance!(onnxruntime, subjects::onnxruntime());
conformance!(openvino, subjects::openvino());
conformance!(resident, subjects::resident());
