//! What is known of values before the model runs.

use std::collections::HashMap;

use super::tensor::Element;

/// A value that depends on no input: how large it is, and its elements when there are few.
///
/// Sizes are `f64`: they are compared with limits, and an overflow becomes infinity, which is above
/// every limit.
#[derive(Debug, Clone)]
pub(super) struct Constant {
    pub(super) elements: f64,
    /// Bytes of one element.
    pub(super) size: f64,
    pub(super) numbers: Option<Vec<f64>>,
}

impl Constant {
    /// Values of up to this many elements are kept: shapes, counts, bounds.
    pub(super) const KEPT: usize = 32;

    #[expect(clippy::cast_precision_loss, reason = "an estimate of a size")]
    pub(super) fn new(elements: u64, element: Element, numbers: Option<Vec<f64>>) -> Self {
        let size = element.bits().map_or(1.0, |bits| bits as f64 / 8.0);
        Self { elements: elements as f64, size, numbers }
    }

    /// A list of numbers a node holds in an attribute.
    #[expect(clippy::cast_precision_loss, reason = "an estimate of a size")]
    pub(super) fn list(numbers: Vec<f64>) -> Self {
        Self { elements: numbers.len() as f64, size: 8.0, numbers: Some(numbers) }
    }

    pub(super) fn bytes(&self) -> f64 {
        self.elements * self.size
    }
}

/// The constants of a graph and of the graphs around it, which it sees.
#[derive(Debug, Default)]
pub(super) struct Scopes<'a>(Vec<HashMap<&'a str, Constant>>);

impl<'a> Scopes<'a> {
    pub(super) fn enter(&mut self) {
        self.0.push(HashMap::new());
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    pub(super) fn insert(&mut self, name: &'a str, constant: Constant) {
        if let Some(scope) = self.0.last_mut() {
            scope.insert(name, constant);
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Constant> {
        self.0.iter().rev().find_map(|scope| scope.get(name))
    }
}
