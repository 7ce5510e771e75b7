//! One run for several films when several wait.
//!
//! Callers hand in one film each. Whoever finds the engine idle runs it at once, alone if nobody else
//! waits, so a single film is never held up; those who come meanwhile wait, and the next run takes as
//! many of them as pays. How many that is, is measured: the time a film for each size of batch.

mod costs;

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    time::Instant,
};

use costs::Costs;

use super::{Batch, Engine, EngineError, EngineKind, Outputs, Tensor};

/// Most input values of one run: 8 films of 3 × 418 × 418, so that memory stays bounded.
const MOST_VALUES: usize = 1 << 22;

/// An engine that runs films together.
pub(super) struct Batching {
    engine: Box<dyn Engine>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether somebody runs the engine.
    busy: bool,
    waiting: VecDeque<Request>,
    costs: Costs,
}

/// One film that waits.
struct Request {
    shape: [usize; 4],
    values: Vec<f32>,
    answer: SyncSender<Answer>,
}

enum Answer {
    /// The film's own outputs.
    Done(Result<Outputs, EngineError>),
    /// The engine is free: run it for the films that wait, your own first.
    Lead,
}

impl Batching {
    /// Lets films run together in this engine.
    pub(super) fn around(engine: Box<dyn Engine>) -> Box<dyn Engine> {
        Box::new(Self {
            engine,
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held; were it so, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the first of the films that wait, and others with it; answers them all and hands the
    /// engine on.
    fn lead(&self) {
        let _handing_on = HandOn(self);
        let requests = self.state().take();
        let started = Instant::now();
        let Some(answers) = self.run_together(&requests) else {
            // One film or the batch itself is bad: each for itself, so that it costs only itself.
            tracing::warn!(
                films = requests.len(),
                "a run of several films failed; each is run alone"
            );
            for request in &requests {
                let answer = self.engine.run(&request.batch());
                let _ = request.answer.send(Answer::Done(answer));
            }
            return self.note(requests.len(), started);
        };
        self.note(requests.len(), started);
        for (request, answer) in requests.into_iter().zip(answers) {
            // Whoever no longer listens needs no answer.
            let _ = request.answer.send(Answer::Done(answer));
        }
    }

    /// Notes what a run cost, with what came after it when it failed.
    fn note(&self, films: usize, started: Instant) {
        let seconds = started.elapsed().as_secs_f64() / films.max(1) as f64;
        tracing::debug!(films, milliseconds_each = seconds * 1000.0, "the model ran");
        self.state().costs.note(films, seconds);
    }

    /// The answers in the order of the films; none when a run of several failed.
    fn run_together(&self, requests: &[Request]) -> Option<Vec<Result<Outputs, EngineError>>> {
        let first = requests.first()?;
        if requests.len() == 1 {
            return Some(vec![self.engine.run(&first.batch())]);
        }
        let [_, channels, height, width] = first.shape;
        let values: Vec<f32> = requests
            .iter()
            .flat_map(|request| &request.values)
            .copied()
            .collect();
        let outputs = self.engine.run(&Batch {
            shape: [requests.len(), channels, height, width],
            values: &values,
        });
        let members =
            (0..requests.len()).map(|index| member(outputs.as_ref().ok()?, index, requests.len()));
        let members: Option<Vec<Outputs>> = members.collect();
        Some(members?.into_iter().map(Ok).collect())
    }
}

/// Hands the engine to the next film that waits, whatever ends the run.
struct HandOn<'a>(&'a Batching);

impl Drop for HandOn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        // One whose thread is gone cannot lead, and needs no answer.
        while let Some(next) = state.waiting.front() {
            if next.answer.send(Answer::Lead).is_ok() {
                return;
            }
            state.waiting.pop_front();
        }
        state.busy = false;
    }
}

impl Request {
    fn batch(&self) -> Batch<'_> {
        Batch {
            shape: self.shape,
            values: &self.values,
        }
    }
}

impl State {
    /// Takes as many films of one shape as pay to run together.
    fn take(&mut self) -> Vec<Request> {
        let Some(first) = self.waiting.front() else {
            return Vec::new();
        };
        let alike = self
            .waiting
            .iter()
            .take_while(|request| request.shape == first.shape)
            .count();
        let fitting = MOST_VALUES / first.values.len().max(1);
        let size = self.costs.size(alike.min(fitting));
        self.waiting.drain(..size).collect()
    }
}

/// The outputs of one film of a batch; none when an output does not follow the batch.
fn member(outputs: &Outputs, index: usize, batch: usize) -> Option<Outputs> {
    outputs
        .iter()
        .map(|(name, tensor)| {
            if tensor.shape.first() != Some(&batch) {
                return None;
            }
            let mut shape = tensor.shape.clone();
            shape[0] = 1;
            let values = tensor.member(index)?.to_vec();
            Some((name.clone(), Tensor { shape, values }))
        })
        .collect()
}

impl Engine for Batching {
    fn kind(&self) -> EngineKind {
        self.engine.kind()
    }

    fn output_names(&self) -> Vec<String> {
        self.engine.output_names()
    }

    fn run(&self, input: &Batch<'_>) -> Result<Outputs, EngineError> {
        // Who hands in a batch has made one already.
        if input.shape[0] != 1 {
            return self.engine.run(input);
        }
        // Room for both answers one film may get, so that sending never waits.
        let (answer, answers) = sync_channel(2);
        let leads = {
            let mut state = self.state();
            state.waiting.push_back(Request {
                shape: input.shape,
                values: input.values.to_vec(),
                answer,
            });
            !std::mem::replace(&mut state.busy, true)
        };
        if leads {
            self.lead();
        }
        let mut answer = answers.recv();
        if let Ok(Answer::Lead) = answer {
            self.lead();
            answer = answers.recv();
        }
        match answer {
            Ok(Answer::Done(outputs)) => outputs,
            Ok(Answer::Lead) | Err(_) => Err(EngineError::Run {
                engine: self.kind(),
                message: "the run that this film was part of was lost".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Condvar},
        thread,
    };

    use super::{
        costs::{Cost, SIZES, TRIALS},
        *,
    };

    /// Gives each film the sum of its values. Batches that hold a value below zero fail; so does such a
    /// film alone. Runs wait until the door is open.
    #[derive(Default)]
    struct Sums {
        door: Arc<(Mutex<bool>, Condvar)>,
        runs: Arc<Mutex<Vec<usize>>>,
        fails_in_batches: bool,
    }

    impl Sums {
        fn open(door: &(Mutex<bool>, Condvar)) {
            *door.0.lock().unwrap() = true;
            door.1.notify_all();
        }
    }

    impl Engine for Sums {
        fn kind(&self) -> EngineKind {
            EngineKind::BuiltIn
        }

        fn output_names(&self) -> Vec<String> {
            vec!["sum".into()]
        }

        fn run(&self, input: &Batch<'_>) -> Result<Outputs, EngineError> {
            let mut open = self.door.0.lock().unwrap();
            self.runs.lock().unwrap().push(input.shape[0]);
            while !*open {
                open = self.door.1.wait(open).unwrap();
            }
            drop(open);
            let each = input.values.len() / input.shape[0];
            let bad = input.values.iter().any(|value| *value < 0.0);
            if bad || (self.fails_in_batches && input.shape[0] > 1) {
                return Err(EngineError::Run {
                    engine: self.kind(),
                    message: "bad film".into(),
                });
            }
            let values: Vec<f32> = input
                .values
                .chunks_exact(each)
                .map(|film| film.iter().sum())
                .collect();
            let tensor = Tensor {
                shape: vec![input.shape[0], 1],
                values,
            };
            Ok(Outputs::from([("sum".to_owned(), tensor)]))
        }
    }

    /// Runs these films at once, all waiting before the first run ends; gives answers and batch sizes.
    fn at_once(engine: Sums, films: &[f32]) -> (Vec<Result<f32, EngineError>>, Vec<usize>) {
        let (door, runs) = (engine.door.clone(), engine.runs.clone());
        let batching = Batching {
            engine: Box::new(engine),
            state: Mutex::default(),
        };
        // As if every size had been tried, and larger were cheaper.
        for (cost, size) in batching.state().costs.0.iter_mut().zip(SIZES) {
            *cost = Cost {
                runs: TRIALS,
                seconds: 1.0 / size as f64,
            };
        }
        let answers = thread::scope(|scope| {
            let threads: Vec<_> = films
                .iter()
                .map(|&film| {
                    let batching = &batching;
                    scope.spawn(move || {
                        let outputs = batching.run(&Batch {
                            shape: [1, 1, 1, 2],
                            values: &[film, 1.0],
                        })?;
                        assert_eq!(outputs["sum"].shape, [1, 1]);
                        Ok(outputs["sum"].values[0])
                    })
                })
                .collect();
            while batching.state().waiting.len() + 1 < films.len() {
                thread::yield_now();
            }
            Sums::open(&door);
            threads
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|_| panic!("a caller panicked"))
                })
                .collect()
        });
        let state = batching.state();
        assert!(!state.busy && state.waiting.is_empty());
        let runs = runs.lock().unwrap().clone();
        (answers, runs)
    }

    #[test]
    fn those_who_wait_are_run_together_and_each_gets_its_own() {
        let films: Vec<f32> = (0..11u8).map(f32::from).collect();
        let (answers, runs) = at_once(Sums::default(), &films);
        for (film, answer) in films.iter().zip(answers) {
            assert_eq!(answer, Ok(film + 1.0));
        }
        assert_eq!(runs, [1, 8, 2]);
    }

    #[test]
    fn one_alone_is_run_alone() {
        let (answers, runs) = at_once(Sums::default(), &[5.0]);
        assert_eq!((answers, runs), (vec![Ok(6.0)], vec![1]));
    }

    #[test]
    fn a_bad_film_costs_only_itself() {
        let films = [1.0, 2.0, -1.0, 4.0, 5.0];
        let (answers, runs) = at_once(Sums::default(), &films);
        for (film, answer) in films.iter().zip(answers) {
            assert_eq!(answer.is_err(), *film < 0.0, "{film}");
            assert!(answer.is_err() || answer == Ok(film + 1.0));
        }
        assert!(runs.iter().sum::<usize>() >= films.len(), "{runs:?}");
    }

    #[test]
    fn a_model_that_fails_in_batches_runs_film_by_film() {
        let engine = Sums {
            fails_in_batches: true,
            ..Sums::default()
        };
        let films = [1.0, 2.0, 3.0, 4.0, 5.0];
        let (answers, runs) = at_once(engine, &films);
        for (film, answer) in films.iter().zip(answers) {
            assert_eq!(answer, Ok(film + 1.0));
        }
        assert_eq!(runs, [1, 4, 1, 1, 1, 1]);
    }
}
