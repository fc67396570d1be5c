//! Processes that do not keep the protocol: hung, lying, scribbling. Their host gets errors, soon, and lives on.
//!
//! They share no code with the worker that they pretend to be.

#![allow(clippy::cast_possible_truncation, reason = "numbers that are made to be wrong")]

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::executor::block_on;
use futures::future::{Either, select};
use godwit_backend::{
    Backend, CheckedContext, Error, ErrorKind, Memory, Quota, Result, Target, Tensor, Tensors,
};
use godwit_conformance::models::ScriptModels;
use godwit_conformance::{Case, Models};
use godwit_worker::{Limits, Worker};
use memmap2::MmapRaw;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use rustix::process::{Signal, set_parent_process_death_signal};
use serde_json::{Value, json};

use crate::served::command;

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("a_process_that_hangs_is_killed_in_time", a_process_that_hangs_is_killed_in_time),
    ("a_cancelled_run_is_killed_if_it_goes_on", a_cancelled_run_is_killed_if_it_goes_on),
    ("nonsense_ends_the_process_and_nothing_else", nonsense_ends_the_process_and_nothing_else),
    ("lies_about_outputs_are_found_out", lies_about_outputs_are_found_out),
    ("a_scribbling_process_harms_nobody", a_scribbling_process_harms_nobody),
];

/// What a hostile process is called, before the way in which it is.
pub(crate) const HOSTILE: &str = "hostile-";

/// Numbers that a length, an offset or a dimension has no business to be.
const NUMBERS: [u64; 8] = [u64::MAX, 1 << 63, (1 << 63) - 1, 1 << 42, 1 << 32, 65_537, 3, 0];

fn worker(way: &str) -> Worker {
    let name = format!("{HOSTILE}{way}");
    let short = Duration::from_millis(300);
    let limits = Limits {
        start: short,
        devices: short,
        load: short,
        open: short,
        read: short,
        ..Limits::default()
    };
    Worker::new("fake", move || command(&name)).limits(limits)
}

fn echo() -> godwit_backend::Model {
    ScriptModels.model(&Case::Echo(godwit_backend::DType::F32))
}

fn context(worker: &Worker, memory: &Memory) -> Result<CheckedContext> {
    let graph = block_on(worker.load(&echo(), &Target::new("fake:0")))?;
    block_on(CheckedContext::open(&graph, &Quota::of_host(memory.clone())))
}

fn inputs() -> Tensors {
    [Tensor::from_values([1, 3], &[1f32, 2.0, 3.0]).unwrap()].into_iter().collect()
}

fn is_lost(error: &Error) {
    let kinds = [ErrorKind::DeviceLost, ErrorKind::Unavailable];
    assert!(kinds.contains(&error.kind()), "{error:?}");
}

fn a_process_that_hangs_is_killed_in_time() {
    type Ask = fn(&Worker) -> Error;
    let ways: [(&str, Ask); 4] = [
        ("start", |worker| worker.devices().unwrap_err()),
        ("devices", |worker| worker.devices().unwrap_err()),
        ("load", |worker| context(worker, &Memory::unlimited()).unwrap_err()),
        ("open", |worker| context(worker, &Memory::unlimited()).unwrap_err()),
    ];
    for (way, ask) in ways {
        let worker = worker(&format!("hang-{way}"));
        let begun = Instant::now();
        let error = ask(&worker);
        is_lost(&error);
        assert!(error.report().contains("had not ended after 300ms"), "{way}: {}", error.report());
        assert!(begun.elapsed() < Duration::from_secs(5), "{way}: {:?}", begun.elapsed());
    }
}

fn a_cancelled_run_is_killed_if_it_goes_on() {
    let worker = worker("hang-run");
    let memory = Memory::unlimited();
    let mut context = context(&worker, &memory).unwrap();
    let mut run = context.run(inputs());
    assert!((&mut run).now_or_never().is_none());
    let begun = Instant::now();
    drop(run);
    // The next waits for the end of the one before, which is the end of the process.
    let error = block_on(context.run(inputs())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeviceLost);
    assert!(error.report().contains("had not ended after 50ms"), "{}", error.report());
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(50) && took < Duration::from_secs(2), "{took:?}");
    assert_eq!(memory.budget().used(), 0);
}

fn nonsense_ends_the_process_and_nothing_else() {
    for way in ["not-json", "deep", "endless", "file", "other", "early-done"] {
        let worker = worker(way);
        let begun = Instant::now();
        let outcome = context(&worker, &Memory::unlimited())
            .and_then(|mut context| block_on(context.run(inputs())).map(|_| ()));
        is_lost(&outcome.unwrap_err());
        assert!(begun.elapsed() < Duration::from_secs(10), "{way}: {:?}", begun.elapsed());
    }
}

fn lies_about_outputs_are_found_out() {
    // A worker starts anew after each, so that one serves for all.
    for way in [
        "lie-none",
        "lie-two",
        "lie-dtype",
        "lie-offset",
        "lie-shape",
        "lie-resident",
        "lie-room",
        "lie-text",
    ] {
        for number in 0..NUMBERS.len() {
            let worker = worker(&format!("{way}-{number}"));
            let memory =
                Memory::new(Default::default(), godwit_backend::Budget::new("tensors", 1 << 20));
            let mut context = context(&worker, &memory).unwrap();
            let late = futures_timer::Delay::new(Duration::from_millis(500));
            let run = block_on(select(context.run(inputs()), late));
            match run {
                // One that does not answer is given up.
                Either::Right(_) => {}
                Either::Left((Err(error), _)) => {
                    let kinds =
                        [ErrorKind::DeviceLost, ErrorKind::TooLarge, ErrorKind::InvalidArgument];
                    assert!(kinds.contains(&error.kind()), "{way} {number}: {error:?}");
                }
                // A number that means something after all: what came is what the host says it may be.
                Either::Left((Ok(outputs), _)) => {
                    let is_here = outputs[0].host().is_some();
                    assert!(outputs.len() == 1 && (!is_here || outputs[0].byte_len() <= 1 << 20));
                }
            }
            assert_eq!(memory.budget().used(), 0, "{way} {number}");
        }
    }
}

fn a_scribbling_process_harms_nobody() {
    let begun = Instant::now();
    let mut faults = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        let worker = worker("scribble");
        let Ok(mut context) = context(&worker, &Memory::unlimited()) else { continue };
        for _ in 0..1000 {
            // Wrong bytes are its right; anything else is an error.
            match block_on(context.run(inputs())) {
                Ok(outputs) => assert_eq!(outputs.len(), 1),
                Err(error) => {
                    let kinds = [ErrorKind::DeviceLost, ErrorKind::TooLarge];
                    assert!(kinds.contains(&error.kind()), "{error:?}");
                    faults += 1;
                    break;
                }
            }
        }
    }
    assert!(faults > 0, "nothing was scribbled");
}

/// Is such a process.
pub(crate) fn serve(way: &str) -> ! {
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let stdin = std::io::stdin();
    let socket = stdin.as_fd();
    let say = |text: &str| {
        for chunk in text.as_bytes().chunks(30_000) {
            let last = std::ptr::eq(chunk.as_ptr_range().end, text.as_bytes().as_ptr_range().end);
            let packet = [if last { b"e" } else { b"c" }, chunk].concat();
            send(socket, &packet, None);
        }
    };
    let answer =
        |call: u64, reply: Value| say(&json!({ "Answer": [call, { "Ok": reply }] }).to_string());
    let is = |what: &str| way == what;
    if is("hang-start") {
        hang();
    }
    let confinement =
        json!({ "namespaces": true, "files": true, "system_calls": true, "memory": true });
    answer(0, json!({ "Ready": confinement }));
    let device = json!({
        "id": "fake:0", "kind": "gpu", "name": "fake", "driver": "fake", "memory": null,
        "capabilities": {
            "encodings": ["ggml"], "dtypes": ["f32"], "precision": "f32", "cancellation": "any-time"
        },
        "labels": {}
    });
    let port = json!({ "name": "x", "dtype": "f32", "dims": [1, 3] });
    let info = json!({
        "signature": { "inputs": [port], "outputs": [port] },
        "device": device, "footprint": {}
    });
    loop {
        let Some((text, files)) = receive(socket) else { std::process::exit(0) };
        let Ok(ask) = serde_json::from_slice::<Value>(&text) else { continue };
        let call = ask["call"].as_u64().unwrap();
        let what = &ask["what"];
        if what == "Devices" {
            if is("hang-devices") {
                hang();
            }
            answer(call, json!({ "Devices": [device] }));
        } else if what.get("Load").is_some() {
            match way {
                "hang-load" => hang(),
                "not-json" => say("{\"Answer\":[1,"),
                "deep" => say(&"[".repeat(1 << 20)),
                "endless" => loop {
                    send(socket, &[&b"c"[..], &[b' '; 30_000]].concat(), None);
                },
                "file" => send(socket, b"e\"x\"", Some(socket)),
                "other" => answer(call, json!({ "Context": 7 })),
                _ => answer(call, json!({ "Graph": { "graph": 1, "info": info } })),
            }
        } else if what.get("Open").is_some() {
            if is("hang-open") {
                hang();
            }
            if is("early-done") {
                say(&json!({ "Done": call + 1 }).to_string());
            }
            let maps: Vec<MmapRaw> =
                files.iter().map(|file| MmapRaw::map_raw(file).unwrap()).collect();
            answer(call, json!({ "Context": 1 }));
            let [control, _, outputs] = <[MmapRaw; 3]>::try_from(maps).unwrap();
            match way {
                "scribble" => std::thread::scope(|scope| {
                    scope.spawn(|| scribble(&control, &outputs));
                    loop {
                        for run in 0..3000 {
                            say(&json!({ "Done": run }).to_string());
                        }
                    }
                }),
                "hang-run" => hang(),
                "early-done" => loop {
                    for run in 0..100 {
                        say(&json!({ "Done": run }).to_string());
                    }
                    std::thread::sleep(Duration::from_millis(1));
                },
                lie => {
                    let control = Slot(control);
                    std::thread::scope(|scope| {
                        scope.spawn(|| lie_on(&control, lie, &|text| say(text)));
                    });
                }
            }
        } else if what.get("Area").is_some() {
            answer(call, json!("Done"));
        }
    }
}

fn hang() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

struct Slot(MmapRaw);

impl Slot {
    fn word(&self, offset: usize) -> &AtomicU32 {
        #[allow(unsafe_code, reason = "a word of shared memory")]
        // SAFETY: inside the first page, and aligned.
        unsafe {
            AtomicU32::from_ptr(self.0.as_mut_ptr().add(offset).cast())
        }
    }

    fn answer(&self, sequence: u32, text: &[u8]) {
        let half = (self.0.len() - 4096) / 2;
        #[allow(unsafe_code, reason = "bytes of shared memory")]
        // SAFETY: the second half of the texts has room for what is said here.
        unsafe {
            std::ptr::copy_nonoverlapping(
                text.as_ptr(),
                self.0.as_mut_ptr().add(4096 + half),
                text.len(),
            );
        }
        self.word(320).store(text.len() as u32, Ordering::SeqCst);
        self.word(64).store(sequence << 1, Ordering::SeqCst);
    }
}

/// Answers one run with a lie, which its number tells more of.
fn lie_on(slot: &Slot, way: &str, say: &dyn Fn(&str)) {
    let (what, number) = way.rsplit_once('-').unwrap_or((way, "0"));
    let number = NUMBERS[number.parse::<usize>().unwrap_or_default() % NUMBERS.len()];
    while slot.word(0).load(Ordering::SeqCst) >> 1 != 1 {
        std::thread::sleep(Duration::from_micros(50));
    }
    let item = |dtype: &str, shape: Value, location: Value| json!({ "dtype": dtype, "shape": shape, "location": location });
    let good = || item("f32", json!([1, 3]), json!({ "Shared": 0 }));
    let outputs = match what {
        "lie-none" => json!({ "Outputs": [] }),
        "lie-two" => json!({ "Outputs": [good(), good()] }),
        "lie-dtype" => json!({ "Outputs": [item("i64", json!([1, 3]), json!({ "Shared": 0 }))] }),
        "lie-offset" => {
            json!({ "Outputs": [item("f32", json!([1, 3]), json!({ "Shared": number }))] })
        }
        "lie-shape" => {
            json!({ "Outputs": [item("f32", json!([number, 3]), json!({ "Shared": 0 }))] })
        }
        "lie-resident" => {
            json!({ "Outputs": [item("f32", json!([1, number]), json!({ "Resident": number }))] })
        }
        _ => json!({ "Room": number }),
    };
    let text = json!({ "outcome": { "Ok": outputs }, "holds_inputs": false }).to_string();
    slot.answer(1, text.as_bytes());
    if what == "lie-text" {
        slot.word(320).store(number as u32, Ordering::SeqCst);
    }
    for run in 0..20 {
        say(&json!({ "Done": run }).to_string());
    }
}

fn scribble(control: &MmapRaw, outputs: &MmapRaw) -> ! {
    let slot = |map: &MmapRaw, offset: usize, value: u32| {
        #[allow(unsafe_code, reason = "a word of shared memory")]
        // SAFETY: the offset is a multiple of four inside the map.
        unsafe { AtomicU32::from_ptr(map.as_mut_ptr().add(offset).cast()) }
            .store(value, Ordering::SeqCst);
    };
    let mut x = u64::from(std::process::id()) | 1;
    loop {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        for map in [control, outputs] {
            slot(map, (x as usize >> 8) % (map.len() / 4) * 4, x as u32);
        }
        // The words that matter, more often.
        slot(
            control,
            [0, 64, 128, 192, 256, 320][x as usize % 6],
            [2, 3, 4, x as u32][(x >> 4) as usize % 4],
        );
    }
}

fn send(socket: BorrowedFd<'_>, packet: &[u8], file: Option<BorrowedFd<'_>>) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    let files: Vec<BorrowedFd<'_>> = file.into_iter().collect();
    if !files.is_empty() {
        beside.push(SendAncillaryMessage::ScmRights(&files));
    }
    if sendmsg(socket, &[IoSlice::new(packet)], &mut beside, SendFlags::NOSIGNAL).is_err() {
        std::process::exit(0);
    }
}

fn receive(socket: BorrowedFd<'_>) -> Option<(Vec<u8>, Vec<OwnedFd>)> {
    let (mut buffer, mut files) = (vec![0; 64 << 10], Vec::new());
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(64))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let parts = &mut [IoSliceMut::new(&mut buffer)];
    let got = recvmsg(socket, parts, &mut beside, RecvFlags::CMSG_CLOEXEC).ok()?;
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(given) = message {
            files.extend(given);
        }
    }
    (got.bytes > 1).then(|| (buffer[1..got.bytes].to_vec(), files))
}
