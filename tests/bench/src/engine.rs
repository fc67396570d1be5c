//! What runs the models: natively on the one side, as a backend behind the sandbox on the other.

use std::sync::Arc;

use anyhow::Result;
use clap::ValueEnum;
use godwit_backend::{Backend, Encoding, Model, Target};
use godwit_engines::ONNXRUNTIME;
use godwit_platform::{Family, FamilyOptions, Libraries};
use serde::{Deserialize, Serialize};

use crate::ladder::Rung;
use crate::native::{self, Native};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub(crate) enum Engine {
    Tract,
    OnnxRuntime,
    OpenVino,
}

/// How many call at one time. OpenVINO wants to know before it compiles: it gives each a stream of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Callers {
    One,
    Two,
}

impl Callers {
    fn count(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
        }
    }
}

impl Engine {
    pub(crate) const ALL: [Self; 3] = [Self::Tract, Self::OnnxRuntime, Self::OpenVino];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tract => "tract",
            Self::OnnxRuntime => "ONNX Runtime",
            Self::OpenVino => "OpenVINO",
        }
    }

    /// The family that runs it.
    pub(crate) fn family(self) -> Result<&'static Family> {
        Ok(Family::by_name(match self {
            Self::Tract => "cpu",
            Self::OnnxRuntime => "ort",
            Self::OpenVino => "openvino",
        })?)
    }

    /// As `godwit run` has it.
    pub(crate) fn backend(self) -> Result<Arc<dyn Backend>> {
        Ok(self.family()?.open(&Libraries::default(), &FamilyOptions::single_app())?)
    }

    /// The device with as many threads for one run as the native side has: one.
    fn target(self, callers: Callers) -> Target {
        match self {
            Self::Tract => Target::new("cpu:0").with_option("threads", "1"),
            Self::OnnxRuntime => Target::new("ort-cpu:0").with_option("threads", "1"),
            Self::OpenVino => Target::new("openvino-cpu:0")
                .with_option("threads", callers.count())
                .with_option("num_streams", callers.count()),
        }
    }

    pub(crate) fn model(self, rung: &Rung, callers: Callers) -> (Model, Target) {
        let bytes = rung.onnx.clone().into();
        (Model::new(&rung.work.model, Encoding::Onnx, vec![bytes]), self.target(callers))
    }

    /// After [`Engine::backend`], which loads the library.
    pub(crate) fn native(self, rung: &Rung, callers: Callers) -> Result<Box<dyn Native>> {
        Ok(match self {
            Self::Tract => Box::new(native::Tract::new(rung)?),
            Self::OnnxRuntime => {
                let library = godwit_engines::find(&ONNXRUNTIME, None)?.path;
                Box::new(native::OnnxRuntime::new(&library, rung)?)
            }
            Self::OpenVino => Box::new(native::OpenVino::new(rung, callers.count())?),
        })
    }
}
