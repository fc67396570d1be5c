use godwit_backend::{Error, Result};

use crate::schema::{ModelProto, TensorProto};
use crate::trace::trace;

/// Bytes of a constant that a few bytes may ask for, at most: a gigabyte.
const LIMIT: i64 = 1 << 30;

/// Refuses constants that `engine` would fill while it compiles the model, beyond any sane size.
///
/// # Errors
///
/// `TooLarge` for a `ConstantOfShape` of more than a gigabyte.
pub fn check_generated(model: &ModelProto, engine: &str) -> Result<()> {
    trace(model, |site| {
        let elements = site.generated().filter(|_| site.node.op_type() == "ConstantOfShape");
        let value = site.node.attribute.iter().find_map(|it| it.t.as_ref());
        let size = value.and_then(TensorProto::dtype).map_or(4, |dtype| dtype.size() as i64);
        match elements.map(|elements| elements.checked_mul(size)) {
            Some(bytes) if bytes.is_none_or(|bytes| bytes > LIMIT) => {
                Err(Error::too_large(format!(
                    "the model fills a constant of more than {LIMIT} bytes, which is the limit of \
                     {engine}'s devices"
                )))
            }
            _ => Ok(()),
        }
    })
}
