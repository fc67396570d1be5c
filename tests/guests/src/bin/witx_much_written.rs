//! Writes until the host ends it.

fn main() {
    godwit_test_guests::files::much_written();
}
