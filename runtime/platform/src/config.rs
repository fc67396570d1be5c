//! `godwit.toml`: the devices that are not found on this machine but written down.

use std::ops::Range;
use std::path::Path;

use godwit_backend::{DeviceId, known, nearest};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::{Endpoint, FAMILIES, PlatformError, PlatformErrorKind, Result, files};

/// The file that is read where no other is named.
const NAME: &str = "godwit.toml";
const KEYS: [&str; 1] = ["device"];
const TYPES: [&str; 1] = ["remote"];

/// The devices of the file `named`, or of the one that lies here if there is one.
///
/// # Errors
///
/// `File` when it cannot be read; `Config`, with the line, when it cannot be understood.
pub fn read(named: Option<&Path>) -> Result<Vec<Endpoint>> {
    let here = Path::new(NAME);
    let Some(path) = named.or_else(|| here.exists().then_some(here)) else {
        return Ok(Vec::new());
    };
    let bytes = files::read("the configuration", path)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let what = format!("'{}' is not a configuration file", path.display());
        PlatformError::new(PlatformErrorKind::Config, what).why(error.utf8_error().to_string())
    })?;
    File { path, text: &text }.devices()
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn devices(&self) -> Result<Vec<Endpoint>> {
        let document = DeTable::parse(self.text).map_err(|error| self.refused(&error))?;
        let mut endpoints: Vec<Endpoint> = Vec::new();
        for (key, value) in document.into_inner() {
            if key.get_ref() != "device" {
                let what = format!("unknown key '{}'", key.get_ref());
                let failure = self.wrong(Some(key.span()), &what);
                return Err(suggest(failure, "keys", key.get_ref(), &KEYS));
            }
            let DeValue::Array(devices) = value.get_ref() else {
                let failure = self.wrong(Some(value.span()), "'device' is not a list of tables");
                return Err(failure.help("begin each device with the line [[device]]"));
            };
            for device in devices.iter() {
                let endpoint = self.device(device)?;
                if endpoints.iter().any(|other| other.id == endpoint.id) {
                    let what = format!("duplicate device '{}'", endpoint.id);
                    let failure = self.wrong(Some(device.span()), &what);
                    return Err(failure.help("change one of the ids"));
                }
                endpoints.push(endpoint);
            }
        }
        Ok(endpoints)
    }

    fn device(&self, device: &Spanned<DeValue<'_>>) -> Result<Endpoint> {
        let DeValue::Table(table) = device.get_ref() else {
            let failure = self.wrong(Some(device.span()), "a device is not a table");
            return Err(failure.help("begin each device with the line [[device]]"));
        };
        let mut table = table.clone();
        let Some(kind) = table.remove("type") else {
            let failure = self.wrong(Some(device.span()), "a device without 'type'");
            return Err(failure.help("add the line type = \"remote\""));
        };
        match kind.get_ref().as_str() {
            Some("remote") => {}
            other => {
                let other = other.unwrap_or_default();
                let failure = self.wrong(Some(kind.span()), &format!("unknown type '{other}'"));
                return Err(suggest(failure, "types", other, &TYPES));
            }
        }
        let value = Spanned::new(device.span(), DeValue::Table(table));
        let mut endpoint = Endpoint::deserialize(value.into_deserializer())
            .map_err(|error| self.refused(&error))?;
        endpoint.relative_to(self.path.parent().unwrap_or(Path::new("")));
        endpoint.check().map_err(|error| self.wrong(Some(device.span()), error.message()))?;
        let id = DeviceId::new(&endpoint.id);
        if let Some(family) = FAMILIES.iter().find(|family| id.is_of(family.name)) {
            let what = format!("the id '{id}' is reserved for devices of this machine");
            let failure = self.wrong(Some(device.span()), &what);
            return Err(failure
                .why(format!("the family '{}' is built in", family.name))
                .help("choose an id such as triton:0 or sagemaker:eu-west-1/trn1"));
        }
        Ok(endpoint)
    }

    /// What a parser says, with the value left out where it may be a secret.
    fn refused(&self, error: &toml::de::Error) -> PlatformError {
        let span = error.span();
        let message = error.message();
        if let Some((kind, name, there_are)) = unknown(message) {
            let near = nearest(name, there_are.iter().copied());
            let shown = match kind {
                // What stands in the place of a known word may be anything.
                "value" if near.is_none() && name.len() > 16 => format!("unknown {kind}"),
                _ => format!("unknown {kind} '{name}'"),
            };
            let failure = self.wrong(span, &shown);
            return suggest(failure, &format!("{kind}s"), name, &there_are);
        }
        let key = span.as_ref().and_then(|span| self.key(span));
        let said = match message.strip_prefix("invalid type: string \"") {
            Some(rest) => match rest.rsplit_once("\", expected ") {
                Some((_, expected)) => format!("expected {expected}, found a string"),
                None => "unexpected string".to_owned(),
            },
            None => message.to_owned(),
        };
        match key {
            Some(key) => self.wrong(span, &format!("invalid value of '{key}'")).why(said),
            None => self.wrong(span, &said),
        }
    }

    fn wrong(&self, span: Option<Range<usize>>, what: &str) -> PlatformError {
        let before = span.and_then(|span| self.text.get(..span.start));
        let line = before.map(|before| format!(", line {}", before.matches('\n').count() + 1));
        let path = self.path.display();
        PlatformError::new(
            PlatformErrorKind::Config,
            format!("'{path}'{}: {what}", line.unwrap_or_default()),
        )
    }

    /// The key in front of a value.
    fn key(&self, value: &Range<usize>) -> Option<&str> {
        let before = self.text.get(..value.start)?.lines().last()?;
        let before = before.trim_end().strip_suffix('=')?.trim_end();
        before.rsplit([' ', ',', '{', '\t']).next().filter(|key| !key.is_empty())
    }
}

/// What serde says of a name it does not know: whether that is a key or a value, the name, and those there are.
fn unknown(message: &str) -> Option<(&'static str, &str, Vec<&str>)> {
    let (kind, rest) = match message.strip_prefix("unknown field ") {
        Some(rest) => ("key", rest),
        None => ("value", message.strip_prefix("unknown variant ")?),
    };
    let mut quoted = rest.split('`').skip(1).step_by(2);
    Some((kind, quoted.next()?, quoted.collect()))
}

fn suggest(failure: PlatformError, what: &str, name: &str, there_are: &[&str]) -> PlatformError {
    let failure = failure.why(known(what, name, there_are.iter().copied()));
    match nearest(name, there_are.iter().copied()) {
        Some(near) => failure.help(format!("write '{near}' instead")),
        None => failure,
    }
}

#[cfg(all(test, feature = "remote", feature = "cpu"))]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let file = File { path: Path::new("godwit.toml"), text };
        let ids = |devices: Vec<Endpoint>| devices.iter().map(|one| one.id.clone()).collect();
        let told = |error: PlatformError| format!("{error}; {}", error.help.join("; "));
        file.devices().map(ids).map_err(told)
    }

    const DEVICE: &str = "[[device]]\ntype = \"remote\"\nid = \"triton:0\"\nurl = \"http://h:1\"\n";

    #[test]
    fn devices_are_read_in_order() {
        assert_eq!(read("").unwrap(), [""; 0]);
        let two = format!("{DEVICE}\n{}", DEVICE.replace(":0", ":1"));
        assert_eq!(read(&two).unwrap(), ["triton:0", "triton:1"]);
    }

    #[test]
    fn each_mistake_has_its_line_and_what_to_write() {
        let with = |line: &str| format!("{DEVICE}{line}\n");
        for (text, parts) in [
            (with("tokn = 1"), ["line 5: unknown key 'tokn'", "known keys: id, url"].as_slice()),
            (with("timeout = {}"), &["unknown key 'timeout'", "write 'timeouts' instead"]),
            (
                with("timeouts = { conect = \"2s\" }"),
                &["line 5: unknown key 'conect'", "write 'connect' instead"],
            ),
            (
                with("timeouts = { connect = \"2 parsecs\" }"),
                &["line 5: invalid value of 'connect'", "\"2s\""],
            ),
            (with("limits = { request = 3 }"), &["line 5: invalid value of 'request'", "integer"]),
            (with("protocol = \"oip-grcp\""), &["line 5", "write 'oip-grpc' instead"]),
            (with("retry = { budget = 2.0 }"), &["line 1", "budget"]),
            ("[[devise]]".into(), &["line 1: unknown key 'devise'", "write 'device' instead"]),
            ("[device]".into(), &["line 1", "[[device]]"]),
            (DEVICE.replace("\"remote\"", "\"remot\""), &["line 2", "write 'remote' instead"]),
            (DEVICE.replace("type = \"remote\"\n", ""), &["line 1", "type = \"remote\""]),
            (DEVICE.replace("url", "uri"), &["line 4: unknown key 'uri'", "write 'url' instead"]),
            (DEVICE.replace("id = \"triton:0\"\n", ""), &["missing field `id`"]),
            (DEVICE.replace("triton:0", "cpu:0"), &["'cpu:0' is reserved for devices of this"]),
            (format!("{DEVICE}{DEVICE}"), &["line 5", "duplicate device"]),
            ("[[device]".into(), &["line 1"]),
        ] {
            let failure = read(&text).unwrap_err();
            for part in parts {
                assert!(failure.contains(part), "{text}\nlacks '{part}':\n{failure}");
            }
        }
    }

    #[test]
    fn what_the_pages_show_can_be_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/remote");
        let mut shown = 0;
        for page in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(page.unwrap().path()).unwrap();
            let examples = text.split("```toml\n").skip(1);
            for example in examples.filter(|example| example.starts_with("[[device]]")) {
                let example = example.split("```").next().unwrap();
                let devices = read(example).unwrap_or_else(|failure| panic!("{example}{failure}"));
                shown += devices.len();
            }
        }
        assert!(shown >= 9, "{shown}");
    }

    #[test]
    fn a_secret_in_the_file_is_not_repeated() {
        const SECRET: &str = "s3cret-s3cret-s3cret";
        for line in [
            format!("auth = {{ bearer = {{ token = \"{SECRET}\" }} }}"),
            format!("auth = {{ bearer = \"{SECRET}\" }}"),
            format!("auth = \"{SECRET}\""),
            format!("auth = {{ header = {{ name = \"X-Key\", value = \"{SECRET}\" }} }}"),
        ] {
            let failure = read(&format!("{DEVICE}{line}\n")).unwrap_err();
            assert!(failure.contains("line 5") && !failure.contains(SECRET), "{failure}");
        }
        let failure = read(&DEVICE.replace("h:1", &format!("me:{SECRET}@h:1"))).unwrap_err();
        assert!(failure.contains("'auth'") && !failure.contains(SECRET), "{failure}");
    }
}
