//! A binary with nothing but the shim in it, for tests and benches.

fn main() {
    let mut args = std::env::args_os().skip(1);
    let (Some(verb), Some(dir)) = (args.next(), args.next()) else {
        eprintln!("usage: shim shim DIR");
        std::process::exit(2);
    };
    assert_eq!(verb, "shim");
    std::process::exit(sidecar_container::shim_main(std::path::Path::new(&dir)));
}
