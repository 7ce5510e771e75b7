//! `make fuzz`: damaged inputs for as long as it is told to, or as many as it is told to. Children of
//! bounded memory try them, so that a crash ends a child and names its input.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Parser;
use fuzzing::{Mutator, TARGETS, Target};

/// Inputs that one child tries.
const CHUNK: u64 = 5_000;
/// Longest time that one input may take, in a build without optimisation.
const SLOW: Duration = Duration::from_secs(10);
/// Address space of a child, in bytes.
const MEMORY: u64 = 2_000_000_000;

#[derive(Debug, Parser)]
#[command(about = "Tries the portal's parsers with damaged inputs")]
struct Arguments {
    /// Only this one, such as dicom or session
    #[arg(long)]
    target: Option<String>,
    /// Go on for so many minutes, all targets together
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Try so many inputs a target, however long it takes
    #[arg(long)]
    inputs: Option<u64>,
    /// Another seed damages otherwise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the damaged input of this number into input.bin, and end
    #[arg(long, requires = "target")]
    write: Option<u64>,
    /// Folder with `dicom/` [default: PORTAL_SHARED_DIR, or ../shared]
    #[arg(long, env = "PORTAL_SHARED_DIR", default_value = "../shared")]
    shared: PathBuf,
    /// The first number to try (children)
    #[arg(long, hide = true, requires = "until")]
    from: Option<u64>,
    /// The number behind the last one (children)
    #[arg(long, hide = true)]
    until: Option<u64>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let targets: Vec<Target> = TARGETS
        .into_iter()
        .filter(|target| {
            arguments
                .target
                .as_deref()
                .is_none_or(|name| name == target.name)
        })
        .collect();
    if targets.is_empty() {
        bail!(
            "there is no such target; there are: {:?}",
            TARGETS.map(|target| target.name)
        );
    }
    if let (Some(from), Some(until)) = (arguments.from, arguments.until) {
        return child(&arguments, &targets[0], from, until);
    }
    if let Some(number) = arguments.write {
        let input = mutator(&arguments, &targets[0]).input(number);
        std::fs::write("input.bin", input).context("cannot write input.bin")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut found = false;
    for target in &targets {
        let share = Duration::from_secs(arguments.minutes * 60) / u32::try_from(targets.len())?;
        found |= explore(&arguments, target, share)?;
    }
    Ok(if found {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn mutator(arguments: &Arguments, target: &Target) -> Mutator {
    let shared = arguments
        .shared
        .is_dir()
        .then_some(arguments.shared.as_path());
    Mutator::new((target.corpus)(shared), arguments.seed)
}

/// Says each number before it is tried, so that the last one said is the one that it died of.
fn child(arguments: &Arguments, target: &Target, from: u64, until: u64) -> Result<ExitCode> {
    rlimit::Resource::AS.set(MEMORY, MEMORY)?;
    let mutator = mutator(arguments, target);
    let mut out = std::io::stdout().lock();
    for number in from..until {
        writeln!(out, "{number}")?;
        out.flush()?;
        let started = Instant::now();
        (target.run)(&mutator.input(number));
        if started.elapsed() > SLOW {
            eprintln!("took {:?}", started.elapsed());
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Tries one target on every processor; says whether something was found.
fn explore(arguments: &Arguments, target: &Target, share: Duration) -> Result<bool> {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (next, tried) = (AtomicU64::new(0), AtomicU64::new(0));
    let found = AtomicBool::new(false);
    let failures = Mutex::new(Vec::new());
    let started = Instant::now();
    let end = |from: u64| match arguments.inputs {
        Some(inputs) => from >= inputs,
        None => started.elapsed() >= share,
    };
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(CHUNK, Ordering::Relaxed);
                    if end(from) {
                        return;
                    }
                    let until = arguments
                        .inputs
                        .map_or(from + CHUNK, |inputs| inputs.min(from + CHUNK));
                    match chunk(arguments, target, from, until) {
                        Ok(faults) => {
                            tried.fetch_add(until - from, Ordering::Relaxed);
                            if faults > 0 {
                                found.store(true, Ordering::Relaxed);
                            }
                        }
                        Err(error) => {
                            if let Ok(mut failures) = failures.lock() {
                                failures.push(error);
                            }
                            return;
                        }
                    }
                }
            });
        }
    });
    if let Some(error) = failures
        .into_inner()
        .ok()
        .and_then(|mut failures| failures.pop())
    {
        return Err(error);
    }
    println!(
        "{}: {} damaged inputs of {} files in {:.0} s, {}",
        target.name,
        tried.load(Ordering::Relaxed),
        mutator(arguments, target).corpus(),
        started.elapsed().as_secs_f64(),
        if found.load(Ordering::Relaxed) {
            "with faults"
        } else {
            "no fault"
        }
    );
    Ok(found.load(Ordering::Relaxed))
}

/// Has children try the numbers; one that dies is told of, and another goes on behind its input.
fn chunk(arguments: &Arguments, target: &Target, from: u64, until: u64) -> Result<usize> {
    let mut faults = 0;
    let mut first = from;
    while first < until {
        let mut child = Command::new(std::env::current_exe()?)
            .args([
                "--target",
                target.name,
                "--seed",
                &arguments.seed.to_string(),
            ])
            .args(["--from", &first.to_string(), "--until", &until.to_string()])
            .arg("--shared")
            .arg(&arguments.shared)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start a child")?;
        let complaints = child.stderr.take().map(|stderr| {
            std::thread::spawn(move || {
                BufReader::new(stderr)
                    .lines()
                    .map_while(Result::ok)
                    .collect::<Vec<_>>()
            })
        });
        let mut last = first;
        for line in child
            .stdout
            .take()
            .into_iter()
            .flat_map(|out| BufReader::new(out).lines())
        {
            last = line?.parse().unwrap_or(last);
        }
        let status = child.wait()?;
        let said = complaints
            .and_then(|reader| reader.join().ok())
            .unwrap_or_default();
        if status.success() {
            break;
        }
        faults += 1;
        println!(
            "{} {last} (seed {}): {status}\n  {}\n  the input: cargo run -p fuzzing -- --target {0} --seed {1} --write {last}",
            target.name,
            arguments.seed,
            said.iter()
                .take(6)
                .cloned()
                .collect::<Vec<_>>()
                .join("\n  ")
        );
        first = last + 1;
    }
    Ok(faults)
}
