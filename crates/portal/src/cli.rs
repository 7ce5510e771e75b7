//! The command line. Commands with many subcommands have a file of their own.

mod check;
pub(crate) mod collector;
mod database;
mod mail;
mod model;
pub(crate) mod retention;
mod settings;
mod single_sign_on;
mod token;

pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod deidentify;
pub(crate) mod device;
pub(crate) mod hl7;
pub(crate) mod keys;
pub(crate) mod route;
pub(crate) mod subscription;

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf};

use ai::EnginePreference;
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::{EmailAddress, Role};
use ipnet::IpNet;

pub(crate) use self::{
    check::CheckArgs,
    database::{CareArgs, DbCommand, LookCommand},
    model::{EvaluateArgs, ModelCommand, ModelName, ReasonArgs},
    settings::SettingsCommand,
    token::TokenCommand,
};

/// Options that hold secrets: never printed, and a file with them is closed to others.
pub(crate) const SECRETS: &[&str] = &[
    "database_url",
    "database_admin_url",
    "demo_password",
    "smtp_url",
    "oidc_client_secret",
];

/// Self-hosted X-ray triage: films in, a risk estimate, a priority queue, signed reviews, released
/// results. Decision support, not a diagnosis.
#[derive(Debug, Parser)]
#[command(name = "medical-portal", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// Say more in the log (-v) or everything (-vv).
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// How log lines look; the log goes to standard error.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, global = true, env = "PORTAL_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    /// Send traces to this OpenTelemetry collector (OTLP over HTTP), such as http://127.0.0.1:4318
    #[arg(
        long,
        global = true,
        env = "PORTAL_TELEMETRY_ENDPOINT",
        value_name = "URL"
    )]
    pub(crate) telemetry_endpoint: Option<String>,
    /// TOML file with what may also be given by environment variables [default:
    /// /etc/medical-portal/portal.toml, when it is there]
    #[arg(long, global = true, env = "PORTAL_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the portal, with workers, on its own PostgreSQL or on DATABASE_URL
    Serve(Box<ServeArgs>),
    /// Run workers alone, against a portal's database
    Worker(WorkerArgs),
    /// Analyse DICOM, PNG or JPEG files without a server or database
    Analyze(AnalyzeArgs),
    /// Copy DICOM films without what identifies the patient (PS3.15 Annex E), for research and teaching
    Deidentify(deidentify::DeidentifyArgs),
    /// Say what is wrong with a portal and what to do; exit status 1 when something must be put right
    Check(CheckArgs),
    /// Read and change the settings that a hospital may change while the portal runs
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Look at what is kept for a term only
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// Prove, export and archive the audit trail
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Look after the keys that stored images and secrets are encrypted with
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Look after the database
    #[command(subcommand)]
    Db(DbCommand),
    /// Look after the models
    #[command(subcommand)]
    Model(ModelCommand),
    /// Look after accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Look after the tokens of programs
    #[command(subcommand)]
    Token(TokenCommand),
    /// Say which devices may speak DICOM with the portal over the network
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// Say which systems send patients and orders, and which are sent results (HL7 v2)
    #[command(subcommand)]
    Hl7(hl7::Hl7Command),
    /// Say which films are sent on to devices as they come in
    #[command(subcommand)]
    Route(route::RouteCommand),
    /// Say in which devices earlier studies of patients are looked for
    #[command(subcommand)]
    Archive(archive::ArchiveCommand),
    /// Say which systems are told of results that are signed (FHIR)
    #[command(subcommand)]
    Subscription(subscription::SubscriptionCommand),
    /// Back up, verify and restore
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// Synthetic films for demonstrations and tests
    #[command(subcommand)]
    Demo(DemoCommand),
    /// Print the OpenAPI document
    Openapi,
    /// Print the completions for a shell (used when packaging)
    #[command(hide = true)]
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages (used when packaging)
    #[command(hide = true)]
    Man {
        /// Folder to write them into
        folder: PathBuf,
    },
    /// Try a model package in a process of its own (used by `model import`)
    #[command(hide = true)]
    TryModel {
        /// The package's folder.
        package: PathBuf,
    },
}

/// Where the portal keeps its things.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlaceArgs {
    /// Folder for the database cluster, images and models [default: /var/lib/medical-portal for root,
    /// else ~/.local/share/medical-portal]
    #[arg(long, env = "PORTAL_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// An external PostgreSQL 14 or later instead of the private cluster
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// Who may migrate the external database, when DATABASE_URL may not
    #[arg(
        long,
        env = "DATABASE_ADMIN_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(crate) database_admin_url: Option<String>,
    /// Folder of PostgreSQL's programs for the private cluster [default: the newest found]
    #[arg(long, env = "PORTAL_PG_BIN", value_name = "DIR")]
    pub(crate) pg_bin: Option<PathBuf>,
    /// File of the keys of stored images and secrets [default: keys/storage.key in the data folder]
    #[arg(long, env = "PORTAL_STORAGE_KEY_FILE", value_name = "FILE")]
    pub(crate) storage_key_file: Option<PathBuf>,
}

/// Which engine runs the model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineChoice {
    /// ONNX Runtime when its library is there, else the built-in one.
    #[default]
    Fastest,
    /// ONNX Runtime.
    OnnxRuntime,
    /// The built-in one.
    BuiltIn,
}

impl From<EngineChoice> for EnginePreference {
    fn from(choice: EngineChoice) -> Self {
        match choice {
            EngineChoice::Fastest => Self::Fastest,
            EngineChoice::OnnxRuntime => Self::OnnxRuntime,
            EngineChoice::BuiltIn => Self::BuiltIn,
        }
    }
}

/// A network such as 10.20.0.0/16, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    text.parse()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "is neither an address nor a network such as 10.20.0.0/16".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Address to listen on
    #[arg(long, env = "PORTAL_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Fill the portal with made-up people and films; loopback only
    #[arg(long)]
    pub(crate) demo: bool,
    /// With --demo: a new film arrives every half minute
    #[arg(long, requires = "demo")]
    pub(crate) live: bool,
    /// Workers in this process; 0 for none
    #[arg(long, env = "PORTAL_WORKERS", default_value_t = 2)]
    pub(crate) workers: usize,
    /// Engine that runs the model
    #[arg(long, value_enum, default_value_t, env = "PORTAL_ENGINE")]
    pub(crate) engine: EngineChoice,
    /// Serve https with this certificate chain (PEM); read again when it changes
    #[arg(
        long,
        env = "PORTAL_TLS_CERTIFICATE",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(
        long,
        env = "PORTAL_TLS_KEY",
        value_name = "FILE",
        requires = "tls_certificate"
    )]
    pub(crate) tls_key: Option<PathBuf>,
    /// Print what is in force, with where it comes from and secrets masked, and end
    #[arg(long)]
    pub(crate) print_config: bool,
    #[command(flatten)]
    pub(crate) dicom: DicomArgs,
    #[command(flatten)]
    pub(crate) hl7: hl7::Hl7Args,
    /// The portal is reached over TLS (through a proxy): mark cookies Secure
    #[arg(long, env = "PORTAL_SECURE_COOKIES")]
    pub(crate) secure_cookies: bool,
    /// Answer on this address in the clear too, only to send browsers to https
    #[arg(
        long,
        env = "PORTAL_REDIRECT_FROM",
        value_name = "ADDRESS",
        requires = "tls_certificate"
    )]
    pub(crate) redirect_from: Option<SocketAddr>,
    /// Proxies, comma-separated addresses or networks, that are believed about whom they speak for
    #[arg(
        long,
        env = "PORTAL_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        value_delimiter = ',',
        value_parser = network
    )]
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Requests a minute from one address, all of which may come at once
    #[arg(
        long,
        env = "PORTAL_REQUESTS_AN_ADDRESS",
        value_name = "NUMBER",
        default_value = "12000"
    )]
    pub(crate) requests_an_address: NonZeroU32,
    /// Requests a minute with one session, all of which may come at once
    #[arg(
        long,
        env = "PORTAL_REQUESTS_A_SESSION",
        value_name = "NUMBER",
        default_value = "3000"
    )]
    pub(crate) requests_a_session: NonZeroU32,
    /// Serve although something here is unsafe for patients, to try the portal out: plain http or
    /// database links over a network, demo accounts, default passwords
    #[arg(long, env = "PORTAL_EVALUATION")]
    pub(crate) evaluation: bool,
    /// File of the key that scheduled backups are encrypted with [default:
    /// /etc/medical-portal/backup.key for root, else ~/.config/medical-portal/backup.key]
    #[arg(long, env = "PORTAL_BACKUP_KEY_FILE", value_name = "FILE")]
    pub(crate) backup_key_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) mail: mail::MailArgs,
    #[command(flatten)]
    pub(crate) collector: collector::CollectorArgs,
    #[command(flatten)]
    pub(crate) single_sign_on: single_sign_on::SingleSignOnArgs,
    /// Password of the demo accounts
    #[arg(
        long,
        env = "PORTAL_DEMO_PASSWORD",
        hide_env_values = true,
        default_value = "demo-portal-2026"
    )]
    pub(crate) demo_password: String,
}

#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Jobs at a time
    #[arg(long, default_value_t = 2)]
    pub(crate) concurrency: usize,
    /// Engine that runs the model
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: EngineChoice,
}

/// The port that devices send films to.
#[derive(Debug, Args)]
pub(crate) struct DicomArgs {
    /// Let devices send films to this port (DICOM C-STORE), on the address of --listen; see `device add`
    #[arg(long, env = "PORTAL_DICOM_PORT", value_name = "PORT")]
    pub(crate) dicom_port: Option<u16>,
    /// What devices call the portal
    #[arg(
        long,
        env = "PORTAL_DICOM_AE_TITLE",
        value_name = "TITLE",
        default_value = "PORTAL",
        value_parser = device::ae_title
    )]
    pub(crate) dicom_ae_title: String,
    /// Devices speak TLS, and are shown the certificate of --tls-certificate
    #[arg(long, env = "PORTAL_DICOM_TLS")]
    pub(crate) dicom_tls: bool,
    /// Devices show a certificate that one of these authorities (PEM) has signed
    #[arg(long, env = "PORTAL_DICOM_CLIENT_AUTHORITIES", value_name = "FILE")]
    pub(crate) dicom_client_authorities: Option<PathBuf>,
    /// Let devices send films in the clear over a network that you trust
    #[arg(long, env = "PORTAL_DICOM_IN_THE_CLEAR")]
    pub(crate) dicom_in_the_clear: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AnalyzeArgs {
    /// DICOM, PNG or JPEG files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Age in years, where the file does not say
    #[arg(long)]
    pub(crate) age: Option<f64>,
    /// Model package instead of the bundled one
    #[arg(long, value_name = "DIR")]
    pub(crate) model: Option<PathBuf>,
    /// Engine that runs the model
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: EngineChoice,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account; the password is asked for, or read from PORTAL_PASSWORD
    Create {
        #[command(flatten)]
        place: PlaceArgs,
        /// Address to sign in with
        #[arg(long)]
        email: EmailAddress,
        /// patient, radiologist, doctor or tech
        #[arg(long)]
        role: Role,
        /// Name as shown
        #[arg(long)]
        name: String,
    },
    /// Give an account a new password, and end its sessions
    Password {
        #[command(flatten)]
        place: PlaceArgs,
        /// The account's address
        #[arg(long)]
        email: EmailAddress,
    },
    /// Keep an account from signing in, and end its sessions
    Deactivate {
        #[command(flatten)]
        place: PlaceArgs,
        /// The account's address
        #[arg(long)]
        email: EmailAddress,
    },
    /// Let a deactivated account sign in again
    Activate {
        #[command(flatten)]
        place: PlaceArgs,
        /// The account's address
        #[arg(long)]
        email: EmailAddress,
    },
    /// List the open sessions of an account
    Sessions {
        #[command(flatten)]
        place: PlaceArgs,
        /// The account's address
        #[arg(long)]
        email: EmailAddress,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// End every session of an account
    SignOut {
        #[command(flatten)]
        place: PlaceArgs,
        /// The account's address
        #[arg(long)]
        email: EmailAddress,
    },
    /// Take the second factor of an account away, for somebody who lost the device, and end its sessions
    ResetSecondFactor {
        #[command(flatten)]
        place: PlaceArgs,
        /// The account's address
        #[arg(long)]
        email: EmailAddress,
    },
    /// List accounts
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DemoCommand {
    /// Draw films of nobody, with a manifest for `model evaluate`
    Generate {
        /// How many
        #[arg(long, default_value_t = 10)]
        count: u32,
        /// Folder to write them into
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The same seed draws the same films
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// DICOM, PNG or JPEG
        #[arg(long, default_value = "DICOM")]
        format: domain::ImageFormat,
    },
}
