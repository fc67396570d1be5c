//! Apps small enough to be written as text.

/// A component that is a command and ends well.
pub(crate) const COMMAND: &str = r#"
(component
  (core module $core (func (export "run") (result i32) (i32.const 0)))
  (core instance $core (instantiate $core))
  (func $run (result (result)) (canon lift (core func $core "run")))
  (instance $run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run)))
"#;

/// The same, but it answers that it failed.
pub(crate) const FAILING_COMMAND: &str = r#"
(component
  (core module $core (func (export "run") (result i32) (i32.const 1)))
  (core instance $core (instantiate $core))
  (func $run (result (result)) (canon lift (core func $core "run")))
  (instance $run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run)))
"#;

/// A component that wants what no host of this kind has.
pub(crate) const WANTS_MUCH: &str = r#"
(component
  (import "acme:shop/cart@1.0.0" (instance))
  (import "wasi:http/outgoing-handler@0.2.0" (instance))
  (import "wasi:nn/graph@0.2.0-rc-2024-08-19" (instance))
  (core module $core (func (export "run") (result i32) (i32.const 0)))
  (core instance $core (instantiate $core))
  (func $run (result (result)) (canon lift (core func $core "run")))
  (instance $run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run)))
"#;

/// A component that exports a function, and no command.
pub(crate) const LIBRARY: &str = r#"
(component
  (core module $core (func (export "answer") (result i32) (i32.const 42)))
  (core instance $core (instantiate $core))
  (func (export "answer") (result u32) (canon lift (core func $core "answer"))))
"#;

/// A core module that exports a function, and no command.
pub(crate) const CORE_LIBRARY: &str = r#"
(module (func (export "answer") (result i32) (i32.const 42)))
"#;

/// What a toolchain makes before it wraps it as a component.
pub(crate) const CORE_OF_COMPONENT: &str = r#"
(module
  (import "wasi:nn/graph@0.2.0-rc-2024-10-28" "load-by-name" (func (param i32 i32 i32)))
  (func (export "wasi:cli/run@0.2.0#run") (result i32) (i32.const 0)))
"#;

/// A core module that calls functions of `wasi_ephemeral_nn` and `env` that this host does not have.
pub(crate) const OTHER_DIALECT: &str = r#"
(module
  (import "wasi_ephemeral_nn" "load_by_name_with_config"
    (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "abort" (func))
  (memory (export "memory") 1)
  (func (export "_start")))
"#;

/// Prints its arguments, each followed by a zero byte, and ends with the code 7.
pub(crate) const ECHO: &str = r#"
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $args (i32.const 1024) (i32.const 4096)))
    (i32.store (i32.const 16) (i32.const 4096))
    (i32.store (i32.const 20) (i32.load (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
    (call $exit (i32.const 7))))
"#;

/// Prints its environment, each variable followed by a zero byte.
pub(crate) const ENVIRON: &str = r#"
(module
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $environ (i32.const 1024) (i32.const 4096)))
    (i32.store (i32.const 16) (i32.const 4096))
    (i32.store (i32.const 20) (i32.load (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))
"#;

/// Creates a file in the first folder it sees and ends with the error number of that.
pub(crate) const CREATE_FILE: &str = r#"
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "made")
  (func (export "_start")
    (call $exit
      (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 1)
        (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 0)))))
"#;

/// Says that it has begun, and never ends.
pub(crate) const ENDLESS: &str = r#"
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "begun\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 6))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (loop $again (br $again))))
"#;

/// Does what it must not.
pub(crate) const TRAP: &str = r#"
(module (memory (export "memory") 1) (func (export "_start") unreachable))
"#;

/// Wants 256 MiB to begin with.
pub(crate) const LARGE: &str = r#"
(module (memory (export "memory") 4096) (func (export "_start")))
"#;

/// Writes to its standard output for ever.
pub(crate) const FLOOD: &str = r#"
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 4) (i32.const 4096))
    (loop $again
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br $again))))
"#;

/// Writes 2^20 dots at once, and ends.
pub(crate) const MEGABYTE: &str = r#"
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 17)
  (func (export "_start")
    (memory.fill (i32.const 65536) (i32.const 46) (i32.const 1048576))
    (i32.store (i32.const 0) (i32.const 65536))
    (i32.store (i32.const 4) (i32.const 1048576))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
"#;

/// Never gets to its beginning.
pub(crate) const ENDLESS_START: &str = r#"
(module
  (func $endless (loop $again (br $again)))
  (start $endless)
  (func (export "_start")))
"#;
