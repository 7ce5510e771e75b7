//! How long the parts of an analysis take, in milliseconds (median of 30), for a picture of 7
//! megapixels: `cargo run --release -p ai --example timing`.

use std::{error::Error, hint::black_box, path::Path, time::Instant};

use ai::{
    EnginePreference, Formula, GreyPicture, Model, Package, engine::Batch, preprocess::prepare,
};

fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..30)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/chest-paediatric");
    let package = Package::open(&folder)?;
    let (width, height) = (2500, 2800);
    let disc = Formula::Disc {
        cx: 1250,
        cy: 1400,
        r: 900,
        inside: 190,
        outside: 40,
    };
    let pixels = disc.picture(width, height);
    let picture = GreyPicture::new(width, height, &pixels)?;
    let input = &package.manifest.input;
    let prepared = prepare(&picture, input);
    let preparing = median(|| drop(black_box(prepare(&picture, input))));
    println!(
        "squash {width} x {height} to {0} x {0}: {preparing:.2} ms",
        input.size
    );
    for preference in [EnginePreference::BuiltIn, EnginePreference::OnnxRuntime] {
        match Model::load(&package, preference) {
            Ok(model) => {
                let batch = Batch {
                    shape: [1, input.channels, input.size, input.size],
                    values: &prepared.tensor,
                };
                let running = median(|| drop(black_box(model.run(&batch))));
                println!("{}: {running:.2} ms, one thread", model.engine());
            }
            Err(error) => println!("{error}"),
        }
    }
    Ok(())
}
