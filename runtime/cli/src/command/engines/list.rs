use clap::Args;
use godwit_engines::{
    ENGINES, Engine, Environment, Found, Installed, Place, Platform, find_in, installed,
};
use godwit_platform::Libraries;
use serde::Serialize;

use super::size;
use crate::error::Result;
use crate::print;
use crate::table::table;

const EXAMPLES: &str = "\
Examples:
  godwit engines list
  godwit engines list --json | jq '.engines[] | {name, path: .found.path}'";

/// List the engines: which were found, where, and which can be installed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Listing<'a> {
    engines: &'a [Row],
}

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    summary: &'static str,
    /// The library that would be loaded.
    found: Option<Found>,
    /// Why none would be.
    absent: Option<String>,
    /// Where it was looked for, if none was found.
    looked: Vec<Place>,
    /// What is in Godwit's own folder, the newest first.
    installed: Vec<Installed>,
    /// What `install` would fetch.
    release: Release,
}

#[derive(Debug, Serialize)]
struct Release {
    version: &'static str,
    /// Bytes to fetch; `None` if it is not published for this platform.
    size: Option<u64>,
}

pub(super) fn list(
    args: &ListArgs,
    environment: &Environment,
    libraries: &Libraries,
) -> Result<()> {
    let installed = environment.engines_folder().ok().map(|folder| installed(&folder));
    let installed = installed.unwrap_or_default();
    let rows = ENGINES.map(|engine| row(engine, environment, libraries, &installed));
    match args.json {
        true => print::json(&Listing { engines: &rows }),
        false => print::text(&human(&rows)),
    }
}

fn row(
    engine: &'static Engine,
    environment: &Environment,
    libraries: &Libraries,
    installed: &[Installed],
) -> Row {
    let (found, absent, looked) = match find_in(environment, engine, libraries.path(engine)) {
        Ok(found) => (Some(found), None, Vec::new()),
        Err(absent) => (None, Some(absent.to_string()), absent.looked),
    };
    let installed = installed.iter().filter(|installed| installed.engine == engine.name).cloned();
    let wheel = Platform::here().and_then(|here| engine.release.wheel(here));
    let release = Release { version: engine.release.version, size: wheel.map(|wheel| wheel.size) };
    let installed = installed.collect();
    Row { name: engine.name, summary: engine.summary, found, absent, looked, installed, release }
}

fn human(rows: &[Row]) -> String {
    let header = ["ENGINE", "VERSION", "FROM", "LIBRARY"];
    let cells = rows.iter().map(|row| match &row.found {
        Some(found) => [
            row.name.to_owned(),
            found.version.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            found.place.source.to_string(),
            found.path.display().to_string(),
        ],
        None => [row.name, "-", "-", "-"].map(str::to_owned),
    });
    let mut text = table(header, cells, &[]);
    let notes: Vec<String> = rows.iter().flat_map(notes).collect();
    if !notes.is_empty() {
        text.push('\n');
        text.extend(notes);
    }
    text
}

/// What there is to know or do about an engine.
fn notes(row: &Row) -> Vec<String> {
    let Row { name, absent, installed, release, .. } = row;
    let mut notes = Vec::new();
    notes.extend(absent.as_ref().map(|why| format!("{name}: {why}\n")));
    for there in installed {
        if there.whole == Some(false) || there.library.is_none() {
            let folder = there.folder.display();
            notes.push(format!(
                "{name}: '{folder}' is not as it was installed; reinstall it: godwit engines install {name}\n"
            ));
        }
    }
    let is_here = installed.iter().any(|there| there.version.to_string() == release.version);
    match release.size {
        Some(bytes) if !is_here => notes.push(format!(
            "{name}: {} can be installed (download size {}): godwit engines install {name}\n",
            release.version,
            size(bytes)
        )),
        None => {
            notes.push(format!("{name}: {} is not published for this system\n", release.version))
        }
        Some(_) => {}
    }
    notes
}
