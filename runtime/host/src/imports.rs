//! Which imports this host has, and what would provide the others.

use godwit_backend::{Error, Result};
use godwit_model::text::shown;

use crate::Item;

/// The version of `wasi:nn` this host speaks.
pub(crate) const NN_VERSION: &str = "0.2.0-rc-2024-10-28";

const WASI_PACKAGES: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];
const NN_INTERFACES: [&str; 4] = ["tensor", "graph", "inference", "errors"];

pub(crate) fn is_provided(name: &str) -> bool {
    if name.starts_with("wasi_snapshot_preview1.") {
        return true;
    }
    if let Some(function) = name.strip_prefix("wasi_ephemeral_nn.") {
        return crate::nn::MODULE_FUNCTIONS.contains(&function);
    }
    let Some((package, interface, version)) = split(name) else { return false };
    match package {
        "wasi:nn" => version == NN_VERSION && NN_INTERFACES.contains(&interface),
        _ => {
            let package = package.strip_prefix("wasi:").unwrap_or_default();
            WASI_PACKAGES.contains(&package) && version.starts_with("0.2.")
        }
    }
}

/// Splits `package/interface@version`.
fn split(name: &str) -> Option<(&str, &str, &str)> {
    let (package, rest) = name.split_once('/')?;
    let (interface, version) = rest.split_once('@')?;
    Some((package, interface, version))
}

pub(crate) fn hint(name: &str) -> String {
    let (package, interface, version) = split(name).unwrap_or((name, "", ""));
    match package {
        "wasi:nn" if !NN_INTERFACES.contains(&interface) => {
            format!("wasi:nn has no such interface; it has {}", NN_INTERFACES.join(", "))
        }
        "wasi:nn" => format!("rebuild the guest against wasi:nn@{NN_VERSION}"),
        "wasi:http" => {
            "it is for HTTP servers and clients, which this command does not offer".into()
        }
        "wasi:keyvalue" | "wasi:blobstore" | "wasi:messaging" | "wasi:config" => {
            "give the guest the data as files (--dir) or variables (--env)".into()
        }
        _ if package.starts_with("wasi:") && version.starts_with("0.3") => {
            "rebuild the guest for WASI 0.2 (target wasm32-wasip2)".into()
        }
        _ if name.starts_with("wasi_ephemeral_nn.") => {
            format!("this host's wasi_ephemeral_nn has {}", crate::nn::MODULE_FUNCTIONS.join(", "))
        }
        _ if name.starts_with("env.") => {
            "it looks compiled without a WASI target; build it for wasm32-wasip2".into()
        }
        _ if name.starts_with("wasi_unstable.") => {
            "rebuild the guest with a current WASI SDK (target wasm32-wasip2 or wasm32-wasip1)"
                .into()
        }
        _ => "compose the guest with a component that exports it".into(),
    }
}

/// Fails with every import that is missing, each with what would provide it.
pub(crate) fn check(imports: &[Item]) -> Result<()> {
    let missing: Vec<String> = imports
        .iter()
        .filter(|import| !import.provided)
        .map(|import| match &import.hint {
            Some(hint) => format!("\n  {}: {}", shown(&import.name), shown(hint)),
            None => format!("\n  {}", shown(&import.name)),
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "the guest imports what this host does not have:{}",
        missing.concat()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_interfaces_are_told_apart() {
        assert!(is_provided("wasi:cli/run@0.2.6"));
        assert!(is_provided("wasi:nn/tensor@0.2.0-rc-2024-10-28"));
        assert!(is_provided("wasi_ephemeral_nn.compute"));
        assert!(!is_provided("wasi:nn/tensor@0.2.0-rc-2024-08-19"));
        assert!(!is_provided("wasi:cli/run@0.3.0"));
        assert!(!is_provided("wasi:http/types@0.2.0"));
        assert!(!is_provided("wasi_ephemeral_nn.load_by_name_with_config"));
        assert!(!is_provided("env.abort"));
    }

    #[test]
    fn every_missing_import_is_named_with_its_remedy() {
        let imports = ["wasi:cli/run@0.2.0", "wasi:nn/graph@0.1.0", "acme:shop/cart@1.0.0"];
        let error = check(&imports.map(Item::import)).unwrap_err();
        assert_eq!(
            error.message(),
            "the guest imports what this host does not have:\
             \n  wasi:nn/graph@0.1.0: rebuild the guest against wasi:nn@0.2.0-rc-2024-10-28\
             \n  acme:shop/cart@1.0.0: compose the guest with a component that exports it"
        );
    }
}
