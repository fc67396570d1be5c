use std::collections::BTreeSet;

use bytesize::ByteSize;
use godwit_backend::{DType, DeviceId, Encoding, Error, Result, known};
use serde::Serialize;
use toml::{Table, Value};

use crate::engines::KNOWLEDGE;

/// Machines and their devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fleet {
    /// In the file's order.
    pub machines: Vec<FleetMachine>,
}

/// A machine of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FleetMachine {
    /// Its name in reports.
    pub name: String,
    /// In the file's order.
    pub devices: Vec<FleetDevice>,
}

/// A device, as somebody wrote it down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FleetDevice {
    /// `family:index`, as `godwit devices` would show it there.
    pub id: DeviceId,
    /// The library that drives it, with its version.
    pub engine: Option<String>,
    /// Bytes of memory that a model may take.
    pub memory: Option<u64>,
    /// What it reads.
    pub encodings: Option<Vec<Encoding>>,
    /// What its graphs take and give.
    pub dtypes: Option<BTreeSet<DType>>,
    /// All it computes, if that is written down.
    pub operators: Option<BTreeSet<String>>,
    /// The newest ONNX operator set it reads.
    pub opset: Option<i64>,
    /// What of the above was not written down and comes from tests of the engine.
    pub assumed: Option<String>,
    #[serde(skip)]
    pub(crate) lacks: BTreeSet<String>,
}

const MACHINE: [&str; 2] = ["name", "device"];
const DEVICE: [&str; 7] = ["id", "engine", "memory", "encodings", "dtypes", "operators", "opset"];

impl Fleet {
    /// Reads a fleet file.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`: what is wrong, where, and for an unknown key or value the nearest known one.
    pub fn parse(text: &str) -> Result<Self> {
        let file: Table = toml::from_str(text)
            .map_err(|error| Error::invalid_argument(error.to_string().trim_end().to_owned()))?;
        only(&file, "the file", &["machine"])?;
        let machines = tables(&file, "the file", "machine")?;
        let machines: Vec<FleetMachine> =
            machines.into_iter().map(machine).collect::<Result<_>>()?;
        if let Some(twice) = repeated(machines.iter().map(|machine| machine.name.as_str())) {
            return Err(Error::invalid_argument(format!("two machines are called '{twice}'")));
        }
        Ok(Self { machines })
    }
}

fn machine(table: &Table) -> Result<FleetMachine> {
    only(table, "a machine", &MACHINE)?;
    let name = text(table, "a machine", "name")?
        .ok_or_else(|| Error::invalid_argument("a machine lacks its 'name'"))?;
    let place = format!("machine '{name}'");
    let devices = tables(table, &place, "device")?;
    let devices: Vec<FleetDevice> =
        devices.into_iter().map(|table| device(table, &place)).collect::<Result<_>>()?;
    if let Some(twice) = repeated(devices.iter().map(|device| device.id.as_str())) {
        return Err(Error::invalid_argument(format!("{place} has two devices '{twice}'")));
    }
    Ok(FleetMachine { name, devices })
}

fn device(table: &Table, place: &str) -> Result<FleetDevice> {
    let place = format!("a device of {place}");
    only(table, &place, &DEVICE)?;
    let id = text(table, &place, "id")?
        .ok_or_else(|| Error::invalid_argument(format!("{place} lacks its 'id'")))?;
    let place = format!("device '{id}'");
    let memory = text(table, &place, "memory")?
        .map(|size| {
            size.parse::<ByteSize>().map(|size| size.0).map_err(|why| {
                Error::invalid_argument(format!("{place}: memory '{size}' is no size: {why}"))
            })
        })
        .transpose()?;
    let mut device = FleetDevice {
        id: DeviceId::new(&id),
        engine: text(table, &place, "engine")?,
        memory,
        encodings: words(table, &place, "encodings")?.map(encodings).transpose()?,
        dtypes: words(table, &place, "dtypes")?.map(|names| dtypes(&place, names)).transpose()?,
        operators: words(table, &place, "operators")?.map(|names| names.into_iter().collect()),
        opset: whole(table, &place, "opset")?,
        assumed: None,
        lacks: BTreeSet::new(),
    };
    assume(&mut device)?;
    Ok(device)
}

/// Fills in what is known of the engine and not written down.
fn assume(device: &mut FleetDevice) -> Result<()> {
    let Some(engine) = &device.engine else { return Ok(()) };
    let (name, version) = engine.split_once(' ').unwrap_or((engine, ""));
    let Some(known) = KNOWLEDGE.engine.iter().find(|known| known.name == name) else {
        return Ok(());
    };
    let mut assumed = Vec::new();
    if device.encodings.is_none() {
        device.encodings = Some(encodings(known.encodings.clone())?);
        assumed.push("encodings");
    }
    if device.dtypes.is_none() {
        device.dtypes = Some(dtypes(engine, known.dtypes.clone())?);
        assumed.push("dtypes");
    }
    if device.operators.is_none() {
        device.lacks = known.lacks.iter().cloned().collect();
        assumed.push("operators");
    }
    if !assumed.is_empty() {
        let other = if version.is_empty() || version == known.version {
            String::new()
        } else {
            format!(", which is another version than {version}")
        };
        device.assumed =
            Some(format!("{} as tested of {name} {}{other}", assumed.join(", "), known.version));
    }
    Ok(())
}

fn only(table: &Table, place: &str, keys: &[&str]) -> Result<()> {
    match table.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(Error::invalid_argument(format!(
            "{place} has an unknown key '{key}': {}",
            known("keys", key, keys.iter().copied())
        ))),
        None => Ok(()),
    }
}

fn wrong(place: &str, key: &str, what: &str) -> Error {
    Error::invalid_argument(format!("{place}: '{key}' is not {what}"))
}

fn text(table: &Table, place: &str, key: &str) -> Result<Option<String>> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(wrong(place, key, "a text")),
    }
}

fn whole(table: &Table, place: &str, key: &str) -> Result<Option<i64>> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::Integer(number)) => Ok(Some(*number)),
        Some(_) => Err(wrong(place, key, "a whole number")),
    }
}

fn words(table: &Table, place: &str, key: &str) -> Result<Option<Vec<String>>> {
    let Some(value) = table.get(key) else { return Ok(None) };
    let list = value.as_array().ok_or_else(|| wrong(place, key, "a list of texts"))?;
    let texts = list.iter().map(|item| item.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().map(Some).ok_or_else(|| wrong(place, key, "a list of texts"))
}

fn tables<'a>(table: &'a Table, place: &str, key: &str) -> Result<Vec<&'a Table>> {
    let lacks = || wrong(place, key, &format!("there: write [[{key}]] tables"));
    let list = table.get(key).and_then(Value::as_array).ok_or_else(lacks)?;
    list.iter().map(Value::as_table).collect::<Option<_>>().ok_or_else(lacks)
}

fn encodings(names: Vec<String>) -> Result<Vec<Encoding>> {
    names.iter().map(|name| name.parse()).collect()
}

fn dtypes(place: &str, names: Vec<String>) -> Result<BTreeSet<DType>> {
    let all: Vec<String> = DType::ALL.iter().map(ToString::to_string).collect();
    let one = |name: &String| {
        DType::ALL.into_iter().find(|dtype| dtype.to_string() == *name).ok_or_else(|| {
            let known = known("dtypes", name, all.iter().map(String::as_str));
            Error::invalid_argument(format!("{place}: '{name}' is no dtype: {known}"))
        })
    };
    names.iter().map(one).collect()
}

fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}
