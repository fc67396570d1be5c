//! `godwit.toml`: the devices that are not found on this machine but written down.
//!
//! It can name programs to start and secrets to send, so it comes from where the user put it, never from the folder
//! that happens to be the current one.

use std::fs;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use godwit_backend::{DeviceId, known, nearest};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::files::cannot_read;
use crate::{Endpoint, FAMILIES, PlatformError, PlatformErrorKind, Result, own};

const NAME: &str = "godwit.toml";
/// Longer than any configuration, and soon read.
const LONGEST: u64 = 1 << 20;
const KEYS: [&str; 1] = ["device"];
const TYPES: [&str; 1] = ["remote"];

/// The devices of the file `named`, or else of the [user's own](of_user) if there is one.
///
/// # Errors
///
/// `File` when it cannot be read, or [others can change it](own::open); `Config`, with the line, when it cannot be
/// understood.
pub fn read(named: Option<&Path>) -> Result<Vec<Endpoint>> {
    let own = of_user().filter(|own| own.try_exists().unwrap_or(true));
    let Some(path) = named.or(own.as_deref()) else { return Ok(Vec::new()) };
    const WHAT: &str = "the configuration";
    let file = own::open(WHAT, path)?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot_read(WHAT, path, &error))?;
    let refused = |why: String| {
        let what = format!("'{}' is not a configuration file", path.display());
        PlatformError::new(PlatformErrorKind::Config, what).why(why)
    };
    if bytes.len() as u64 > LONGEST {
        return Err(refused(format!("it is longer than {LONGEST} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|error| refused(error.utf8_error().to_string()))?;
    File { path, text: &text }.devices()
}

/// Where the user's own file lies, or would: `godwit/godwit.toml` in the folder for configuration. `None` where the
/// environment names no such folder.
pub fn of_user() -> Option<PathBuf> {
    let folder = etcetera::base_strategy::Xdg::new().ok()?.config_dir();
    folder.is_absolute().then(|| folder.join("godwit").join(NAME))
}

/// The file in the current folder that looks as if it were read and is not. It is not looked into.
pub fn ignored(named: Option<&Path>) -> Option<&'static Path> {
    let here = Path::new(NAME);
    if named.is_some() || fs::symlink_metadata(here).is_err() {
        return None;
    }
    let is_own = match (fs::canonicalize(here), of_user().map(fs::canonicalize)) {
        (Ok(here), Some(Ok(own))) => here == own,
        _ => false,
    };
    (!is_own).then_some(here)
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn devices(&self) -> Result<Vec<Endpoint>> {
        let document = DeTable::parse(self.text).map_err(|error| self.refused(&error, None))?;
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
            .map_err(|error| self.refused(&error, Some(device.span())))?;
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

    /// What a parser says, of `within` if it does not say where, with the value left out where it may be a secret.
    fn refused(&self, error: &toml::de::Error, within: Option<Range<usize>>) -> PlatformError {
        let span = error.span().or(within);
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

    /// What is wrong, and where: by line and column, both from 1.
    fn wrong(&self, span: Option<Range<usize>>, what: &str) -> PlatformError {
        let at = span.map_or(0, |span| span.start);
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let path = self.path.display();
        PlatformError::new(
            PlatformErrorKind::Config,
            format!("'{path}', line {line}, column {column}: {what}"),
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
#[allow(clippy::indexing_slicing, reason = "a panic in a test is a failed test")]
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
            (
                with("tokn = 1"),
                ["line 5, column 1: unknown key 'tokn'", "known keys: id, url"].as_slice(),
            ),
            (with("timeout = {}"), &["unknown key 'timeout'", "write 'timeouts' instead"]),
            (
                with("timeouts = { conect = \"2s\" }"),
                &["line 5, column 14: unknown key 'conect'", "write 'connect' instead"],
            ),
            (
                with("timeouts = { connect = \"2 parsecs\" }"),
                &["line 5, column 24: invalid value of 'connect'", "\"2s\""],
            ),
            (
                with("limits = { request = 3 }"),
                &["line 5, column 22: invalid value of 'request'", "integer"],
            ),
            (with("protocol = \"oip-grcp\""), &["line 5", "write 'oip-grpc' instead"]),
            (with("retry = { budget = 2.0 }"), &["line 1", "budget"]),
            (
                "[[devise]]".into(),
                &["line 1, column 3: unknown key 'devise'", "write 'device' instead"],
            ),
            ("[device]".into(), &["line 1", "[[device]]"]),
            (DEVICE.replace("\"remote\"", "\"remot\""), &["line 2", "write 'remote' instead"]),
            (DEVICE.replace("type = \"remote\"\n", ""), &["line 1", "type = \"remote\""]),
            (
                DEVICE.replace("url", "uri"),
                &["line 4, column 1: unknown key 'uri'", "write 'url' instead"],
            ),
            (DEVICE.replace("id = \"triton:0\"\n", ""), &["line 1, column 1: missing field `id`"]),
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

    /// Numbers that look random, and are the same for the same seed.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % end.max(1)
        }
    }

    /// Cut, doubled, moved, and with what parsers trip over put in.
    fn mutated(text: &str, random: &mut Random) -> String {
        const PARTS: [&str; 26] = [
            "[",
            "]",
            "[[",
            "]]",
            "{",
            "}",
            "\"",
            "\u{27}\u{27}\u{27}",
            "\"\"\"",
            "=",
            ".",
            ",",
            "\n",
            "\r",
            "#",
            "\\u{",
            "1e999",
            "-0x",
            "\0",
            "é\u{202e}🙂",
            "[[device]]",
            "device",
            "auth = { bearer = {} }",
            "9223372036854775808",
            "1979-05-27T07:32:00Z",
            "nan",
        ];
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..=random.below(4) {
            let (at, to) = (random.below(characters.len() + 1), random.below(characters.len() + 1));
            let (at, to) = (at.min(to), at.max(to).min(at.min(to) + 40));
            let part: Vec<char> = characters[at..to].to_vec();
            match random.below(5) {
                0 => drop(characters.drain(at..to)),
                1 => drop(characters.splice(at..at, part)),
                2 => characters.truncate(to),
                3 => drop(characters.splice(at..to, PARTS[random.below(PARTS.len())].chars())),
                _ => drop(characters.splice(at..at, PARTS[random.below(PARTS.len())].chars())),
            }
        }
        characters.into_iter().collect()
    }

    #[test]
    fn whatever_the_file_holds_is_read_or_refused_with_its_place() {
        let whole = format!(
            "{DEVICE}timeouts = {{ connect = \"2s\" }}\nlimits = {{ request = \"64MiB\" }}\n\
             auth = {{ bearer = {{ token = {{ command = [\"print\"] }}, expires = \"50m\" }} }}\n\
             price = {{ per_hour = 3.5 }}\n[device.models.digits]\ninputs = [\"image: f32[batch, 8]\"]\n\n{}",
            DEVICE.replace(":0", ":1")
        );
        assert_eq!(read(&whole).unwrap().len(), 2);
        let mut random = Random(1);
        let mut refused = 0;
        for _ in 0..20_000 {
            let text = mutated(&whole, &mut random);
            if let Err(failure) = read(&text) {
                refused += 1;
                let place = failure
                    .strip_prefix("'godwit.toml', line ")
                    .unwrap_or_else(|| panic!("{text}\n{failure}"));
                let (line, rest) = place.split_once(", column ").unwrap();
                let (column, _) = rest.split_once(": ").unwrap();
                let line: usize = line.parse().unwrap();
                let length = text.split('\n').nth(line - 1).unwrap().chars().count();
                assert!(column.parse::<usize>().unwrap() <= length + 1, "{text}\n{failure}");
            }
        }
        assert!((10_000..20_000).contains(&refused), "{refused}");
    }

    /// On a stack smaller than any thread's.
    #[test]
    fn a_file_of_any_depth_is_refused() {
        let deep = |begin: &str, part: &str| format!("{begin}{}", part.repeat(100_000));
        for text in [
            deep("a = ", "["),
            deep("a = ", "{a="),
            deep("a", ".a") + " = 1",
            deep("[a", ".a") + "]",
            deep("[[device", ".a") + "]]",
            deep(DEVICE, "[[device.models]]\n"),
            deep(&format!("{DEVICE}auth = "), "{ bearer = "),
        ] {
            let read = move || read(&text).is_err();
            let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(read);
            assert!(thread.unwrap().join().unwrap());
        }
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
