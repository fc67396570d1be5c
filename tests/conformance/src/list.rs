use libtest_mimic::Trial;

/// Names every case, by theme, and hands the list to the macro `$then` of this crate.
#[macro_export]
macro_rules! each_case {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { ($($args)*)
            dtypes {
                every_listed_dtype_survives_a_round_trip,
                a_dtype_the_device_does_not_list_is_refused_at_load,
            }
            dims {
                one_graph_takes_batches_of_any_size,
                empty_tensors_come_back_empty,
                a_scalar_has_one_element,
                known_dims_are_kept,
            }
            ports {
                inputs_are_told_apart,
                inputs_of_different_dtypes_meet_in_one_graph,
                outputs_stand_in_the_models_order,
                inputs_given_by_name_find_their_places,
                outputs_have_the_names_dtypes_and_dims_of_the_signature,
            }
            signature {
                the_signature_is_that_of_the_model,
                a_symbol_keeps_its_name_throughout,
                the_graph_stands_on_the_device_that_was_asked_for,
            }
            errors {
                an_unknown_device_is_not_found,
                garbage_is_an_invalid_encoding,
                an_encoding_the_device_does_not_list_is_unsupported,
                an_unknown_operator_is_unsupported,
                an_unknown_option_is_unsupported,
                inputs_that_do_not_fit_are_invalid_arguments,
                what_only_the_run_can_find_is_a_failure,
                messages_hold_no_paths,
            }
            recovery {
                a_context_works_after_errors,
                a_context_works_after_dropped_runs,
                a_graph_outlives_the_contexts_that_failed_on_it,
                a_context_outlives_the_handle_to_its_graph,
            }
            cancellation {
                a_dropped_run_gives_its_buffers_back,
                a_dropped_run_frees_the_device,
                a_run_that_was_never_polled_costs_nothing,
                a_dropped_load_leaves_nothing_behind,
            }
            concurrency {
                contexts_do_not_see_each_others_data,
                graphs_do_not_see_each_others_weights,
                loads_at_the_same_time_give_graphs_that_work,
            }
            footprint {
                a_graph_has_a_footprint,
                device_memory_is_given_back_with_the_last_handle,
                loading_again_and_again_does_not_pile_up_memory,
            }
            budget {
                outputs_are_charged_to_the_callers_budget,
                a_spent_budget_is_too_large_and_the_context_goes_on,
                an_output_beyond_all_memory_is_an_error,
            }
            numbers {
                numbers_are_those_of_the_references,
            }
            hostile {
                hostile_models_do_no_harm,
            }
        }
    };
}

/// Makes every listed case public under its theme.
#[doc(hidden)]
#[macro_export]
macro_rules! export {
    (() $($theme:ident { $($case:ident,)* })*) => {
        /// Every case, by theme.
        pub mod cases {
            $(
                #[doc = concat!("Cases about ", stringify!($theme), ".")]
                pub mod $theme {
                    pub use $crate::themes::$theme::{$($case),*};
                }
            )*
        }
    };
}

/// Every listed case by name, each ready to be checked on a subject, for programs that are no tests.
#[doc(hidden)]
#[macro_export]
macro_rules! listed {
    (($subject:expr) $($theme:ident { $($case:ident,)* })*) => {
        vec![$($((
            concat!(stringify!($theme), "::", stringify!($case)),
            Box::new({
                let subject = $subject;
                move || $crate::check(move || subject, $crate::cases::$theme::$case)
            }) as Box<dyn FnOnce()>,
        ),)*)*]
    };
}

/// Makes a test of every listed case, for one subject under one wrapper.
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    (($wrapper:ident, $subject:expr) $($theme:ident { $($case:ident,)* })*) => {
        mod $wrapper {
            use super::*;

            $(mod $theme {
                use super::*;

                $(#[test]
                fn $case() {
                    let subject = || $crate::wrappers::$wrapper($subject);
                    $crate::check(subject, $crate::cases::$theme::$case);
                })*
            })*
        }
    };
}

/// Makes a list of every listed case, for one subject under one wrapper.
#[doc(hidden)]
#[macro_export]
macro_rules! pairs {
    (($all:ident, $wrapper:ident, $subject:expr) $($theme:ident { $($case:ident,)* })*) => {
        $($($all.push($crate::Listed {
            name: concat!(
                stringify!($wrapper), "::", stringify!($theme), "::", stringify!($case)
            ),
            run: || {
                let subject = || $crate::wrappers::$wrapper($subject);
                $crate::check(subject, $crate::cases::$theme::$case);
            },
        });)*)*
    };
}

/// A case of the suite on one subject, for programs that run tests in their own way.
#[derive(Debug, Clone, Copy)]
pub struct Listed {
    /// `WRAPPER::THEME::CASE`.
    pub name: &'static str,
    /// Panics when the case fails.
    pub run: fn(),
}

impl From<Listed> for (&'static str, fn()) {
    fn from(Listed { name, run }: Listed) -> Self {
        (name, run)
    }
}

/// Tests for programs without a harness of their own: `libtest-mimic` lists and runs them in the ways that cargo
/// and nextest ask for.
pub fn trials<'a>(
    module: &'a str,
    tests: impl IntoIterator<Item = (&'static str, fn())> + 'a,
) -> impl Iterator<Item = Trial> + 'a {
    tests.into_iter().map(move |(name, run)| {
        Trial::test(format!("{module}::{name}"), move || {
            run();
            Ok(())
        })
    })
}

/// The whole suite on the [`Subject`](crate::Subject) that `$subject` makes, plain and under all wrappers at once, as a
/// list of [`Listed`].
#[macro_export]
macro_rules! conformance_list {
    ($subject:expr) => {{
        let mut all = Vec::new();
        $crate::each_case!(pairs all, plain, $subject);
        $crate::each_case!(pairs all, stacked, $subject);
        all
    }};
}

/// Runs the whole suite on the [`Subject`](crate::Subject) that `$subject` makes, plain and under all wrappers at once,
/// or also under each of them: `NAME::WRAPPER::THEME::CASE` in the list of tests.
#[macro_export]
macro_rules! conformance {
    ($name:ident, $subject:expr) => {
        $crate::conformance!(@under $name, $subject, plain stacked);
    };
    ($name:ident, $subject:expr, each_wrapper) => {
        $crate::conformance!(@under $name, $subject,
            plain routed checked admitted cached metered recorded stacked);
    };
    (@under $name:ident, $subject:expr, $($wrapper:ident)+) => {
        mod $name {
            use super::*;

            $($crate::each_case!(tests $wrapper, $subject);)+
        }
    };
}
