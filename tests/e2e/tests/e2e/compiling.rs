//! Programs that are more than a guest may be.

use godwit_backend::ErrorKind;
use godwit_fixtures::wasm;

use crate::stage::HOST;

#[test]
fn what_is_too_much_is_refused_before_it_is_compiled() {
    let nasty = |name: &str, size| {
        let (_, make) = wasm::NASTY.iter().find(|(one, _)| *one == name).unwrap();
        make(size)
    };
    let functions = nasty("many-functions", 200_001);
    let code = nasty("live-values", 1_000_000);
    let locals = "(module (func (local ".to_owned() + &"i32 ".repeat(20_001) + ")))";
    let modules = "(component ".to_owned() + &"(core module)".repeat(1001) + ")";
    // A section that says it has so many is enough.
    let types = b"\0asm\x01\0\0\0\x01\x07\xc1\x84\x3d\x60\0\0\x60".to_vec();
    let wat = |text: &str| wat::parse_str(text).unwrap();
    for (program, part) in [
        (functions, "200001 functions; 200000 are the most"),
        (code, "bytes in one function"),
        (wat(&locals), "20001 local variables in one function"),
        (wat(&modules), "1001 modules"),
        (types, "1000001 types"),
    ] {
        let error = HOST.load(&program).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{}", error.report());
        assert!(error.message().contains(part), "{error}");
    }
}
