//! Runs a model again and again, and prints how many nanoseconds that took and a digest of the answer.
//!
//! ```text
//! bench-guest ACT MODEL INPUT DIMS WARM_UP RUNS
//! ```
//!
//! The clock runs in here, around the warm loop alone: timed from outside, starting the instance and
//! its first touch of every page would be counted among the runs.
#![allow(clippy::print_stdout, reason = "a command answers on standard output")]

use std::env;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use godwit_guest::{Graph, Tensor};

/// What is timed: gives the answer's bytes, or none.
type Act = fn(&Bench) -> Result<Vec<u8>, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [act, model, input, dims, warm_up, runs] = args.as_slice() else {
        // An instance that was only started.
        return Ok(());
    };
    let bench = Bench::open(model, input, dims)?;
    let act: Act = match act.as_str() {
        "clock" => |_| {
            black_box(Instant::now());
            Ok(Vec::new())
        },
        "tensor" => |bench| {
            black_box(bench.tensor()?);
            Ok(Vec::new())
        },
        "compute" => |bench| {
            black_box(bench.graph.run([(bench.input.as_str(), bench.tensor()?)])?);
            Ok(Vec::new())
        },
        "run" => Bench::run,
        other => return Err(format!("there is no act '{other}'").into()),
    };
    let mut answer = Vec::new();
    for _ in 0..warm_up.parse::<u64>()? {
        answer = act(&bench)?;
    }
    let runs = runs.parse::<u64>()?;
    let began = Instant::now();
    for _ in 0..runs {
        // The answer before goes first, as in a guest that is done with it.
        drop(black_box(std::mem::take(&mut answer)));
        answer = act(&bench)?;
    }
    let took = began.elapsed();
    println!("{} {:016x}", took.as_nanos(), digest(&answer));
    Ok(())
}

struct Bench {
    graph: Graph,
    input: String,
    dims: Vec<usize>,
    values: Vec<f32>,
}

impl Bench {
    fn open(model: &str, input: &str, dims: &str) -> Result<Self, Box<dyn Error>> {
        let dims = dims.split(',').map(str::parse).collect::<Result<Vec<usize>, _>>()?;
        let values = vec![0.5; dims.iter().product()];
        Ok(Self { graph: Graph::load(model)?, input: input.to_owned(), dims, values })
    }

    /// From the guest's memory to the host.
    fn tensor(&self) -> Result<Tensor, Box<dyn Error>> {
        Ok(Tensor::from_slice(&self.dims, &self.values)?)
    }

    /// One whole inference: the input sent, the model run, the output back in the guest's memory.
    fn run(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        let outputs = self.graph.run([(self.input.as_str(), self.tensor()?)])?;
        let (_, output) = outputs.iter().next().ok_or("the model gave no output")?;
        Ok(output.to_bytes())
    }
}

/// FNV-1a, 64 bits.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |digest, &byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
