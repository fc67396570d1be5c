//! A guest gets its 64 MiB of memory and no more: first asked for politely, then not.

use godwit_test_guests::component::still_works;

fn main() {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut more = Vec::new();
        if more.try_reserve_exact(1 << 20).is_err() {
            break;
        }
        more.resize(1 << 20, 1);
        held.push(more);
        assert!(held.len() < 64, "the host gave more than the limit");
    }
    assert!(held.len() > 32, "only {} MiB", held.len());
    drop(held);
    still_works();
    println!("now the rude way");
    println!("{}", vec![1u8; 1 << 30].len());
}
