//! Makes links: those that lead out of its folder are refused.

fn main() {
    godwit_test_guests::files::links();
}
