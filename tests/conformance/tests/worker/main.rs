//! Backends in processes of their own: the suite on them, and what becomes of a process that ends.
//!
//! The program is both sides. Started with `serve NAME` it is the process that drives a device; the tests
//! start it so. It has no harness but `libtest-mimic`'s, which lists and runs tests in the ways that cargo and
//! nextest ask for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

#[cfg(target_os = "linux")]
mod confined;
#[cfg(target_os = "linux")]
mod ends;
#[cfg(target_os = "linux")]
mod hostile;
#[cfg(target_os = "linux")]
mod planted_faults;
#[cfg(target_os = "linux")]
mod served;
#[cfg(target_os = "linux")]
mod spread;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("worker: left out, for worker processes need Linux");
}

#[cfg(target_os = "linux")]
fn main() {
    use godwit_conformance::{Listed, conformance_list, trials};
    use libtest_mimic::Arguments;

    let mut given = std::env::args().skip(1);
    if given.next().as_deref() == Some("serve") {
        return served::serve(&given.next().unwrap_or_default());
    }
    let arguments = Arguments::from_args();
    let cpu: Vec<Listed> = conformance_list!(crate::served::cpu());
    let resident: Vec<Listed> = conformance_list!(crate::served::resident());
    let suites = [("cpu", cpu), ("resident", resident)];
    let suites = suites.into_iter().flat_map(|(name, suite)| {
        trials(name, suite.into_iter().map(Into::into)).collect::<Vec<_>>()
    });
    let own = [
        ("confined", confined::TESTS),
        ("ends", ends::TESTS),
        ("hostile", hostile::TESTS),
        ("planted_faults", planted_faults::TESTS),
        ("spread", spread::TESTS),
    ];
    let own = own.into_iter().flat_map(|(module, tests)| trials(module, tests.iter().copied()));
    libtest_mimic::run(&arguments, suites.chain(own).collect()).exit();
}
