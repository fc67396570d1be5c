//! A guest that never comes to an end is ended by its deadline.

fn main() {
    let mut turns = 0u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}
