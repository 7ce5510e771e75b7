//! The log and the traces. The log goes to standard error, for people or as JSON; traces go to an
//! OpenTelemetry collector where one is named. Both hold request ids and path templates, never patient
//! data.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::cli::LogFormat;

/// Sends what is left of the traces when it ends.
#[derive(Debug, Default)]
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = &self.0 {
            // A collector that is away must not hold the end up; what it misses is lost.
            let _ = provider.shutdown();
        }
    }
}

/// Starts the log, and traces to the collector at `collector` (such as http://127.0.0.1:4318).
/// `RUST_LOG` overrides the level of both. Must be called before the async runtime starts: the
/// exporter has a thread of its own.
pub(crate) fn start(verbose: u8, format: LogFormat, collector: Option<&str>) -> Result<Telemetry> {
    let (traces, telemetry) = match collector {
        Some(collector) => {
            let provider = provider(collector)?;
            let layer =
                tracing_opentelemetry::layer().with_tracer(provider.tracer("medical-portal"));
            (Some(layer), Telemetry(Some(provider)))
        }
        None => (None, Telemetry::default()),
    };
    let (text, json) = match format {
        LogFormat::Text => {
            let layer = fmt::layer()
                .with_writer(std::io::stderr)
                .with_target(false)
                .with_ansi(std::io::stderr().is_terminal());
            (Some(layer), None)
        }
        LogFormat::Json => {
            let layer = fmt::layer()
                .json()
                .flatten_event(true)
                .with_writer(std::io::stderr);
            (None, Some(layer))
        }
    };
    // One filter for all: with one a layer, spans got lost on the way to the log. So where traces are
    // wanted, the log says as much as they do.
    let level = if collector.is_some() {
        verbose.max(1)
    } else {
        verbose
    };
    tracing_subscriber::registry()
        .with(filter(level))
        .with(traces)
        .with(text)
        .with(json)
        .init();
    Ok(telemetry)
}

fn filter(verbose: u8) -> EnvFilter {
    let default = match verbose {
        0 => {
            "warn,portal=info,medical_portal=info,jobs=info,analysis=info,backup=info,api=warn,ort=warn,sqlx=warn"
        }
        1 => "info,ort=warn,sqlx=warn",
        // The exporter's own requests would be traced in turn.
        _ => "debug,ort=info,hyper=info,reqwest=info,opentelemetry=info,sqlx=info",
    };
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default))
}

fn provider(collector: &str) -> Result<SdkTracerProvider> {
    let endpoint = format!("{}/v1/traces", collector.trim_end_matches('/'));
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(&endpoint)
        .build()
        .with_context(|| format!("cannot send traces to {endpoint}"))?;
    Ok(SdkTracerProvider::builder()
        .with_resource(
            Resource::builder()
                .with_service_name("medical-portal")
                .build(),
        )
        .with_batch_exporter(exporter)
        .build())
}
