//! Opens files until the host ends it.

fn main() {
    godwit_test_guests::files::many_open();
}
