//! A guest without a bottom to its recursion is ended.

#[allow(unconditional_recursion, reason = "that is the point")]
fn deeper(depth: u64) -> u64 {
    let here = std::hint::black_box([depth; 4]);
    deeper(depth + 1) + std::hint::black_box(here)[3]
}

fn main() {
    println!("{}", deeper(std::hint::black_box(0)));
}
