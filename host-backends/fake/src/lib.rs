//! A backend that does what it is told: for tests of what real devices cannot be made to do.
//!
//! Its "models" are small JSON programs, written with [`Script`]; its devices are planned with
//! [`FakeDevice`]: how long a run takes, which run fails and how, how much memory there is, which answer
//! is wrong. Afterwards [`FakeBackend::log`] tells what was called.
//!
//! ```
//! # futures::executor::block_on(async {
//! use godwit_backend::{Backend, DType, DeviceKind, Dim, ErrorKind, Quota, Target, Tensor};
//! use godwit_fake::{FakeBackend, FakeDevice, Script};
//!
//! let fake = FakeBackend::builder()
//!     .device(FakeDevice::new(DeviceKind::Gpu).fail_run(2, ErrorKind::Failed))
//!     .build();
//! let model = Script::echo(DType::F32, [Dim::Known(2)]).model("echo");
//! let graph = fake.load(&model, &Target::new("fake:0")).await?;
//! let mut context = graph.context(&Quota::unlimited()).await?;
//!
//! let input = graph.info().signature.inputs[0].name.clone();
//! let pair = graph.info().signature.arrange([(input, Tensor::from_values([2], &[1f32, 2.0])?)])?;
//! assert!(context.run(pair.clone()).await.is_ok());
//! assert_eq!(context.run(pair).await.unwrap_err().kind(), ErrorKind::Failed);
//! # godwit_backend::Result::<()>::Ok(())
//! # }).unwrap();
//! ```
//!
//! A run without latency is finished when `run` returns. An echo then allocates nothing and copies
//! nothing: its output is a clone of its input. Other operations take their outputs from the context's
//! memory; a [resident](FakeDevice::resident) device allocates one handle an output besides, and a
//! pending run one box.

mod arithmetic;
mod backend;
mod builder;
mod context;
mod device;
mod element;
mod graph;
mod in_flight;
mod log;
mod op;
mod resident;
mod script;
mod wrong;

pub use backend::FakeBackend;
pub use builder::{Builder, FakeDevice};
pub use device::{DeviceControl, Transfers};
pub use log::{Act, Call, Outcome};
pub use script::{Op, Script};
pub use wrong::WrongAnswer;
