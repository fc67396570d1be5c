use std::collections::BTreeMap;
use std::path::PathBuf;

use godwit_backend::{DeviceId, Encoding, nearest};
use godwit_platform::{ModelSource, ModelSpec};

const KEYS: [&str; 3] = ["encoding", "device", "set.OPTION"];
/// What the name of a backend's own option begins with.
const SET: &str = "set.";

/// What a remote device calls a model stands behind it, in the place of a path.
const REMOTE: &str = "remote:";

/// `NAME=PATH[,encoding=ENCODING][,device=ID][,set.OPTION=VALUE]...`: one variant of a model.
pub(crate) fn model(text: &str) -> Result<ModelSpec, String> {
    let (name, mut rest) = text
        .split_once('=')
        .ok_or("write NAME=PATH, for example --model digits=models/digits.onnx")?;
    if name.is_empty() {
        return Err("the name is empty: write NAME=PATH".to_owned());
    }
    let (mut encoding, mut device, mut options) = (None, None, BTreeMap::new());
    // From the end, so that a path may hold commas.
    while let Some((before, (key, value))) = last_setting(rest) {
        let twice = match key {
            "encoding" => {
                let value = value.parse::<Encoding>().map_err(|error| error.to_string())?;
                encoding.replace(value).is_some()
            }
            "device" if value.is_empty() => {
                return Err("device= is empty: write device=cpu:0".to_owned());
            }
            "device" if value.starts_with("remote=") => {
                return Err("pass the URL with --device, and write device=remote:0 here".to_owned());
            }
            "device" => device.replace(DeviceId::new(value)).is_some(),
            _ => match key.strip_prefix(SET) {
                Some("") => {
                    return Err("the option name is missing: write set.OPTION=VALUE".to_owned());
                }
                Some(option) => options.insert(option.to_owned(), value.to_owned()).is_some(),
                None => return Err(unknown(key)),
            },
        };
        if twice {
            return Err(format!("{key}= is given twice"));
        }
        rest = before;
    }
    if rest.is_empty() {
        return Err(format!("the path is empty: write {name}=PATH"));
    }
    let source = match rest.strip_prefix(REMOTE) {
        None => ModelSource::Path(PathBuf::from(rest)),
        Some("") => return Err(format!("the name is empty: write {name}=remote:NAME")),
        Some(_) if encoding.is_some() => {
            return Err("encoding= applies to files, not to remote models".to_owned());
        }
        Some(there) => ModelSource::Remote(there.to_owned()),
    };
    Ok(ModelSpec { name: name.to_owned(), source, encoding, device, options })
}

/// What stands before the last comma, and the `key=value` after it if that is what stands there.
fn last_setting(text: &str) -> Option<(&str, (&str, &str))> {
    let (before, last) = text.rsplit_once(',')?;
    let (key, value) = last.split_once('=')?;
    // The names of options are the backends' own, and have any case.
    let word = key.strip_prefix(SET).unwrap_or(key);
    let is_ours = |c: char| c.is_ascii_lowercase() || c == '-';
    let is_theirs = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_word = match word.len() == key.len() {
        true => !key.is_empty() && key.chars().all(is_ours),
        false => word.chars().all(is_theirs),
    };
    is_word.then_some((before, (key, value)))
}

fn unknown(key: &str) -> String {
    let known = KEYS.join(", ");
    // The likely slip with a backend's option is to leave out what it begins with.
    let known = format!("{known} (an option of the device's backend)");
    match nearest(key, KEYS) {
        Some(near) => format!("unknown setting '{key}': did you mean '{near}'? known: {known}"),
        None => format!("unknown setting '{key}': known: {known}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        let plain = model("digits=models/digits.onnx").unwrap();
        let path = |text: &str| ModelSource::Path(PathBuf::from(text));
        assert_eq!((&*plain.name, plain.source), ("digits", path("models/digits.onnx")));
        assert_eq!((plain.encoding, plain.device), (None, None));
        let full = model("m=a,b=c/x.bin,device=cpu:0,encoding=onnx");
        assert!(full.is_err(), "b=c/x.bin reads as a setting");
        let full = model("m=a, b/x.bin,device=cuda:1,encoding=onnx").unwrap();
        assert_eq!(full.source, path("a, b/x.bin"));
        assert_eq!(full.encoding, Some(Encoding::Onnx));
        assert_eq!(full.device, Some(DeviceId::new("cuda:1")));
        assert!(full.options.is_empty());
        let tuned = model("m=x,device=a:0,set.num_streams=2,set.CACHE.x=a=b,set.y=").unwrap();
        assert_eq!(tuned.source, path("x"));
        let options = tuned.options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let options: Vec<_> = options.collect();
        assert_eq!(options, [("CACHE.x", "a=b"), ("num_streams", "2"), ("y", "")]);
        let there = model("m=remote:a/b,device=triton:0").unwrap();
        assert_eq!(there.source, ModelSource::Remote("a/b".to_owned()));
        assert_eq!(there.device, Some(DeviceId::new("triton:0")));
        assert_eq!(model("m=./remote:a").unwrap().source, path("./remote:a"));
    }

    #[test]
    fn each_mistake_is_named() {
        let mistakes = [
            ("digits", "write NAME=PATH"),
            ("=x", "the name is empty"),
            ("m=", "the path is empty"),
            ("m=,device=cpu:0", "the path is empty"),
            ("m=x,device=", "device= is empty"),
            ("m=x,device=a,device=b", "device= is given twice"),
            ("m=x,encoding=onx", "did you mean 'onnx'?"),
            ("m=x,devise=cpu:0", "did you mean 'device'?"),
            ("m=x,zzz=1", "known: encoding, device, set.OPTION"),
            ("m=x,set.=1", "the option name is missing"),
            ("m=x,set.a=1,set.a=2", "set.a= is given twice"),
            ("m=remote:", "write m=remote:NAME"),
            ("m=remote:a,encoding=onnx", "encoding= applies to files"),
            ("m=x,device=remote=http://h", "with --device"),
        ];
        for (text, part) in mistakes {
            let message = model(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
