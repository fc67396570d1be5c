use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use godwit_backend::known;
use godwit_engines::{Engine, FINDABLE};

/// `NAME=PATH`: where the library of an engine is.
#[derive(Debug, Clone)]
pub(crate) struct LibraryOption {
    engine: &'static Engine,
    path: PathBuf,
}

impl FromStr for LibraryOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text
            .split_once('=')
            .filter(|(name, path)| !name.is_empty() && !path.is_empty())
            .ok_or("write NAME=PATH, for example --library openvino=/opt/openvino/lib")?;
        let engine = Engine::by_name(name).ok_or_else(|| {
            let names = FINDABLE.map(|engine| engine.name);
            format!("there is no engine '{name}': {}", known("engines", name, names))
        })?;
        Ok(Self { engine, path: PathBuf::from(path) })
    }
}

/// Where a person said that libraries are.
#[derive(Debug, Default)]
pub(crate) struct Libraries(BTreeMap<&'static str, PathBuf>);

impl Libraries {
    /// The last one given for an engine counts.
    pub(crate) fn new(options: &[LibraryOption]) -> Self {
        Self(options.iter().map(|option| (option.engine.name, option.path.clone())).collect())
    }

    pub(crate) fn path(&self, engine: &Engine) -> Option<&Path> {
        self.0.get(engine.name).map(PathBuf::as_path)
    }
}

#[cfg(test)]
mod tests {
    use godwit_engines::{ONNXRUNTIME, OPENVINO};

    use super::*;

    #[test]
    fn each_mistake_is_named() {
        for (text, part) in [
            ("openvino", "write NAME=PATH"),
            ("openvino=", "write NAME=PATH"),
            ("=x", "write NAME=PATH"),
            ("openvin=x", "did you mean 'openvino'?"),
            ("cuda=x", "known engines: openvino, onnxruntime"),
        ] {
            let message = text.parse::<LibraryOption>().unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn the_last_one_counts() {
        let options = ["openvino=a", "openvino=b=c"].map(|text| text.parse().unwrap());
        let libraries = Libraries::new(&options);
        assert_eq!(libraries.path(&OPENVINO), Some(Path::new("b=c")));
        assert_eq!(libraries.path(&ONNXRUNTIME), None);
    }
}
