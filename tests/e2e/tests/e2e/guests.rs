//! One test for each guest, on each backend that it is for.

use std::time::Duration;

use crate::stage::{Ended, On, Settings, Stage};

include!(concat!(env!("OUT_DIR"), "/foreach_guest.rs"));

/// Fails to compile for a guest without a test.
macro_rules! has_a_test {
    ($guest:ident) => {
        const _: fn() = self::tests::$guest::exists;
    };
}

foreach_guest!(has_a_test);

/// What is true after any guest: it gave everything back, and the next one is served.
fn check(guest: &str, on: On, settings: Settings, ends: fn(&Ended)) {
    let mut stage = Stage::new(on, settings);
    ends(&stage.run(guest));
    stage.assert_settled();
    // The next guest is here to work, however slow the machine.
    stage.settings.limits.timeout = None;
    stage.run("by_name").assert_well();
    stage.assert_settled();
}

macro_rules! guests {
    ($($guest:ident: $settings:expr, $ends:expr, $($on:ident)+;)*) => {
        /// By the names of the guests.
        mod tests {
            pub(super) use crate::sandbox::{
                far_end, links, much_written, witx_far_end, witx_links, witx_much_written,
                writable_directory,
            };

            $(pub(super) mod $guest {
                use super::super::*;

                pub(in super::super) fn exists() {}

                guests!(@on $guest, $settings, $ends, $($on)+);
            })*
        }
    };
    (@on $guest:ident, $settings:expr, $ends:expr, both) => {
        guests!(@on $guest, $settings, $ends, cpu fake);
    };
    (@on $guest:ident, $settings:expr, $ends:expr, $($on:ident)+) => {
        $(guests!(@one $guest, $settings, $ends, $on);)+
    };
    (@one $guest:ident, $settings:expr, $ends:expr, cpu) => {
        #[test]
        fn on_cpu() {
            check(stringify!($guest), On::Cpu, $settings, $ends);
        }
    };
    // Its device is lost in the end: nobody else is served.
    (@one $guest:ident, $settings:expr, $ends:expr, fake_once) => {
        #[test]
        fn on_fake() {
            let stage = Stage::new(On::Fake, $settings);
            $ends(&stage.run(stringify!($guest)));
            stage.assert_settled();
        }
    };
    (@one $guest:ident, $settings:expr, $ends:expr, fake) => {
        #[test]
        fn on_fake() {
            check(stringify!($guest), On::Fake, $settings, $ends);
        }
    };
}

/// How long a run may take where a guest is about runs that take too long.
const DEADLINE: Duration = Duration::from_secs(1);

/// How long a guest that never ends may run.
const LIFETIME: Duration = Duration::from_millis(300);

fn usual() -> Settings {
    Settings::default()
}

fn well(ended: &Ended) {
    ended.assert_well();
}

fn timed_out(ended: &Ended) {
    ended.assert_timed_out();
}

fn out_of_handles(ended: &Ended) {
    ended.assert_trapped("resource table");
}

fn too_many_open(ended: &Ended) {
    ended.assert_trapped("all of its 512 files and streams open");
}

guests! {
    autodetect: usual(), well, both;
    by_bytes: usual(), well, both;
    by_name: usual(), well, both;
    calls_after_errors: usual(), well, both;
    chained_graphs: usual(), well, both;
    data_of_a_wrong_tensor: usual(), |ended| ended.assert_trapped("takes 3 bytes, not 1"), both;
    dimensions_and_type_of_a_tensor: usual(), well, both;
    drop_the_graph_first: usual(), well, both;
    dynamic_batch: usual(), well, both;
    endless_dimensions: usual(), well, both;
    endless_loop: usual().timeout(LIFETIME), timed_out, both;
    endless_names: usual(), well, both;
    error_codes: usual().run_deadline(DEADLINE), well, both;
    every_device_fault: usual().faults(), well, fake_once;
    every_dtype: usual(), well, both;
    fuzz_calls: usual(), well, both;
    guest_models_off: usual().no_guest_models(), well, both;
    hoard_contexts: usual(), out_of_handles, both;
    hoard_handles: usual(), out_of_handles, both;
    hoard_tensors: usual(), well, both;
    inputs_by_position: usual(), well, both;
    many_inputs_and_outputs: usual(), well, both;
    many_open: usual(), too_many_open, fake;
    many_parts: usual(), well, both;
    memory_bomb: usual().memory(64 << 20), |ended| ended.assert_trapped("unreachable"), both;
    one_large_echo: usual(), well, both;
    overflowing_dims: usual(), well, both;
    read_only_directory: usual(), well, both;
    reads_input: usual(), well, fake;
    reuse_a_context: usual(), well, both;
    sees_only_what_it_was_given: usual(), well, both;
    slow_inference: usual().run_deadline(DEADLINE), well, both;
    stack_overflow: usual(), |ended| ended.assert_trapped(""), both;
    unknown_and_duplicate_names: usual(), well, both;
    witx_autodetect: usual(), well, both;
    witx_bad_handles: usual(), well, both;
    witx_bad_pointers: usual(), well, both;
    witx_by_bytes: usual(), well, both;
    witx_by_name: usual(), well, both;
    witx_endless_loop: usual().timeout(LIFETIME), timed_out, both;
    witx_every_device_fault: usual().faults(), well, fake_once;
    witx_every_dtype: usual(), well, both;
    witx_hoard: usual(), well, both;
    witx_many_inputs: usual(), well, both;
    witx_many_open: usual(), too_many_open, fake;
    witx_output_before_compute: usual(), well, both;
    witx_output_too_small: usual(), well, both;
    witx_reads_input: usual(), well, fake;
    witx_slow_inference: usual().run_deadline(DEADLINE), well, both;
    witx_unknown_model: usual(), well, both;
    witx_wrong_lengths: usual(), well, both;
    witx_writes_too_much: usual(), well, both;
    writes_too_much: usual(), well, both;
    wrong_dtype_and_rank: usual(), well, both;
    wrong_lengths: usual(), well, both;
    zero_and_huge_dims: usual(), well, both;
}
