//! What a guest does with the folders it was given, the same for both ABIs.

use std::ffi::{CString, c_char, c_int};
use std::fs::{self, File};
use std::io::Write as _;

// The standard library has them for WASI only in nightly compilers.
unsafe extern "C" {
    fn symlink(target: *const c_char, link: *const c_char) -> c_int;
    fn link(old: *const c_char, new: *const c_char) -> c_int;
}

fn call(
    function: unsafe extern "C" fn(*const c_char, *const c_char) -> c_int,
    first: &str,
    second: &str,
) -> bool {
    let [first, second] = [first, second].map(|text| CString::new(text).expect("no zero byte"));
    // SAFETY: both are strings that end in a zero byte and outlive the call.
    unsafe { function(first.as_ptr(), second.as_ptr()) == 0 }
}

/// Links that lead out of `/out` cannot be made; others can. `/other` is a second folder.
pub fn links() {
    fs::write("/out/file", b"42").expect("writing");
    fs::create_dir("/out/below").expect("a folder");
    let astray =
        ["/etc/passwd", "/", "..", "../secret", "below/../../secret", "./../secret", "below/.."];
    for (index, target) in astray.into_iter().enumerate() {
        for link in [format!("/out/astray{index}"), format!("/out/below/astray{index}")] {
            assert!(!call(symlink, target, &link), "{link} -> {target}");
            assert!(fs::symlink_metadata(&link).is_err(), "{link} is there");
        }
    }
    assert!(call(symlink, "file", "/out/straight"), "a link that stays");
    assert_eq!(fs::read("/out/straight").expect("reading through it"), b"42");
    fs::rename("/out/straight", "/out/below/straight").expect("moving it");
    assert!(fs::read("/out/below/straight").is_err(), "it leads below where it is now");

    assert!(call(link, "/out/file", "/out/second"), "a second name in the folder");
    assert!(!call(link, "/out/file", "/other/file"), "a second name in another folder");
    assert!(fs::metadata("/other/file").is_err(), "it is there");
}

/// Opens more files than there may be.
pub fn many_open() {
    let name =
        fs::read_dir("/models").expect("a folder").next().expect("a file").expect("its name");
    for _ in 0..100_000 {
        std::mem::forget(File::open(name.path()).expect("the host ends this program instead"));
    }
    println!("the host opened a hundred thousand files");
}

/// Writes more than there may be, by little files: what is removed still counts.
pub fn much_written() {
    for _ in 0..1_000 {
        let mut file = File::create("/out/part").expect("a file");
        file.write_all(&[1; 100_000]).expect("the host ends this program instead");
        drop(file);
        fs::remove_file("/out/part").expect("removing it");
    }
    println!("the host wrote a hundred megabytes");
}

/// Makes a file larger than it may be without writing to it.
pub fn far_end() {
    File::create("/out/part")
        .expect("a file")
        .set_len(1 << 40)
        .expect("the host ends this program");
    println!("the host made a file of a terabyte");
}
