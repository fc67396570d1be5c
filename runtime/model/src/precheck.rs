use godwit_backend::{Dim, Encoding, Error, Model, Result, Signature};

use crate::text::quoted;
use crate::{Interface, Limits, Summary, check_claimed, onnx, openvino};

/// Decides whether a model may be shown to a backend at all.
///
/// Gives the summary where this crate reads the encoding (ONNX, OpenVINO IR). The rest is held to its
/// magic bytes and [`Limits::max_bytes`], nothing more: for those the backend's own care must do.
///
/// # Errors
///
/// - `InvalidEncoding`: the bytes are not what the model's encoding says, or damaged;
/// - `TooLarge`: one of the limits, which the message names with what the model asks for;
/// - `Denied`: weights in other files. The message names no path;
/// - `Unsupported`: operators that [`Limits`] does not let through, or inputs and outputs of types
///   that no tensor has.
pub fn precheck(model: &Model, limits: &Limits) -> Result<Option<Summary>> {
    if model.byte_len() > limits.max_bytes {
        return Err(Error::too_large(format!(
            "the model has {} bytes, and {} are allowed",
            model.byte_len(),
            limits.max_bytes
        )));
    }
    check_claimed(model.encoding(), model.parts())?;
    let summary = match (model.encoding(), model.parts()) {
        (Encoding::Onnx, [bytes]) => onnx::summarize(bytes, limits)?,
        (Encoding::Openvino, [xml]) => openvino::summarize(xml, &[], limits)?,
        (Encoding::Openvino, [xml, weights]) => openvino::summarize(xml, weights, limits)?,
        _ => return Ok(None),
    };
    files(&summary, limits)?;
    operators(&summary, limits)?;
    match &summary.signature {
        Interface::Unsupported { unsupported } => {
            return Err(Error::unsupported(unsupported.clone()));
        }
        Interface::Known(signature) => sizes(signature, limits)?,
        Interface::Undetermined { .. } => {}
    }
    Ok(Some(summary))
}

/// Holds inputs and outputs of known dimensions to the limit of a tensor.
fn sizes(signature: &Signature, limits: &Limits) -> Result<()> {
    for info in signature.inputs.iter().chain(&signature.outputs) {
        let dims = info.dims.iter().flatten().filter_map(|dim| match dim {
            // A zero does not hide the rest: libraries multiply in any order.
            Dim::Known(size) => u64::try_from(*size).ok().filter(|size| *size != 0),
            _ => None,
        });
        let bytes = dims.fold(info.dtype.size() as u64, u64::saturating_mul);
        if bytes > limits.max_tensor_bytes {
            return Err(Error::too_large(format!(
                "the model's input or output {} is a tensor of more than the {} bytes that are allowed",
                quoted(&info.name),
                limits.max_tensor_bytes
            )));
        }
    }
    Ok(())
}

fn files(summary: &Summary, limits: &Limits) -> Result<()> {
    let count = summary.external_data.len();
    if count > 0 && !limits.allow_external_data {
        return Err(Error::denied(format!(
            "the model keeps weights in {count} other file(s), which is not allowed here; save it as \
             one file"
        )));
    }
    if summary.external_data.iter().all(|location| stays_below(location)) {
        return Ok(());
    }
    Err(Error::denied("the model names a file outside its own folder"))
}

/// Whether a location can only mean a file below the folder it is resolved in, on any system.
fn stays_below(location: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    !location.contains([':', '\\', '\0']) && location.split('/').all(plain)
}

fn operators(summary: &Summary, limits: &Limits) -> Result<()> {
    let refused = |name: &String| {
        let unlisted = limits.allow_ops.as_ref().is_some_and(|allowed| !allowed.contains(name));
        unlisted || limits.deny_ops.contains(name)
    };
    let refused: Vec<_> = summary.operators.keys().filter(|name| refused(name)).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let shown: Vec<_> = refused.iter().take(8).map(|name| quoted(name)).collect();
    let more = refused.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Err(Error::unsupported(format!(
        "the model uses operators that are not allowed here: {}{more}",
        shown.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::stays_below;

    #[test]
    fn locations_that_leave_the_folder() {
        for location in ["weights.bin", "weights/0.bin", "a..b"] {
            assert!(stays_below(location), "{location}");
        }
        for location in [
            "",
            ".",
            "..",
            "../w",
            "a/../../w",
            "/w",
            "a//w",
            "C:w",
            "\\\\host\\w",
            "a\\..\\w",
            "a/",
        ] {
            assert!(!stays_below(location), "{location}");
        }
    }
}
