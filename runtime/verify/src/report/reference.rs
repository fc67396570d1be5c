//! Chooses the reference device.

use godwit_backend::{DType, Error, Result, known};

use super::Attempt;
use crate::profile::ProfileName;
use crate::recording::DeviceStamp;

/// The index of the reference in `attempts`, and why it is the reference.
///
/// # Errors
///
/// `InvalidArgument` if the requested one is not in `attempts` or did not answer.
pub(super) fn choose(
    attempts: &[Attempt],
    wanted: Option<&str>,
) -> Result<Option<(usize, String)>> {
    if let Some(wanted) = wanted {
        let found = attempts.iter().position(|attempt| attempt.device == wanted);
        let place = found.ok_or_else(|| {
            let ids = attempts.iter().map(|attempt| attempt.device.as_str());
            let known = known("devices", wanted, ids.collect::<Vec<_>>());
            Error::invalid_argument(format!("the reference '{wanted}' was not run: {known}"))
        })?;
        return match attempts.get(place).and_then(Attempt::answered) {
            Some(_) => Ok(Some((place, "it was requested".to_owned()))),
            None => Err(Error::invalid_argument(format!(
                "the reference '{wanted}' did not answer, so there is nothing to compare with"
            ))),
        };
    }
    let answered = attempts.iter().enumerate().filter_map(|(place, attempt)| {
        let stamp = attempt.answered()?.device()?;
        Some((place, rank(stamp), stamp))
    });
    // The first of equal ones, which the caller prefers.
    let best = answered.min_by_key(|(place, rank, _)| (*rank, *place));
    Ok(best.map(|(place, _, stamp)| {
        let why = format!(
            "it computes in {}, the highest precision, on the simplest device ({})",
            stamp.precision, stamp.kind
        );
        (place, why)
    }))
}

/// Lower is better: precision first, then hardware.
fn rank(stamp: &DeviceStamp) -> (u8, u8) {
    let precision = match ProfileName::of_device(stamp) {
        ProfileName::Exact => 0,
        ProfileName::Fp32 if stamp.precision == DType::F64.name() => 0,
        ProfileName::Fp32 => 1,
        ProfileName::Tf32 => 2,
        ProfileName::Fp16 => 3,
        ProfileName::Bf16 => 4,
        ProfileName::Int8 => 5,
    };
    let kind = match stamp.kind.as_str() {
        "cpu" => 0,
        "gpu" => 1,
        _ => 2,
    };
    (precision, kind)
}
