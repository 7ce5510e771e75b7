//! A portal with films in it, and a second model.

use std::path::Path;

use ai::Package;
use analysis::registry;
use db::{Actor, ActorTx};
use demo::{Film, FilmClass, FilmModel};
use domain::{ModelId, Role};
use serde_json::{Value, json};
use testkit::{Client, TestApp};

/// A portal, one client a role, and the film model.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) patient: Client,
    pub(crate) radiologist: Client,
    pub(crate) doctor: Client,
    pub(crate) tech: Client,
    films: FilmModel,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let app = TestApp::start().await;
        // Sessions that last over the days of a test.
        let early = app.client_named(Role::Tech, "early").await;
        for (key, value) in [
            ("session.idle_minutes", 1440),
            ("session.absolute_hours", 168),
        ] {
            early
                .put(
                    &format!("/api/settings/{key}"),
                    json!({ "setting_value": value }),
                )
                .await
                .expect(200);
        }
        Self {
            patient: app.client(Role::Patient).await,
            radiologist: app.client(Role::Radiologist).await,
            doctor: app.client(Role::Doctor).await,
            tech: app.client(Role::Tech).await,
            films: FilmModel::load().unwrap(),
            app,
        }
    }

    /// A drawn film as PNG.
    pub(crate) fn film(&self, class: FilmClass, seed: u64) -> Vec<u8> {
        demo::study::png(&Film::draw(&self.films, class, seed)).unwrap()
    }

    /// The same as another machine would make it: darker, with little contrast.
    pub(crate) fn dull_film(&self, class: FilmClass, seed: u64) -> Vec<u8> {
        let picture = Film::draw(&self.films, class, seed).to_picture();
        let grey = picture.to_grey();
        let pixels = grey.pixels().iter().map(|level| level / 3 + 10).collect();
        imaging::Picture::grey(grey.width(), grey.height(), pixels)
            .encode_png()
            .unwrap()
    }

    /// Sends one film in; its report.
    pub(crate) async fn send(&self, film: Vec<u8>) -> String {
        let receipt = self
            .radiologist
            .upload(
                vec![("film.png", film)],
                &[
                    ("patient_id", &self.patient.user_id()),
                    ("patient_age", "3"),
                ],
            )
            .await
            .expect(201);
        receipt["reports"][0]["report_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// A doctor signs.
    pub(crate) async fn sign(&self, report_id: &str, risk: &str) {
        let review = json!({ "report_id": report_id, "doctor_risk_assessment": risk, "urgency_level": "routine",
            "confirmed_ai_diagnosis": true });
        let answer = self.doctor.post("/api/reviews", review.clone()).await;
        if answer.status == 422 {
            // The doctor disagrees with the AI: that needs a reason.
            let mut review = review;
            review["confirmed_ai_diagnosis"] = json!(false);
            review["ai_disagreement_reason"] = json!("read otherwise");
            self.doctor.post("/api/reviews", review).await.expect(201);
        } else {
            answer.expect(201);
        }
    }

    pub(crate) async fn set_setting(&self, key: &str, value: Value) {
        self.tech
            .put(
                &format!("/api/settings/{key}"),
                json!({ "setting_value": value }),
            )
            .await
            .expect(200);
    }

    /// The bundled network under another version, medium from another probability on.
    pub(crate) async fn second_model(&self, version: &str, medium: f64) -> ModelId {
        let folder = tempfile::tempdir().unwrap();
        let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/chest-paediatric");
        for name in ["model.onnx", "golden.json", "MODEL_CARD.md"] {
            std::fs::copy(bundled.join(name), folder.path().join(name)).unwrap();
        }
        let mut manifest: toml::Table = std::fs::read_to_string(bundled.join("model.toml"))
            .unwrap()
            .parse()
            .unwrap();
        manifest.insert("version".to_owned(), version.into());
        manifest["thresholds"]["medium"] = medium.into();
        std::fs::write(
            folder.path().join("model.toml"),
            toml::to_string(&manifest).unwrap(),
        )
        .unwrap();
        let package = Package::open(folder.path()).unwrap();
        let models = self.app.folder().join("models");
        registry::register(
            &self.app.database,
            &Actor::command_line(),
            &package,
            &models,
        )
        .await
        .unwrap()
    }

    pub(crate) async fn worker(&self) -> ActorTx {
        self.app.database.begin(&Actor::worker()).await.unwrap()
    }

    /// The models by version.
    pub(crate) async fn models(&self) -> Vec<(String, String, String)> {
        let models = self.tech.get("/api/models").await.expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        models["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|model| {
                (
                    text(&model["model_id"]),
                    text(&model["version"]),
                    text(&model["stage"]),
                )
            })
            .collect()
    }

    /// The stage of a model.
    pub(crate) async fn stage(&self, model_id: impl ToString) -> String {
        let model_id = model_id.to_string();
        let models = self.models().await;
        models
            .into_iter()
            .find(|(id, _, _)| *id == model_id)
            .unwrap()
            .2
    }

    /// The model at work.
    pub(crate) async fn active(&self) -> String {
        let models = self.models().await;
        let active = models
            .into_iter()
            .find(|(_, _, stage)| stage == "active" || stage == "suspended");
        active.unwrap().0
    }
}
