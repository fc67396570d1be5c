use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::environment::ENGINES_VARIABLE;
use crate::folder::Record;
use crate::library::Candidate;
use crate::{Engine, Environment, NoFolder, Os, Outcome, Place, Source, Version};

/// A library that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The file to load. What it needs lies beside it.
    pub path: PathBuf,
    /// The place it was found in.
    pub place: Place,
    /// Its version, where a name tells; the library itself knows better.
    pub version: Option<Version>,
}

/// No library, and where it was looked for.
#[derive(Debug)]
pub struct Absent {
    /// The engine that was looked for.
    pub engine: &'static Engine,
    /// Every place, in order. If one was named by a person, nothing after it was looked at.
    pub looked: Vec<Place>,
}

/// Looks for the library of `engine` in this process's environment.
///
/// In this order: `explicit`, which a person configured; the engine's environment variables; Godwit's own
/// folder of engines; the places of vendors and distributions; the Python environment that is active. The
/// newest version wins where several are in one place. The first two may name the file or a folder with it.
///
/// # Errors
///
/// [`Absent`], with every place. A path that a person named and that is wrong is not passed over: the
/// search ends there.
pub fn find(engine: &'static Engine, explicit: Option<&Path>) -> Result<Found, Absent> {
    find_in(&Environment::of_process(), engine, explicit)
}

/// [`find`] in another environment.
///
/// # Errors
///
/// As of [`find`].
pub fn find_in(
    environment: &Environment,
    engine: &'static Engine,
    explicit: Option<&Path>,
) -> Result<Found, Absent> {
    let found = search(environment, engine, explicit)?;
    // A loader gives relative names meanings of its own.
    let path = std::path::absolute(&found.path).unwrap_or(found.path);
    Ok(Found { path, ..found })
}

fn search(
    environment: &Environment,
    engine: &'static Engine,
    explicit: Option<&Path>,
) -> Result<Found, Absent> {
    let os = environment.platform.map(|platform| platform.os);
    let mut search = Search { engine, os, looked: Vec::new() };
    if let Some(path) = explicit {
        return search.named(Source::Configured, path);
    }
    for variable in [Some(engine.variable), engine.vendor_variable].into_iter().flatten() {
        let source = Source::Variable(variable);
        match environment.variable(variable) {
            Some(path) => return search.named(source, Path::new(path)),
            None => search.looked.push(Place::unset(source)),
        }
    }
    if let Err(NoFolder::Relative(folder)) = environment.engines_folder() {
        let source = Source::Variable(ENGINES_VARIABLE);
        search.looked.push(Place::new(source, folder, Outcome::Relative));
        return Err(search.absent());
    }
    let found = search.installed(environment).or_else(|| search.system(environment));
    match found.or_else(|| search.python(environment)) {
        Some(found) => Ok(found),
        None => Err(search.absent()),
    }
}

struct Search {
    engine: &'static Engine,
    os: Option<Os>,
    looked: Vec<Place>,
}

impl Search {
    fn absent(self) -> Absent {
        Absent { engine: self.engine, looked: self.looked }
    }

    /// A person named it: the file itself under whatever name, or a folder it is in.
    fn named(mut self, source: Source, path: &Path) -> Result<Found, Absent> {
        if path.is_file() {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let os = self.os;
            let version = os.and_then(|os| self.engine.library.version_in(name, os)).flatten();
            let place = Place::new(source, path, Outcome::Found);
            return Ok(Found { path: path.to_owned(), place, version });
        }
        let below = self.engine.below.iter().map(|below| path.join(below));
        let folders = std::iter::once(path.to_owned()).chain(below);
        let found = folders.filter_map(|folder| self.library_in(&folder)).next();
        let outcome = match found {
            Some(_) => Outcome::Found,
            None if path.exists() => Outcome::Empty,
            None => Outcome::Missing,
        };
        let place = Place::new(source, path, outcome);
        match found {
            Some(Candidate { path, version }) => Ok(Found { path, place, version }),
            None => {
                self.looked.push(place);
                Err(self.absent())
            }
        }
    }

    fn library_in(&self, folder: &Path) -> Option<Candidate> {
        self.engine.library.newest_in(folder, self.os?)
    }

    /// One folder a version. What has no record was not installed, whoever put it there.
    fn installed(&mut self, environment: &Environment) -> Option<Found> {
        let Ok(folder) = environment.engines_folder() else {
            self.looked.push(Place::unset(Source::Installed));
            return None;
        };
        let folder = folder.join(self.engine.name);
        let mut unrecorded = None;
        let versions = subfolders(&folder).into_iter().filter_map(|folder| {
            let version = Version::parse(folder.file_name()?.to_str()?)?;
            let candidate = self.library_in(&folder)?;
            if Record::read(&folder).is_none() {
                unrecorded = Some(folder);
                return None;
            }
            Some((folder, Candidate { version: Some(version), ..candidate }))
        });
        let newest = newest(versions);
        if newest.is_none() {
            let (place, outcome) = match unrecorded {
                Some(folder) => (folder, Outcome::Unrecorded),
                None if folder.exists() => (folder, Outcome::Empty),
                None => (folder, Outcome::Missing),
            };
            self.looked.push(Place::new(Source::Installed, place, outcome));
        }
        newest.map(|found| as_found(Source::Installed, found))
    }

    fn system(&mut self, environment: &Environment) -> Option<Found> {
        let places = self.engine.system.iter();
        let folders: Vec<_> = places.flat_map(|place| place.folders(environment)).collect();
        self.newest_of(Source::System, folders)
    }

    /// The wheel as the index has it, or a package of libraries.
    fn python(&mut self, environment: &Environment) -> Option<Found> {
        let names = ["VIRTUAL_ENV", "CONDA_PREFIX"];
        let active: Vec<_> =
            names.iter().filter_map(|name| environment.variable(name)).map(PathBuf::from).collect();
        if active.is_empty() {
            self.looked.push(Place::unset(Source::Python));
        }
        let mut folders = Vec::new();
        for environment in active {
            for packages in site_packages(&environment) {
                folders.push(packages.join(self.engine.release.inside.trim_end_matches('/')));
            }
            // Conda's own packages share one folder.
            folders.push(match self.os {
                Some(Os::Windows) => environment.join("Library").join("bin"),
                _ => environment.join("lib"),
            });
        }
        self.newest_of(Source::Python, folders)
    }

    fn newest_of(&mut self, source: Source, folders: Vec<PathBuf>) -> Option<Found> {
        let found = folders.iter().filter_map(|folder| {
            let Candidate { path, version } = self.library_in(folder)?;
            let version = version.or_else(|| version_of_folder(self.engine, folder));
            Some((folder.clone(), Candidate { path, version }))
        });
        let newest = newest(found);
        if newest.is_none() {
            self.looked.extend(folders.into_iter().map(|folder| {
                let outcome = if folder.exists() { Outcome::Empty } else { Outcome::Missing };
                Place::new(source, folder, outcome)
            }));
        }
        newest.map(|found| as_found(source, found))
    }
}

/// The first of the greatest.
fn newest(candidates: impl Iterator<Item = (PathBuf, Candidate)>) -> Option<(PathBuf, Candidate)> {
    candidates.reduce(|best, next| if next.1.version > best.1.version { next } else { best })
}

fn as_found(source: Source, (folder, candidate): (PathBuf, Candidate)) -> Found {
    let Candidate { path, version } = candidate;
    Found { path, place: Place::new(source, folder, Outcome::Found), version }
}

/// Folders carry the version that files may lack: `/opt/intel/openvino_2026.4.1/...` of a vendor, and
/// `openvino-2026.4.1.dist-info` beside a Python package.
fn version_of_folder(engine: &Engine, folder: &Path) -> Option<Version> {
    let version = |folder: &Path| {
        let rest = folder.file_name()?.to_str()?.strip_prefix(engine.name)?;
        Version::at_start(rest.strip_prefix(['_', '-'])?)
    };
    let packages = folder.ancestors().find(|folder| folder.ends_with("site-packages"));
    let beside = packages.into_iter().flat_map(subfolders);
    let above = folder.ancestors().map(Path::to_owned);
    above.chain(beside).find_map(|folder| version(&folder))
}

fn site_packages(environment: &Path) -> Vec<PathBuf> {
    let windows = environment.join("Lib").join("site-packages");
    let python = |folder: &PathBuf| {
        let name = folder.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("python3"))
    };
    let mut found: Vec<_> = ["lib", "lib64"]
        .iter()
        .flat_map(|lib| subfolders(&environment.join(lib)))
        .filter(python)
        .map(|folder| folder.join("site-packages"))
        .chain(windows.is_dir().then_some(windows))
        .collect();
    found.sort();
    found
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

impl Absent {
    /// The path that a person named and that is wrong, if that is the reason.
    pub fn wrong(&self) -> Option<&Place> {
        let named = |place: &&Place| {
            matches!(place.source, Source::Configured | Source::Variable(_))
                && place.outcome != Outcome::Unset
        };
        self.looked.iter().find(named)
    }

    /// The command that would install it, or what to install where there is none.
    pub fn remedy(&self) -> String {
        match self.engine.by_hand {
            Some(what) => what.to_owned(),
            None => format!("godwit engines install {}", self.engine.name),
        }
    }
}

/// One line for people: what is wrong with the path they named, or how many places were looked in.
impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.engine.name;
        match self.wrong() {
            Some(place) => {
                write!(f, "the library of {name} is not where it was said to be: {place}")
            }
            None => write!(
                f,
                "the library of {name} was not found in any of the {} places searched",
                self.looked.len()
            ),
        }
    }
}

impl std::error::Error for Absent {}
