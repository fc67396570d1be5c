//! Asks for a file of a terabyte.

fn main() {
    godwit_test_guests::files::far_end();
}
