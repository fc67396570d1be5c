//! The `godwit` command as a user meets it: what is typed, what is printed, how it ends.

mod apps;
mod bad_input;
mod compile;
mod devices;
mod digits;
mod help;
mod inspect;
mod run;
mod sandbox;
