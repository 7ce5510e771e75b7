//! `medical-portal serve` and `medical-portal worker`.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use ai::EnginePreference;
use analysis::{AnalysisJob, ModelCache, SilentJob};
use anyhow::{Context, Result, bail};
use api::{ApiOptions, ApiState, DemoAccount, Figures};
use blobs::BlobStore;
use db::Database;
use decoding::Decoders;
use demo::seed::Filled;
use dimse::{
    Calling, CommitmentJob, Dimse, FetchPriorJob, FindPriorsJob, ForwardJob, SendResultJob,
};
use fhir::NoticeJob;
use governance::GovernanceJob;
use hl7::{Hl7, ResultJob};
use intake::{Intake, WrapJob};
use jobs::{Handler, Maintenance, Worker, WorkerOptions};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    audit_trail, calling,
    cli::{ServeArgs, WorkerArgs},
    connections::Bounded,
    disk,
    listen::{self, Certificate, Listening},
    machines,
    place::Place,
    production,
    schedule::Schedule,
    shutdown, supervisor,
};

/// The version, as shown and recorded.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How long open requests may take to end after a stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until a signal.
pub(crate) async fn serve(args: ServeArgs) -> Result<()> {
    if args.demo && !args.listen.ip().is_loopback() {
        bail!(
            "--demo listens on loopback only, since everybody knows its password: use 127.0.0.1, not {}",
            args.listen.ip()
        );
    }
    production::check_configuration(&args)?;
    let stop = shutdown::on_signal()?;
    // First of all, so that a port in use is said at once.
    let listener = listen_on(args.listen)?;
    let in_the_clear = args.redirect_from.map(listen_on).transpose()?;
    let [devices, systems] = [args.dicom.dicom_port, args.hl7.hl7_port]
        .map(|port| machines::address(&args, port).map(listen_on).transpose());
    let (devices, systems) = (devices?, systems?);
    let place = Place::open(&args.place, args.demo.then_some("demo")).await?;
    let listeners = Listeners {
        main: listener,
        in_the_clear,
        devices,
        systems,
    };
    let outcome = serve_at(&args, listeners, &place, &stop).await;
    stop.cancel();
    place.close().await?;
    outcome
}

/// Sockets that are listened on.
struct Listeners {
    main: TcpListener,
    in_the_clear: Option<TcpListener>,
    devices: Option<TcpListener>,
    systems: Option<TcpListener>,
}

fn listen_on(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address)
        .with_context(|| format!("cannot listen on {address}: is another portal running there?"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn serve_at(
    args: &ServeArgs,
    listeners: Listeners,
    place: &Place,
    stop: &CancellationToken,
) -> Result<()> {
    let database = place.database().await?;
    production::check_accounts(args, place, &database).await?;
    let blobs = place.blob_store()?;
    analysis::registry::ensure_bundled(&database, &place.models()?).await?;
    let address = listeners.main.local_addr()?;
    let decoders = crate::decoders::of_this_program()?;
    let state = state(
        args,
        place,
        database.clone(),
        blobs.clone(),
        decoders.clone(),
    )?;
    let router = api::router_with(state.clone(), dicomweb::routes().merge(fhir::routes()));

    let mut tasks = Vec::new();
    tasks.push(tokio::spawn(disk::watch(
        place.data_dir().to_owned(),
        stop.clone(),
    )));
    tasks.extend(
        place
            .keeper()
            .map(|keeper| tokio::spawn(keeper.run(stop.clone()))),
    );
    tasks.push(tokio::spawn(state.hub.clone().run(stop.clone())));
    let calling = calling::calling(args)?;
    let worker = worker(
        place,
        &database,
        &blobs,
        &decoders,
        args.engine.into(),
        args.workers.max(1),
    )?;
    tasks.push(tokio::spawn(
        maintenance(place, &database, &blobs, &worker).run(stop.clone()),
    ));
    tasks.push(audit_trail::seal_regularly(place, &database, stop));
    tasks.extend(
        audit_trail::collector(&args.collector)?
            .map(|collector| audit_trail::deliver_regularly(collector, &database, stop)),
    );
    if args.workers > 0 {
        tasks.push(tokio::spawn(worker.run(stop.clone())));
    }
    let sender = sender(args, place, &database, &blobs, decoders, &calling)?;
    tasks.push(tokio::spawn(sender.run(stop.clone())));
    let listening = Listening::new(certificate(args)?).await?;
    println!(
        "Medical Portal is running at {}://{address}",
        listening.scheme()
    );
    let connections = Bounded::new(&args.trusted_proxies);
    if let Some(listener) = listeners.in_the_clear {
        tracing::info!(address = %listener.local_addr()?, "sending browsers to https");
        let (connections, stop) = (connections.clone(), stop.clone());
        tasks.push(tokio::spawn(async move {
            if let Err(error) = listen::redirect(listener, address, connections, stop).await {
                tracing::error!(%error, "browsers are no longer sent to https");
            }
        }));
    }
    if let Some(listener) = listeners.devices {
        let intake = state.intake.clone();
        let title = &args.dicom.dicom_ae_title;
        let dimse = Dimse::new(database.clone(), blobs.clone(), intake, title);
        let service = machines::devices(args, dimse)?.calling(calling.clone());
        println!(
            "Devices send films to {title} at {}",
            listener.local_addr()?
        );
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tasks.push(tokio::spawn(service.serve(listener, stop.clone(), DRAIN)));
    }
    if let Some(listener) = listeners.systems {
        let service = machines::systems(args, Hl7::new(database.clone()))?;
        println!(
            "Systems send patients and orders (HL7 v2) to {}",
            listener.local_addr()?
        );
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tasks.push(tokio::spawn(service.serve(listener, stop.clone(), DRAIN)));
    }
    let server = tokio::spawn(listening.serve(
        listeners.main,
        router.clone(),
        connections,
        stop.clone(),
        state.stopping.clone(),
        DRAIN,
    ));
    if !args.demo {
        tasks.extend(schedule_backups(args, place, &database, stop));
    }
    tracing::info!(%address, data_dir = %place.data_dir().display(), version = VERSION, "serving");
    supervisor::tell(supervisor::State::Ready);
    if args.demo {
        tasks.push(demonstrate(args, &router, &database, stop));
    }
    stop.cancelled().await;
    supervisor::tell(supervisor::State::Stopping);
    drain(server, tasks).await;
    database.close().await;
    Ok(())
}

/// The certificate to serve with. Options from a file are not held together by the command line's own
/// rules, so both are asked for here.
fn certificate(args: &ServeArgs) -> Result<Option<Certificate>> {
    match (&args.tls_certificate, &args.tls_key) {
        (None, None) => Ok(None),
        (Some(chain), Some(key)) => Ok(Some(Certificate {
            chain: chain.clone(),
            key: key.clone(),
        })),
        _ => bail!("TLS needs both: tls_certificate and tls_key"),
    }
}

fn state(
    args: &ServeArgs,
    place: &Place,
    database: Database,
    blobs: BlobStore,
    decoders: Decoders,
) -> Result<ApiState> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Suffix("_seconds".to_owned()),
            &[
                0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
            ],
        )?
        .install_recorder()?;
    let account = |role: &'static str| DemoAccount {
        email: format!("{role}@example.com"),
        role,
    };
    let public_url = args.mail.public_url()?;
    let options = ApiOptions {
        secure_cookies: args.secure_cookies || args.tls_certificate.is_some(),
        demo_accounts: if args.demo {
            ["patient", "radiologist", "doctor", "tech"]
                .map(account)
                .to_vec()
        } else {
            Vec::new()
        },
        models_folder: place.models()?,
        keys: Some(place.keyring()?),
        mailer: args.mail.mailer()?,
        single_sign_on: args.single_sign_on.provider(public_url.as_ref())?,
        public_url,
        demo_password: args.demo.then(|| args.demo_password.clone()),
        version: VERSION,
        trusted_proxies: args.trusted_proxies.clone(),
        rates: api::Rates {
            an_address: args.requests_an_address,
            a_session: args.requests_a_session,
            ..api::Rates::default()
        },
    };
    let mut state = ApiState::new(database, blobs, decoders, options);
    state.figures = Some(Figures(recorder));
    Ok(state)
}

/// The daily backup. A portal that cannot make it serves all the same, and says so.
fn schedule_backups(
    args: &ServeArgs,
    place: &Place,
    database: &Database,
    stop: &CancellationToken,
) -> Option<JoinHandle<()>> {
    let key_file = args
        .backup_key_file
        .clone()
        .or_else(backup::default_key_path);
    match (place.backup_source(VERSION), key_file) {
        (Ok(source), Some(key_file)) => {
            let schedule = Schedule {
                database: database.clone(),
                source,
                pg_bin: args.place.pg_bin.clone(),
                key_file,
                started_at: database.clock().now(),
            };
            Some(tokio::spawn(schedule.run(stop.clone())))
        }
        (Err(error), _) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "no backups are made by schedule"
            );
            None
        }
        (_, None) => {
            tracing::warn!(
                "no backups are made by schedule: there is no home folder for their key; name one with --backup-key-file"
            );
            None
        }
    }
}

/// Jobs in hand for each that may decode a film.
const JOBS_A_WORKER: usize = 4;

fn worker(
    place: &Place,
    database: &Database,
    blobs: &BlobStore,
    decoders: &Decoders,
    engine: EnginePreference,
    concurrency: usize,
) -> Result<Worker> {
    let models = Arc::new(ModelCache::new(engine, place.models()?));
    let job: Arc<dyn Handler> = Arc::new(AnalysisJob::new(
        database.clone(),
        blobs.clone(),
        models.clone(),
        decoders.clone(),
        VERSION,
        concurrency,
    ));
    let silent: Arc<dyn Handler> = Arc::new(SilentJob::new(
        database.clone(),
        blobs.clone(),
        models,
        decoders.clone(),
        VERSION,
    ));
    let options = WorkerOptions {
        // Films that are decoded wait for the model together, and it takes several at once.
        concurrency: concurrency * JOBS_A_WORKER,
        ..WorkerOptions::new(format!("pid-{}", std::process::id()))
    };
    let handlers: Vec<Arc<dyn Handler>> = vec![
        job,
        silent,
        Arc::new(GovernanceJob::new(database.clone())),
        Arc::new(WrapJob::new(
            database.clone(),
            blobs.clone(),
            decoders.clone(),
        )),
    ];
    Ok(Worker::new(database.clone(), handlers, options))
}

/// Sends to devices and systems, as the one program that knows what it is called there. It works for itself, so that one
/// which does not answer holds no film up on its way to the doctors.
fn sender(
    args: &ServeArgs,
    place: &Place,
    database: &Database,
    blobs: &BlobStore,
    decoders: Decoders,
    calling: &Calling,
) -> Result<Worker> {
    let title = &args.dicom.dicom_ae_title;
    let (database, blobs) = (database.clone(), blobs.clone());
    let handlers: Vec<Arc<dyn Handler>> = vec![
        Arc::new(CommitmentJob::new(database.clone(), title, calling.clone())),
        Arc::new(ForwardJob::new(
            database.clone(),
            blobs.clone(),
            title,
            calling.clone(),
        )),
        Arc::new(FindPriorsJob::new(database.clone(), title, calling.clone())),
        Arc::new(FetchPriorJob::new(
            database.clone(),
            Intake::new(database.clone(), blobs.clone(), decoders.clone()),
            title,
            calling.clone(),
        )),
        Arc::new(SendResultJob::new(
            database.clone(),
            blobs,
            decoders,
            title,
            calling.clone(),
        )),
        Arc::new(ResultJob::new(database.clone())),
        Arc::new(NoticeJob::new(database.clone(), place.keyring()?)),
    ];
    let options = WorkerOptions::new(format!("pid-{}-sending", std::process::id()));
    Ok(Worker::new(database, handlers, options))
}

fn maintenance(
    place: &Place,
    database: &Database,
    blobs: &BlobStore,
    worker: &Worker,
) -> Maintenance {
    let mut hourly = analysis::release::hourly_chores();
    hourly.push(audit_trail::archive_chore(place));
    hourly.push(governance::standing::daily_chore());
    hourly.push(privacy::reminders_chore());
    hourly.push(privacy::terms_chore());
    let mut chores = analysis::release::chores();
    chores.push(intake::uploads_chore(blobs.clone()));
    chores.push(privacy::films_chore(blobs.clone()));
    Maintenance::new(database.clone(), worker.clone(), chores, hourly)
}

/// Fills the demo in the background, so that the portal is there at once.
fn demonstrate(
    args: &ServeArgs,
    router: &axum::Router,
    database: &Database,
    stop: &CancellationToken,
) -> JoinHandle<()> {
    println!(
        "Demo accounts (made-up people, drawn films), password {}:",
        args.demo_password
    );
    for login in demo::seed::LOGINS {
        println!("  {:12} {}", login.role, login.email);
    }
    let (router, database, password) =
        (router.clone(), database.clone(), args.demo_password.clone());
    let (stop, live) = (stop.clone(), args.live);
    tokio::spawn(async move {
        let work = async {
            match demo::seed::fill(&router, &database, &password, |step| {
                tracing::info!(step, "demo");
            })
            .await
            {
                Ok(Filled::Now) => println!("The demo is filled: cases in every state."),
                Ok(Filled::Already) => {}
                Err(error) => {
                    eprintln!("The demo could not be filled whole: {error}. Start again to go on.");
                }
            }
            if live {
                keep_arriving(&router, &database, &password).await;
            }
        };
        tokio::select! { () = work => {}, () = stop.cancelled() => {} }
    })
}

/// One new film every half minute, for good.
async fn keep_arriving(router: &axum::Router, database: &Database, password: &str) {
    let clock = database.clock().clone();
    loop {
        tokio::time::sleep(Duration::from_secs(30)).await;
        let seed = clock.now().timestamp().unsigned_abs();
        if let Err(error) = demo::seed::arrive(router, clock.as_ref(), password, seed).await {
            tracing::warn!(%error, "a demo film did not arrive");
        }
    }
}

/// Lets open requests and running jobs end, for a while.
async fn drain(server: JoinHandle<std::io::Result<()>>, tasks: Vec<JoinHandle<()>>) {
    let everything = async {
        if let Ok(Err(error)) = server.await {
            tracing::warn!(%error, "the server ended with an error");
        }
        for task in tasks {
            // A task that was aborted has nothing left to say.
            let _ = task.await;
        }
    };
    if tokio::time::timeout(DRAIN + Duration::from_secs(5), everything)
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}

/// Runs workers alone until a signal.
pub(crate) async fn work(args: WorkerArgs) -> Result<()> {
    let stop = shutdown::on_signal()?;
    let place = Place::open(&args.place, None).await?;
    let outcome = async {
        let database = place.database().await?;
        let blobs = place.blob_store()?;
        analysis::registry::ensure_bundled(&database, &place.models()?).await?;
        let worker = worker(
            &place,
            &database,
            &blobs,
            &crate::decoders::of_this_program()?,
            args.engine.into(),
            args.concurrency.max(1),
        )?;
        let chores =
            tokio::spawn(maintenance(&place, &database, &blobs, &worker).run(stop.clone()));
        let seals = audit_trail::seal_regularly(&place, &database, &stop);
        println!("Working; Ctrl-C stops.");
        supervisor::tell(supervisor::State::Ready);
        worker.run(stop.clone()).await;
        supervisor::tell(supervisor::State::Stopping);
        chores.await?;
        seals.await?;
        database.close().await;
        anyhow::Ok(())
    }
    .await;
    place.close().await?;
    outcome
}
