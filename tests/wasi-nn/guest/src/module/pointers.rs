//! Pointers and lengths that lead out of the memory. Each is a case, as a host may not survive it.

use super::{
    CPU, F32, List, RawTensor, address, context, encoding, list, raw, refused, set, set_floats,
    succeeded, tensor,
};
use crate::{Case, Given};

pub(super) const CASES: &[Case] = &[("pointer-out-of-memory", out_of_memory)];

/// Where no byte of a memory below 2 GiB is.
const NOWHERE: i32 = i32::MIN;

fn out_of_memory(given: Given<'_>) -> String {
    let data = [0; 4];
    let right = tensor(&[1], F32, &data);
    let mut out = 0i32;
    let to = super::address_mut(&mut out);
    let name = list(b"scale");
    let what = given.which();
    let number = match what {
        "name" => raw::load_by_name(NOWHERE, name.len, to),
        "name-length" => raw::load_by_name(name.start, i32::MAX, to),
        "graph-out" => raw::load_by_name(name.start, name.len, NOWHERE),
        "parts" => raw::load(NOWHERE, 2, encoding(given.encoding), CPU, to),
        "parts-length" => raw::load(address(&right), i32::MAX, encoding(given.encoding), CPU, to),
        "part" => {
            let parts = [List { start: NOWHERE, len: 16 }; 2];
            raw::load(address(&parts), 2, encoding(given.encoding), CPU, to)
        }
        "tensor" => raw::set_input(context("scale"), 0, NOWHERE),
        "dimensions" => {
            set(context("scale"), 0, &RawTensor { dims: List { start: NOWHERE, len: 1 }, ..right })
        }
        "data" => {
            set(context("scale"), 0, &RawTensor { data: List { start: NOWHERE, len: 4 }, ..right })
        }
        "data-length" => {
            let data = List { len: i32::MAX, ..right.data };
            set(context("scale"), 0, &RawTensor { data, ..right })
        }
        "output" | "output-length" => {
            let context = context("scale");
            set_floats(context, 0, &[1.0]);
            succeeded("compute", raw::compute(context));
            if what == "output" {
                raw::get_output(context, 0, NOWHERE, 4, to)
            } else {
                let mut room = [0u8; 4];
                raw::get_output(context, 0, super::address_mut(&mut room), 4, NOWHERE)
            }
        }
        other => panic!("no pointer is called '{other}'"),
    };
    refused("a pointer out of the memory", number)
}
