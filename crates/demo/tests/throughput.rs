//! How fast a long queue is worked off, with few jobs in hand and with many.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::{sync::Arc, time::Instant};

use analysis::{AnalysisJob, ModelCache};
use demo::{Film, FilmClass, FilmModel};
use domain::Role;
use jobs::{Handler, Worker, WorkerOptions};
use onnx_kit::{DenseNet, PackageWriter};
use testkit::{TestApp, TestOptions};
use tokio_util::sync::CancellationToken;

const FILMS: u64 = 64;

/// Sends films and works them off with so many jobs in hand; seconds for all of them.
async fn drain(app: &TestApp, round: u64, concurrency: usize) -> f64 {
    let patient = app.client(Role::Patient).await;
    let radiologist = app.client(Role::Radiologist).await;
    let drawing = FilmModel::load().unwrap();
    for film in 0..FILMS {
        let seed = round * 1000 + film;
        let picture = Film::draw(&drawing, FilmClass::Pneumonia, seed).to_picture();
        radiologist
            .upload(
                vec![("film.png", picture.encode_png().unwrap())],
                &[("patient_id", &patient.user_id())],
            )
            .await
            .expect(201);
    }
    let models = Arc::new(ModelCache::new(
        ai::EnginePreference::Fastest,
        app.folder().join("models"),
    ));
    let job: Arc<dyn Handler> = Arc::new(AnalysisJob::new(
        app.database.clone(),
        app.blobs.clone(),
        models,
        decoding::Decoders::in_threads(),
        "test",
        2,
    ));
    let options = WorkerOptions {
        concurrency,
        ..WorkerOptions::new("measured")
    };
    let worker = Worker::new(app.database.clone(), vec![job], options);
    let stop = CancellationToken::new();
    let started = Instant::now();
    let running = tokio::spawn(worker.run(stop.clone()));
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let open: i64 =
            sqlx::query_scalar("SELECT count(*) FROM portal.jobs WHERE state <> 'done'")
                .fetch_one(&mut app.test_database.superuser().await)
                .await
                .unwrap();
        if open == 0 {
            break;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    stop.cancel();
    running.await.unwrap();
    seconds
}

/// Figures for `docs/BENCHMARKS.md`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and takes minutes"]
async fn a_long_queue_is_worked_off() {
    for densenet in [false, true] {
        let app = TestApp::start_with(TestOptions {
            without_model: densenet,
            ..TestOptions::default()
        })
        .await;
        if densenet {
            activate_densenet(&app).await;
        }
        let name = if densenet { "DenseNet-121" } else { "bundled" };
        // In turn, so that other work on the machine meets both alike.
        let (mut few, mut many) = (0.0, 0.0);
        for round in 0..3 {
            few += drain(&app, 2 * round, 2).await;
            many += drain(&app, 2 * round + 1, 8).await;
        }
        let each = |seconds: f64| seconds * 1000.0 / (3 * FILMS) as f64;
        println!(
            "{name}: 2 jobs in hand {:.1} ms a film, 8 jobs {:.1} ms, ratio {:.2}",
            each(few),
            each(many),
            few / many
        );
    }
}

async fn activate_densenet(app: &TestApp) {
    let example = include_str!("../../../models/examples/densenet121-torchxrayvision.toml");
    let figures = onnx_kit::manifest("x", 32);
    let (training, evaluation) = (
        figures.find("[training]").unwrap()..figures.find("[input]").unwrap(),
        figures.find("[evaluation]").unwrap()..,
    );
    let folder = tempfile::tempdir().unwrap();
    PackageWriter {
        model: DenseNet::default().to_bytes(),
        manifest: format!(
            "{example}\n{}\n{}",
            &figures[training], &figures[evaluation]
        ),
    }
    .write(folder.path())
    .unwrap();
    let package = ai::Package::open(folder.path()).unwrap();
    let actor = db::Actor::command_line();
    let models = app.folder().join("models");
    let id = analysis::registry::register(&app.database, &actor, &package, &models)
        .await
        .unwrap();
    let mut tx = app.database.begin(&actor).await.unwrap();
    analysis::registry::activate_first(&mut tx, id)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}
