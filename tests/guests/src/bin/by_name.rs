//! A model the host offers by name gives the right answer.

use godwit_test_guests::component::{classify, graph};

fn main() {
    classify(&graph("digits"));
}
