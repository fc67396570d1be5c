//! Waits for its standard input to end.

use std::io::Read;

fn main() {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input).expect("reading");
    println!("{} bytes", input.len());
}
