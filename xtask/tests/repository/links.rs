//! Links between the pages lead somewhere.

use std::fs;
use std::path::Path;

use crate::tracked_files;

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let pages = tracked_files().into_iter().filter(|file| file.extension() == Some("md".as_ref()));
    let broken: Vec<_> = pages.flat_map(|page| broken_links(&page)).collect();
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn a_broken_link_is_named() {
    let page = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page.md");
    let text = "# A `b` (c)\n\n[1](page.md) [2](#a-b-c) [3](https://example.com/x.md) \
                [4](absent.md) [5](page.md#absent)\n\n```sh\n[6](also-absent.md)\n```\n";
    fs::write(&page, text).unwrap();
    let broken = broken_links(&page);
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(
        broken[0].ends_with("absent.md") && broken[1].ends_with("page.md#absent"),
        "{broken:?}"
    );
}

#[test]
fn every_decision_has_a_number_of_its_own_and_is_in_the_index() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/decisions");
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    names.sort_unstable();
    for name in &names {
        assert!(index.contains(&format!("({name})")), "{name} is not in README.md");
    }
    names.dedup_by(|name, other| name.get(..5) == other.get(..5));
    assert_eq!(names.len(), index.matches("| [").count(), "a number is used twice: {names:?}");
}

/// The relative links of `page` that lead nowhere.
fn broken_links(page: &Path) -> Vec<String> {
    let text = prose(page);
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|it| it.0));
    let relative = targets.filter(|target| !target.contains("://"));
    let is_broken = |target: &&str| {
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        let file = if file.is_empty() { page.to_owned() } else { page.with_file_name(file) };
        !file.exists() || !(heading.is_empty() || has_heading(&file, heading))
    };
    relative.filter(is_broken).map(|target| format!("{}: {target}", page.display())).collect()
}

/// The text of a page without its blocks of code.
fn prose(page: &Path) -> String {
    let text = fs::read_to_string(page).unwrap();
    text.split("```").step_by(2).collect()
}

fn has_heading(page: &Path, anchor: &str) -> bool {
    let anchor_of = |heading: &str| {
        let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase()
    };
    let text = prose(page);
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| line.trim_start_matches('#')).any(|heading| anchor_of(heading) == anchor)
}
