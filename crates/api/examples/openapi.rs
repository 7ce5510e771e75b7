//! Prints the OpenAPI document, for those who generate clients from it.

fn main() -> Result<(), serde_json::Error> {
    println!("{}", serde_json::to_string_pretty(&api::document())?);
    Ok(())
}
