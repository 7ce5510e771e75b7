//! Cargo looks again when the web interface was built anew; building it is `make web`'s business.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
