use std::collections::BTreeMap;

use godwit_backend::{DType, Error, Result, known};

/// The options of a target, besides `property.NAME`.
const OPTIONS: [&str; 5] = ["hint", "num_streams", "pinning", "precision", "threads"];

/// What a target's options ask of the library.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Properties {
    /// What the library is given.
    pub(crate) pairs: Vec<(String, String)>,
    /// The precision that was asked for.
    pub(crate) precision: Option<DType>,
    /// Whether the number of streams was left to us.
    pub(crate) streams_free: bool,
}

/// Reads a target's options. `supported` are the properties the device says it has.
///
/// # Errors
///
/// `Unsupported` for an option or property that does not exist, `InvalidArgument` for a value that makes
/// no sense.
pub(crate) fn read(options: &BTreeMap<String, String>, supported: &[&str]) -> Result<Properties> {
    let mut read = Properties { streams_free: true, ..Properties::default() };
    for (name, value) in options {
        let (key, value) = match name.as_str() {
            "hint" => (
                "PERFORMANCE_HINT",
                one_of(name, value, &["latency", "throughput"])?.to_uppercase(),
            ),
            "num_streams" if value == "auto" => ("NUM_STREAMS", "AUTO".to_owned()),
            "num_streams" => ("NUM_STREAMS", count(name, value)?),
            "threads" => ("INFERENCE_NUM_THREADS", count(name, value)?),
            "pinning" => {
                let pinning = one_of(name, value, &["no", "yes"])?;
                ("ENABLE_CPU_PINNING", pinning.to_uppercase())
            }
            "precision" => {
                let precision = one_of(name, value, &["bf16", "f16", "f32"])?;
                let dtypes = [DType::Bf16, DType::F16, DType::F32];
                read.precision = dtypes.into_iter().find(|dtype| dtype.name() == precision);
                ("INFERENCE_PRECISION_HINT", precision.to_owned())
            }
            other => match other.strip_prefix("property.") {
                Some(property) if supported.contains(&property) => (property, value.clone()),
                Some(property) => {
                    let known = known("properties", property, supported.to_vec());
                    return Err(Error::unsupported(format!(
                        "the device has no property '{property}': {known}"
                    )));
                }
                None => {
                    let known = known("options", other, OPTIONS);
                    return Err(Error::unsupported(format!(
                        "OpenVINO devices have no option '{other}': {known}, property.NAME"
                    )));
                }
            },
        };
        if ["PERFORMANCE_HINT", "NUM_STREAMS", "INFERENCE_NUM_THREADS"].contains(&key) {
            read.streams_free = false;
        }
        if read.pairs.iter().any(|(other, _)| other == key) {
            return Err(Error::invalid_argument(format!("the property '{key}' is set twice")));
        }
        read.pairs.push((key.to_owned(), value));
    }
    Ok(read)
}

fn one_of<'a>(name: &str, value: &'a str, values: &'static [&str]) -> Result<&'a str> {
    if values.contains(&value) {
        return Ok(value);
    }
    let known = known("values", value, values.to_vec());
    Err(Error::invalid_argument(format!("the option {name} = '{value}' is not known: {known}")))
}

fn count(name: &str, value: &str) -> Result<String> {
    let number = value.parse::<u16>().ok().filter(|number| *number > 0);
    number.map(|number| number.to_string()).ok_or_else(|| {
        Error::invalid_argument(format!(
            "the option {name} = '{value}' is not a number from 1 to {}",
            u16::MAX
        ))
    })
}
