//! Compiles the generated parser.

fn main() {
    let source = std::path::Path::new("src");
    println!("cargo::rerun-if-changed={}", source.display());
    cc::Build::new()
        .std("c11")
        .include(source)
        .warnings(false)
        .file(source.join("parser.c"))
        .compile("tree-sitter-spl");
}
