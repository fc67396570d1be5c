use godwit_backend::Shape;

/// What the library reads and writes: address and dimensions by port, inputs before outputs.
#[derive(Debug, Default)]
pub(crate) struct Bound(Vec<Option<(usize, Shape)>>);

impl Bound {
    /// Whether the library has this very memory already. Binding it anew makes it lay out its edges again.
    pub(crate) fn holds(&self, port: usize, data: *const u8, shape: &Shape) -> bool {
        let bound = self.0.get(port).and_then(Option::as_ref);
        bound.is_some_and(|(addr, bound)| *addr == data.addr() && bound == shape)
    }

    /// Remembers what `port` is bound to; nothing if that is the library's own business.
    pub(crate) fn set(&mut self, port: usize, bound: Option<(usize, Shape)>) {
        if port >= self.0.len() {
            self.0.resize(port + 1, None);
        }
        if let Some(slot) = self.0.get_mut(port) {
            *slot = bound;
        }
    }
}
