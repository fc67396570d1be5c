use crate::{Code, Error, Result, Tensor};

/// The outputs of a run, by name, in the model's order.
#[derive(Debug)]
pub struct Outputs(Vec<(String, Tensor)>);

impl Outputs {
    pub(crate) const fn new(tensors: Vec<(String, Tensor)>) -> Self {
        Self(tensors)
    }

    /// The output called `name`.
    ///
    /// # Errors
    ///
    /// `NotFound` when the model has no such output; the message lists those it has.
    pub fn get(&self, name: &str) -> Result<&Tensor> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, tensor)| tensor).ok_or_else(|| missing(name, self.names()))
    }

    /// Removes the output called `name`, for example to pass it to the next run.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn take(&mut self, name: &str) -> Result<Tensor> {
        let at = self.names().position(|known| known == name);
        match at {
            Some(at) => Ok(self.0.remove(at).1),
            None => Err(missing(name, self.names())),
        }
    }

    /// The names, in the model's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Names and tensors, in the model's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.0.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Outputs {
    type Item = (String, Tensor);
    type IntoIter = std::vec::IntoIter<(String, Tensor)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn missing<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known: Vec<_> = known.map(|name| format!("`{name}`")).collect();
    let known = match known.as_slice() {
        [] => "the model has none".to_owned(),
        known => format!("the model has {}", known.join(", ")),
    };
    Error::new(Code::NotFound, format!("no output is called `{name}`: {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = missing("logit", ["logits", "state"].into_iter());
        assert_eq!(error.code(), Code::NotFound);
        assert_eq!(error.message(), "no output is called `logit`: the model has `logits`, `state`");
        let error = missing("x", std::iter::empty());
        assert_eq!(error.message(), "no output is called `x`: the model has none");
    }
}
