//! `wasi_ephemeral_nn`: a module that does what a list of calls in its memory says.

use fastrand::Rng;
use godwit_host::Exit;

use crate::Target;
use crate::calls::{NAMES, On, Stage, brought};

/// Where things are in the guest's memory; the rest up to [`MEMORY`] is zero.
mod at {
    /// The address and the number of the calls.
    pub(super) const CALLS: i32 = 32;
    /// Where handles and lengths are written.
    pub(super) const OUT: i32 = 64;
    /// Records of tensors, 20 bytes each.
    pub(super) const TENSORS: i32 = 256;
    /// Lists of dimensions, 16 bytes each.
    pub(super) const DIMS: i32 = 1024;
    /// Names, 16 bytes each.
    pub(super) const NAMES: i32 = 2048;
    /// A list of a model's parts.
    pub(super) const PARTS: i32 = 3072;
    pub(super) const MODEL: i32 = 4096;
    pub(super) const DATA: i32 = 32 << 10;
    pub(super) const OUTPUT: i32 = 64 << 10;
    pub(super) const SCRIPT: i32 = 128 << 10;
}

const MEMORY: i32 = 4 << 20;
const RECORD: usize = 32;

/// Reads its memory from standard input and makes the calls that it finds there: eight numbers each, the function first.
const GUEST: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "load"
    (func $load (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "load_by_name" (func $by_name (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "init_execution_context" (func $init (param i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "set_input" (func $set (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "compute" (func $compute (param i32) (result i32)))
  (import "wasi_ephemeral_nn" "get_output"
    (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 64 64)
  (func (export "_start") (local $at i32) (local $left i32)
    ;; From address 32 on, as much as there is.
    (local.set $at (i32.const 32))
    (loop $more
      (i32.store (i32.const 0) (local.get $at))
      (i32.store (i32.const 4) (i32.const 65536))
      (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
      (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
      (br_if $more (i32.load (i32.const 8))))
    (local.set $at (i32.load (i32.const 32)))
    (local.set $left (i32.load (i32.const 36)))
    (loop $next
      (if (i32.eqz (local.get $left)) (then return))
      (block $done
        (block $store (block $get_output (block $compute_ (block $set_input (block $init_
        (block $load_by_name (block $load_
          (br_table $load_ $load_by_name $init_ $set_input $compute_ $get_output $store
            (i32.load (local.get $at))))
          (drop (call $load (i32.load offset=4 (local.get $at)) (i32.load offset=8 (local.get $at))
            (i32.load offset=12 (local.get $at)) (i32.load offset=16 (local.get $at))
            (i32.load offset=20 (local.get $at))))
          (br $done))
          (drop (call $by_name (i32.load offset=4 (local.get $at))
            (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))))
          (br $done))
          (drop (call $init (i32.load offset=4 (local.get $at))
            (i32.load offset=8 (local.get $at))))
          (br $done))
          (drop (call $set (i32.load offset=4 (local.get $at)) (i32.load offset=8 (local.get $at))
            (i32.load offset=12 (local.get $at))))
          (br $done))
          (drop (call $compute (i32.load offset=4 (local.get $at))))
          (br $done))
          (drop (call $get (i32.load offset=4 (local.get $at)) (i32.load offset=8 (local.get $at))
            (i32.load offset=12 (local.get $at)) (i32.load offset=16 (local.get $at))
            (i32.load offset=20 (local.get $at))))
          (br $done))
        ;; Below the calls, so that they stay what they are.
        (i32.store (i32.and (i32.load offset=4 (local.get $at)) (i32.const 0x1fffc))
          (i32.load offset=8 (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 32)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next))))"#;

pub(crate) struct Module {
    stage: Stage,
    image: Vec<u8>,
}

impl Module {
    pub(crate) fn new(on: On) -> Self {
        Self { stage: Stage::new(on, &wat::parse_str(GUEST).unwrap()), image: image(on) }
    }
}

impl Target for Module {
    fn run(&mut self, input: &[u8]) -> Result<u64, String> {
        let calls = calls(input);
        let mut memory = self.image.clone();
        memory.extend(calls.iter().flat_map(|call| call.map(i32::to_le_bytes)).flatten());
        put(&mut memory, at::CALLS, &[at::SCRIPT, i32::try_from(calls.len()).unwrap()]);
        // Its own first words are the guest's to fill.
        let ended = self.stage.run(memory.split_off(32))?;
        match ended.exit {
            Exit::Code(0) => Ok(calls.iter().filter(|call| call[0] < 6).count() as u64),
            other => Err(format!("the guest ended with {other:?}: a call trapped")),
        }
    }

    /// One script after another: each input is set, computed and read, on every model.
    fn seeds(&self) -> Vec<Vec<u8>> {
        (0..16)
            .map(|seed| {
                let mut rng = Rng::with_seed(seed);
                (0..8192).map(|_| rng.u8(..)).collect()
            })
            .collect()
    }
}

/// The memory that every script begins with.
fn image(on: On) -> Vec<u8> {
    let mut memory = vec![0; usize::try_from(at::SCRIPT).unwrap()];
    let dims: [&[i32]; 8] =
        [&[1], &[2, 3], &[3], &[1, 3], &[0, 3], &[-1], &[0x10000, 0x10000], &[1, 1, 8, 8]];
    for (index, dims) in (0..).zip(dims) {
        put(&mut memory, at::DIMS + index * 16, dims);
    }
    // The right size for the dimensions, one byte less, none, and far too many.
    let sizes = [4, 24, 12, 12, 0, 24, 48, 8, 3, 0, -1, 65536];
    for (index, size) in (0..).zip(sizes) {
        for (variant, ty) in (0..).zip([1, 5]) {
            let rank = i32::try_from(dims[index as usize % 8].len()).unwrap();
            let record = [at::DIMS + index % 8 * 16, rank, ty, at::DATA, size];
            put(&mut memory, at::TENSORS + (index * 2 + variant) * 20, &record);
        }
    }
    for (index, name) in (0..).zip(NAMES) {
        let start = usize::try_from(at::NAMES + index * 16).unwrap();
        memory[start..start + name.len()].copy_from_slice(name.as_bytes());
    }
    let model = brought(on);
    let start = usize::try_from(at::MODEL).unwrap();
    memory[start..start + model.len()].copy_from_slice(&model);
    let len = i32::try_from(model.len()).unwrap();
    put(&mut memory, at::PARTS, &[at::MODEL, len, at::MODEL, len - 1, at::MODEL, -1, -4, 8]);
    for (index, value) in (0..64).zip([0x3f80_0000, 0, 1, -1, 0x7fc0_0000, 7].into_iter().cycle()) {
        put(&mut memory, at::DATA + index * 4, &[value]);
    }
    memory
}

fn put(memory: &mut [u8], at: i32, words: &[i32]) {
    let start = usize::try_from(at).unwrap();
    let bytes = words.iter().flat_map(|word| word.to_le_bytes());
    memory[start..].iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
}

/// Bytes as choices. Three of four arguments are right, if the handles are.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn byte(&mut self) -> Option<u8> {
        self.0.next().copied()
    }

    fn word(&mut self) -> Option<i32> {
        let bytes = [self.byte()?, self.byte()?, self.byte()?, self.byte()?];
        Some(i32::from_le_bytes(bytes))
    }

    /// One of `right`, or a number that is seldom right.
    fn one_of(&mut self, right: impl Fn(i32) -> i32) -> Option<i32> {
        const WRONG: [i32; 14] = [
            -1,
            i32::MIN,
            i32::MAX,
            MEMORY,
            MEMORY - 1,
            MEMORY - 3,
            MEMORY - 4,
            MEMORY - 20,
            0,
            1,
            17,
            64,
            1 << 20,
            0x2000_0000,
        ];
        let choice = self.byte()?;
        match choice {
            0..192 => Some(right(choice.into())),
            192..250 => Some(WRONG[usize::from(choice) % WRONG.len()]),
            _ => self.word(),
        }
    }

    fn handle(&mut self) -> Option<i32> {
        self.one_of(|choice| choice % 6)
    }

    fn out(&mut self) -> Option<i32> {
        self.one_of(|choice| at::OUT + choice % 8 * 4)
    }

    fn call(&mut self) -> Option<[i32; 8]> {
        // Runs and their inputs more often than loads, which are slow.
        let call = match self.byte()? % 64 {
            0 => {
                let encoding = self.one_of(|choice| [1, 5, 6][choice as usize % 3])?;
                let (parts, count) = (
                    self.one_of(|choice| at::PARTS + choice % 4 * 8)?,
                    self.one_of(|n| n % 2 + 1)?,
                );
                [0, parts, count, encoding, self.one_of(|_| 0)?, self.out()?, 0, 0]
            }
            1..6 => {
                let choice = i32::from(self.byte()?) % 6;
                let len = i32::try_from(NAMES[choice as usize].len()).unwrap();
                let name = self.one_of(|_| at::NAMES + choice * 16)?;
                [1, name, self.one_of(|_| len)?, self.out()?, 0, 0, 0, 0]
            }
            6..12 => [2, self.handle()?, self.out()?, 0, 0, 0, 0, 0],
            12..32 => {
                let (context, index) = (self.handle()?, self.one_of(|choice| choice % 2)?);
                [
                    3,
                    context,
                    index,
                    self.one_of(|choice| at::TENSORS + choice % 24 * 20)?,
                    0,
                    0,
                    0,
                    0,
                ]
            }
            32..46 => [4, self.handle()?, 0, 0, 0, 0, 0, 0],
            46..58 => {
                let (context, index) = (self.handle()?, self.one_of(|choice| choice % 2)?);
                let (to, max) = (self.one_of(|_| at::OUTPUT)?, self.one_of(|choice| choice * 2)?);
                [5, context, index, to, max, self.out()?, 0, 0]
            }
            _ => [6, self.one_of(|choice| at::TENSORS + choice * 4)?, self.word()?, 0, 0, 0, 0, 0],
        };
        Some(call)
    }
}

fn calls(input: &[u8]) -> Vec<[i32; RECORD / 4]> {
    let most = usize::try_from(MEMORY - at::SCRIPT).unwrap() / RECORD;
    let mut choices = Choices(input.iter());
    // So that the first handles are there.
    let (name, out) = (|index| at::NAMES + index * 16, at::OUT);
    let mut calls = Vec::new();
    for index in 0..5 {
        let len = i32::try_from(NAMES[index as usize].len()).unwrap();
        calls.push([1, name(index), len, out, 0, 0, 0, 0]);
        calls.push([2, index, out, 0, 0, 0, 0, 0]);
    }
    calls.extend(std::iter::from_fn(|| choices.call()).take(most - calls.len()));
    calls
}
