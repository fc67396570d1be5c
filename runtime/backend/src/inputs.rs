use std::ops::Deref;

use crate::{Memory, Result, Tensor, Tensors, on_host};

/// The inputs of one run, in the order of a signature and checked against it.
///
/// Only a signature makes them ([`Signature::check`](crate::Signature::check),
/// [`Signature::arrange`](crate::Signature::arrange) and
/// [`Arrangement::finish`](crate::Arrangement::finish)), so a context that is given some need not check their
/// number, dtypes or dimensions again. They belong to the graph whose signature made them: a caller that gives
/// them to another graph gets an error or a wrong answer, and `unsafe` code relies on nothing of this.
#[derive(Debug, Clone)]
pub struct Inputs(Tensors);

impl Inputs {
    /// Takes tensors that the signature has checked.
    pub(crate) fn checked(tensors: Tensors) -> Self {
        Self(tensors)
    }

    /// The tensors, for a device that brings them somewhere else.
    pub fn into_tensors(self) -> Tensors {
        self.0
    }

    /// Whether all of them are in host memory.
    pub fn are_on_host(&self) -> bool {
        self.iter().all(|input| input.host().is_some())
    }

    /// The same inputs in host memory; see [`on_host`].
    ///
    /// # Errors
    ///
    /// As [`Tensor::to_host`].
    pub async fn on_host(self, memory: &Memory) -> Result<Self> {
        on_host(self.0, memory).await.map(Self)
    }
}

impl Deref for Inputs {
    type Target = [Tensor];

    fn deref(&self) -> &[Tensor] {
        &self.0
    }
}
