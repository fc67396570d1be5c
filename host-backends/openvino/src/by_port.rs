/// Something for the ports of a request, inputs before outputs.
#[derive(Debug)]
pub(crate) struct ByPort<T>(Vec<Option<T>>);

impl<T> Default for ByPort<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByPort<T> {
    pub(crate) fn get(&self, port: usize) -> Option<&T> {
        self.0.get(port)?.as_ref()
    }

    pub(crate) fn take(&mut self, port: usize) -> Option<T> {
        self.0.get_mut(port)?.take()
    }

    pub(crate) fn set(&mut self, port: usize, value: T) {
        if port >= self.0.len() {
            self.0.resize_with(port + 1, || None);
        }
        if let Some(slot) = self.0.get_mut(port) {
            *slot = Some(value);
        }
    }
}
