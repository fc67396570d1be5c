//! The proposals of WebAssembly that guests may use are listed; a program with any other is told which it is.

use godwit_backend::ErrorKind;

use crate::stage::HOST;

#[test]
fn what_is_not_listed_is_refused_by_name() {
    let refused = [
        ("(memory 1 1 shared)", "threads"),
        ("(memory i64 1)", "memory64"),
        ("(memory 1) (memory 1)", "multi"),
        ("(memory 1 (pagesize 1))", "custom page sizes"),
        ("(type (struct (field i32)))", "gc"),
        ("(type $f (func)) (func (param (ref $f)))", "function references"),
        ("(func (param externref))", "gc types"),
        ("(tag)", "exceptions"),
        ("(func try i32.const 0 drop catch_all end)", "legacy_exceptions"),
        (
            "(func (result i64 i64) i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.add128)",
            "wide arithmetic",
        ),
        ("(type $f (func)) (type $c (cont $f))", "stack switching"),
        ("(type (shared (func)))", "shared"),
    ];
    let mut wrong = Vec::new();
    for (text, feature) in refused {
        let module = wat::parse_str(format!("(module {text} (func (export \"_start\")))")).unwrap();
        let error = HOST.load(&module).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
        let report = error.report();
        if !report.to_lowercase().contains(feature) {
            wrong.push(format!("{text}: {report}"));
        }
    }
    let component = [
        ("(type (stream u8))", "async"),
        ("(type (future u8))", "async"),
        ("(type (list u8 4))", "fixed"),
        ("(type error-context)", "error-context"),
    ];
    for (text, feature) in component {
        let component = wat::parse_str(format!("(component {text})")).unwrap();
        let report = HOST.load(&component).unwrap_err().report();
        if !report.to_lowercase().contains(feature) {
            wrong.push(format!("{text}: {report}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_listed_is_taken() {
    let taken = [
        "(func (result i32 i32) i32.const 1 i32.const 2)",
        "(func (param f32) (result i32) local.get 0 i32.trunc_sat_f32_s)",
        "(func (param i32) (result i32) local.get 0 i32.extend8_s)",
        "(memory 1) (func i32.const 0 i32.const 0 i32.const 1 memory.fill)",
        "(func (param v128 v128) (result v128) local.get 0 local.get 1 i32x4.add)",
        "(func (param v128 v128) (result v128) local.get 0 local.get 1 i8x16.relaxed_swizzle)",
        "(func $f (return_call $f))",
        "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
        "(global (mut funcref) (ref.null func))",
    ];
    for text in taken {
        let module = wat::parse_str(format!("(module {text} (func (export \"_start\")))")).unwrap();
        HOST.load(&module).unwrap_or_else(|error| panic!("{text}: {}", error.report()));
    }
}
