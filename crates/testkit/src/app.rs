//! A portal of a test's own.

use std::{net::SocketAddr, sync::Arc};

use analysis::{AnalysisJob, ModelCache, SilentJob};
use api::{ApiOptions, ApiState, Mailer};
use blobs::BlobStore;
use chrono::{DateTime, Duration, Utc};
use db::{Actor, Database, accounts::NewAccount, program_tokens::NewProgramToken};
use decoding::Decoders;
use domain::{Clock, FixedClock, ProgramTokenId, Role, UserId, scope::Scope};
use governance::GovernanceJob;
use intake::WrapJob;
use jobs::{Handler, Maintenance, Worker, WorkerOptions};
use keys::Keyring;
use tokio_util::sync::CancellationToken;

use crate::{Client, TestDatabase};

/// The password of every account that a test makes.
pub const PASSWORD: &str = "correct horse battery";

/// The address by which people would reach it.
pub const PUBLIC_URL: &str = "https://portal.test";

/// What a test wants to be different.
#[derive(Debug, Clone, Default)]
pub struct TestOptions {
    /// Run workers and regular chores in the background, as `serve` does; else the test runs them.
    pub background: bool,
    /// Where mail goes, such as `smtp://127.0.0.1:2525`; none: the portal sends none.
    pub mail_server: Option<String>,
    /// Do not put the bundled model to work.
    pub without_model: bool,
    /// Do not say by which address people reach the portal.
    pub without_public_url: bool,
    /// The provider of single sign-on, as `http://127.0.0.1:PORT`.
    pub single_sign_on: Option<String>,
    /// How much an address and a session may ask for.
    pub rates: api::Rates,
}

/// A portal: database, store, server on loopback.
#[derive(Debug)]
pub struct TestApp {
    /// Its database.
    pub test_database: TestDatabase,
    /// The same, as the portal uses it.
    pub database: Database,
    /// Its clock; it stands still.
    pub clock: FixedClock,
    /// Where it listens.
    pub base: String,
    /// Its blob store.
    pub blobs: BlobStore,
    /// Its worker.
    pub worker: Worker,
    /// Its regular chores.
    pub maintenance: Maintenance,
    wrapper: Worker,
    state: ApiState,
    folder: tempfile::TempDir,
    stop: CancellationToken,
}

impl TestApp {
    /// A portal as it comes.
    pub async fn start() -> Self {
        Self::start_with(TestOptions::default()).await
    }

    /// A portal with these options.
    pub async fn start_with(options: TestOptions) -> Self {
        let test_database = TestDatabase::migrated().await;
        // A whole second, since PostgreSQL keeps microseconds and a test compares.
        let start = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let clock = FixedClock::new(start);
        let database = Database::connect(&test_database.login(), Arc::new(clock.clone()))
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let keys = Keyring::load_or_make(&folder.path().join("keys/storage.key"), start).unwrap();
        let blobs = BlobStore::open_encrypted(folder.path().join("blobs"), keys.clone()).unwrap();
        if !options.without_model {
            analysis::registry::ensure_bundled(&database, &folder.path().join("models"))
                .await
                .unwrap();
        }
        let models = Arc::new(ModelCache::new(
            ai::EnginePreference::Fastest,
            folder.path().join("models"),
        ));
        let decoders = Decoders::in_threads();
        let job: Arc<dyn Handler> = Arc::new(AnalysisJob::new(
            database.clone(),
            blobs.clone(),
            models.clone(),
            decoders.clone(),
            "test",
            2,
        ));
        let silent: Arc<dyn Handler> = Arc::new(SilentJob::new(
            database.clone(),
            blobs.clone(),
            models,
            decoders.clone(),
            "test",
        ));
        let handlers = vec![job, silent, Arc::new(GovernanceJob::new(database.clone()))];
        let worker_options = WorkerOptions {
            concurrency: 8,
            ..WorkerOptions::new("test")
        };
        let worker = Worker::new(database.clone(), handlers, worker_options);
        let wrapping = WrapJob::new(database.clone(), blobs.clone(), decoders.clone());
        let wrapper_options = WorkerOptions::new("wrapping");
        let wrapper = Worker::new(database.clone(), vec![Arc::new(wrapping)], wrapper_options);
        let mut chores = analysis::release::chores();
        chores.push(intake::uploads_chore(blobs.clone()));
        chores.push(privacy::films_chore(blobs.clone()));
        let mut hourly = analysis::release::hourly_chores();
        hourly.push(governance::standing::daily_chore());
        hourly.push(privacy::reminders_chore());
        hourly.push(privacy::terms_chore());
        let maintenance = Maintenance::new(database.clone(), worker.clone(), chores, hourly);
        let state = ApiState::new(
            database.clone(),
            blobs.clone(),
            decoders,
            ApiOptions {
                keys: Some(keys),
                mailer: options.mail_server.as_deref().map(|server| {
                    Mailer::new(
                        server,
                        "Medical Portal <portal@example.org>",
                        "http://portal.test",
                    )
                    .unwrap()
                }),
                public_url: (!options.without_public_url).then(|| PUBLIC_URL.parse().unwrap()),
                single_sign_on: options.single_sign_on.map(provider),
                version: "test",
                rates: options.rates,
                models_folder: folder.path().join("models"),
                ..ApiOptions::default()
            },
        );
        let stop = CancellationToken::new();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let service = api::router_with(state.clone(), dicomweb::routes().merge(fhir::routes()))
            .into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        tokio::spawn(state.hub.clone().run(stop.clone()));
        if options.background {
            tokio::spawn(worker.clone().run(stop.clone()));
            tokio::spawn(maintenance.clone().run(stop.clone()));
        }
        Self {
            test_database,
            database,
            clock,
            base,
            blobs,
            worker,
            maintenance,
            wrapper,
            state,
            folder,
            stop,
        }
    }

    /// The folder that holds blobs and models.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The router, for requests without a network.
    pub fn router(&self) -> axum::Router {
        api::router_with(self.state.clone(), dicomweb::routes().merge(fhir::routes()))
    }

    /// Does what is queued.
    pub async fn run_jobs(&self) -> usize {
        self.worker.run_until_idle().await.unwrap()
    }

    /// Makes the DICOM files of plain pictures that are queued; [`TestApp::run_jobs`] does the other work.
    pub async fn wrap_pictures(&self) -> usize {
        self.wrapper.run_until_idle().await.unwrap()
    }

    /// Runs the regular chores once.
    pub async fn run_chores(&self) {
        self.maintenance.frequently().await.unwrap();
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A client that is not signed in.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(self.base.clone())
    }

    /// Makes an account with [`PASSWORD`].
    pub async fn create_account(&self, email: &str, role: Role, name: &str) -> UserId {
        let hash = test_hash().await;
        let mut tx = self.database.begin(&Actor::command_line()).await.unwrap();
        let id = UserId::new_at(tx.now());
        let account = NewAccount {
            id,
            email: &email.parse().unwrap(),
            password_hash: Some(&hash),
            role,
            name,
            phone: None,
            date_of_birth: None,
        };
        db::accounts::create(&mut tx, &account).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A program's token with these scopes, for a service account of this role of its own.
    pub async fn program(&self, role: Role, scopes: &[Scope]) -> Client {
        let mut tx = self.database.begin(&Actor::command_line()).await.unwrap();
        let (id, _) = db::accounts::create_service(&mut tx, role, "Program")
            .await
            .unwrap();
        let (token, digest) = api::new_program_token().unwrap();
        let new = NewProgramToken {
            token_id: ProgramTokenId::new_at(tx.now()),
            user_id: id,
            name: "Program",
            token_sha256: &digest,
            scopes,
            expires_at: tx.now() + Duration::days(30),
        };
        db::program_tokens::create(&mut tx, &new).await.unwrap();
        tx.commit().await.unwrap();
        let mut client = self.anonymous();
        client.token = Some(token);
        client
    }

    /// A client of this role with an account of its own.
    pub async fn client(&self, role: Role) -> Client {
        self.client_named(
            role,
            &format!(
                "{role}-{}",
                uuid::Uuid::from_u128(self.now().timestamp_micros() as u128 + next())
            ),
        )
        .await
    }

    /// A client of this role whose account's address begins so.
    pub async fn client_named(&self, role: Role, name: &str) -> Client {
        let email = format!("{name}@example.com");
        self.create_account(&email, role, name).await;
        let mut client = self.anonymous();
        client.sign_in(&email, PASSWORD).await.expect(200);
        client
    }
}

/// The portal as a client of a provider on loopback.
fn provider(issuer: String) -> oidc::Provider {
    oidc::Provider::new(oidc::Client {
        issuer,
        client_id: crate::sign_on_server::CLIENT_ID.to_owned(),
        client_secret: crate::sign_on_server::CLIENT_SECRET.to_owned(),
        redirect: format!("{PUBLIC_URL}/sso").parse().unwrap(),
        after_logout: format!("{PUBLIC_URL}/signin").parse().unwrap(),
    })
    .unwrap()
}

fn next() -> u128 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    u128::from(NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
}

/// The hash of [`PASSWORD`], made once a test program.
async fn test_hash() -> String {
    static HASH: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    HASH.get_or_init(|| async { api::passwords::hash_now(PASSWORD).unwrap() })
        .await
        .clone()
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
        self.state.stopping.cancel();
    }
}
