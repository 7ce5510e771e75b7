//! What every handler can reach.

use std::{path::PathBuf, sync::Arc};

use blobs::BlobStore;
use db::Database;
use decoding::Decoders;
use domain::Clock;
use intake::Intake;
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    hub::EventHub,
    mail::Mailer,
    passwords::Passwords,
    rates::{RateLimits, Rates},
};

/// An account of the demo, shown on the start page.
#[derive(Debug, Clone)]
pub struct DemoAccount {
    /// Address to sign in with.
    pub email: String,
    /// What it is for.
    pub role: &'static str,
}

/// How the interface behaves.
#[derive(Debug, Clone, Default)]
pub struct ApiOptions {
    /// Whether cookies are for TLS only.
    pub secure_cookies: bool,
    /// Accounts to show on the start page; empty outside demo mode.
    pub demo_accounts: Vec<DemoAccount>,
    /// The demo accounts' password.
    pub demo_password: Option<String>,
    /// The folder of model packages.
    pub models_folder: PathBuf,
    /// Proxies that are believed about whom they speak for.
    pub trusted_proxies: Vec<IpNet>,
    /// How much one address and one session may ask for.
    pub rates: Rates,
    /// The keys that secrets in the database are sealed with; none: no second factor can be set up.
    pub keys: Option<keys::Keyring>,
    /// Sends mail; none: the portal sends none, and says so.
    pub mailer: Option<Mailer>,
    /// The address by which people reach the portal; none: passkeys are for `localhost` only.
    pub public_url: Option<Url>,
    /// The provider of single sign-on, if there is one.
    pub single_sign_on: Option<oidc::Provider>,
    /// The program's version.
    pub version: &'static str,
}

/// What every handler can reach. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiState {
    /// The database.
    pub database: Database,
    /// The blob store.
    pub blobs: BlobStore,
    /// The way in.
    pub intake: Intake,
    /// What opens films.
    pub decoders: Decoders,
    /// What was asked lately.
    pub rate_limits: Arc<RateLimits>,
    /// Password hashing.
    pub passwords: Passwords,
    /// Events for open screens.
    pub hub: EventHub,
    /// How it behaves.
    pub options: Arc<ApiOptions>,
    /// The figures for `/metrics`.
    pub figures: Option<Figures>,
    /// Cancelled when the server goes down, so that streams end.
    pub stopping: CancellationToken,
}

/// The recorder behind `/metrics`.
#[derive(Clone)]
pub struct Figures(pub PrometheusHandle);

impl std::fmt::Debug for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Figures")
    }
}

impl ApiState {
    /// On this database and store.
    #[must_use]
    pub fn new(
        database: Database,
        blobs: BlobStore,
        decoders: Decoders,
        options: ApiOptions,
    ) -> Self {
        Self {
            intake: Intake::new(database.clone(), blobs.clone(), decoders.clone()),
            decoders,
            rate_limits: Arc::new(RateLimits::new(options.rates)),
            hub: EventHub::new(database.clone()),
            passwords: Passwords::default(),
            options: Arc::new(options),
            figures: None,
            stopping: CancellationToken::new(),
            blobs,
            database,
        }
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.database.clock()
    }
}
