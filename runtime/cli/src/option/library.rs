use std::path::PathBuf;

use godwit_backend::known;
use godwit_engines::{Engine, FINDABLE};

/// `NAME=PATH`: where the library of an engine is.
pub(crate) fn library(text: &str) -> Result<(&'static Engine, PathBuf), String> {
    let (name, path) = text
        .split_once('=')
        .filter(|(name, path)| !name.is_empty() && !path.is_empty())
        .ok_or("write NAME=PATH, for example --library openvino=/opt/openvino/lib")?;
    let engine = Engine::by_name(name).ok_or_else(|| {
        let names = FINDABLE.map(|engine| engine.name);
        format!("there is no engine '{name}': {}", known("engines", name, names))
    })?;
    Ok((engine, PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
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
            let message = library(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
