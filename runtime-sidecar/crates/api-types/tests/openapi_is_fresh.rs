//! `runtime-sidecar/openapi-sidecar.json`, from which the TypeScript types are generated, must be what the types say.

#[test]
fn the_committed_document_is_what_the_types_say() {
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi-sidecar.json")).unwrap();
    let printed = sidecar_api_types::document().to_pretty_json().unwrap();
    assert!(
        committed.trim_end() == printed.trim_end(),
        "stale: write it with `zlayer-sidecar openapi > openapi-sidecar.json`"
    );
}
