//! Cargo looks again when the web interface was built anew; building it is `make web`'s business.

fn main() -> std::io::Result<()> {
    // Cargo takes a folder that is not there for one that changed, and would build all of this anew each time.
    std::fs::create_dir_all("../../web/dist")?;
    println!("cargo:rerun-if-changed=../../web/dist");
    Ok(())
}
