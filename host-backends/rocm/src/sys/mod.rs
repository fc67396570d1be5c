//! The two C interfaces, as far as they are used: AMD's prototypes, written by hand, and tables of the
//! functions at run time. A test compares every prototype with AMD's headers.
#![allow(unsafe_code, reason = "looks functions up in libraries loaded at run time")]

pub(crate) mod hip;
pub(crate) mod migraphx;
#[cfg(test)]
mod tests;

/// A table of functions with their prototypes.
macro_rules! functions {
    ($(#[$doc:meta])* $table:ident { $($name:ident($($arg:ty),* $(,)?) -> $ret:ty;)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[allow(non_snake_case, reason = "AMD's own names")]
        pub(crate) struct $table {
            $(pub(crate) $name: unsafe extern "C" fn($($arg),*) -> $ret,)*
        }

        impl $table {
            /// Looks all of them up in `library`; the name of the first that is missing otherwise.
            pub(crate) fn find(library: &libloading::Library) -> Result<Self, &'static str> {
                Ok(Self {
                    $($name: {
                        // SAFETY: the prototype is that of AMD's header, which a test compares, and
                        // whoever holds the table never unloads the library.
                        let found = unsafe {
                            library.get::<unsafe extern "C" fn($($arg),*) -> $ret>(
                                concat!(stringify!($name), "\0").as_bytes(),
                            )
                        };
                        *found.map_err(|_| stringify!($name))?
                    },)*
                })
            }

            /// Name, types of the parameters, type of the result, as they are written here.
            #[cfg(test)]
            pub(crate) const PROTOTYPES: &[(&str, &[&str], &str)] =
                &[$((stringify!($name), &[$(stringify!($arg)),*], stringify!($ret)),)*];
        }
    };
}
use functions;
