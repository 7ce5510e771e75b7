//! The proof: back up, destroy everything, restore; bytes and tables are equal and people sign in.

use super::{Clinic, files_below, images_in, refusal, running, send_films, tables_at, tables_of};
use crate::{
    serve::Signed,
    support::{Serving, stdout},
};

/// Tables in which a restore itself writes.
const WRITTEN: [&str; 4] = [
    "public.sessions",
    "public.audit_logs",
    "public.ai_models",
    "portal.backups",
];

#[test]
fn back_up_destroy_everything_and_restore_gives_equal_bytes_and_tables() {
    let clinic = Clinic::new();
    let (data, store) = (clinic.data(), clinic.path("store"));
    let mut serving = Serving::start(&data, &["--workers", "0"]);
    send_films(&serving.base, 0..3);
    let doctor = Signed::sign_in(&serving.base, "doctor@example.com");

    // Beside the running portal, whose cluster stays its own.
    let first = clinic.create(&store);
    assert_eq!(
        (&first["blobs"], &first["faults"]),
        (&3.into(), &serde_json::json!([]))
    );
    doctor.get("/api/reviews/queue");
    send_films(&serving.base, 3..4);
    assert!(serving.interrupt().success());

    // And with the portal stopped. Only what is new is sent.
    let second = clinic.create(&store);
    assert_eq!(second["blobs"], 4);
    let list = clinic.list(&store);
    let ids: Vec<&str> = list
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            first["id"].as_str().unwrap(),
            second["id"].as_str().unwrap()
        ]
    );
    assert!(
        second["bytes_sent"].as_u64().unwrap() < first["bytes_sent"].as_u64().unwrap(),
        "{first} {second}"
    );

    let (blobs, models) = (images_in(&data), files_below(&data.join("models")));
    assert_eq!(blobs.len(), 4);
    let tables = tables_of(&data);
    let keys = files_below(&data.join("keys"));
    assert!(
        keys.contains_key(std::path::Path::new("storage.key")),
        "{keys:?}"
    );
    std::fs::remove_dir_all(&data).unwrap();

    let said = stdout(&clinic.verify(ids[1], &store));
    assert!(said.contains("is sound"), "{said}");
    let fresh = clinic.path("elsewhere/new");
    let said = stdout(&clinic.restore(ids[1], &store, &fresh));
    assert!(said.contains("4 images"), "{said}");

    assert_eq!(images_in(&fresh), blobs);
    assert_eq!(files_below(&fresh.join("models")), models);
    assert_eq!(files_below(&fresh.join("keys")), keys);
    let restored = tables_of(&fresh);
    assert_eq!(
        restored.keys().collect::<Vec<_>>(),
        tables.keys().collect::<Vec<_>>()
    );
    for (table, figures) in &tables {
        if WRITTEN.contains(&table.as_str()) || table.starts_with("portal.audit_logs_") {
            assert!(restored[table].0 >= figures.0, "{table}");
        } else {
            assert_eq!(&restored[table], figures, "{table}");
        }
    }
    assert!(tables["public.medical_reports"].0 >= 28, "{tables:?}");

    // It starts, people sign in anew, films are read, and the model is where it says.
    let serving = Serving::start(&fresh, &["--workers", "0"]);
    let old = Signed {
        base: serving.base.clone(),
        ..doctor
    };
    assert_eq!(old.get("/api/reviews/queue")["status"], 401);
    let doctor = Signed::sign_in(&serving.base, "doctor@example.com");
    assert!(
        doctor.get("/api/reports?limit=200")["items"]
            .as_array()
            .unwrap()
            .len()
            >= 28
    );
    let address = running(&fresh);
    let folders: Vec<String> = tokio::runtime::Runtime::new().unwrap().block_on(async {
        use sqlx::Connection;
        let url = address.url("postgres", "portal");
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        sqlx::query_scalar("SELECT model_file_url FROM ai_models WHERE is_active")
            .fetch_all(&mut connection)
            .await
            .unwrap()
    });
    assert_eq!(folders.len(), 1);
    let model = fresh.join("models").join(&folders[0]).join("model.onnx");
    assert!(model.is_file(), "{folders:?}");
    let audit = tables_at(&address.url("postgres", "portal"))["portal.backups"].0;
    assert!(audit >= 1, "the runs are noted");
}

#[test]
fn bad_input_is_named_with_its_remedy() {
    let clinic = Clinic::new();
    let (data, store) = (clinic.data(), clinic.path("store"));
    let made = clinic.create(&store);
    let id = made["id"].as_str().unwrap();
    let text = store.to_str().unwrap().to_owned();
    let new = clinic.path("new");

    let said = refusal(&clinic.restore("20200101T000000Z-abcdef", &store, &new));
    assert!(
        said.contains("there is no backup") && said.contains(id),
        "{said}"
    );
    let said = refusal(&clinic.restore(id, &clinic.path("nowhere"), &new));
    assert!(said.contains("there is no folder"), "{said}");
    let said = refusal(&clinic.backup(&["create", "--to", &text, "--data-dir", "/nonexistent"]));
    assert!(
        said.contains("there is no portal in /nonexistent"),
        "{said}"
    );
    let said = refusal(&clinic.backup(&["prune", "--from", &text]));
    assert!(said.contains("--keep-daily"), "{said}");
    let file = clinic.path("a-file");
    std::fs::write(&file, "").unwrap();
    let said = refusal(&clinic.backup(&[
        "create",
        "--to",
        file.join("below").to_str().unwrap(),
        "--data-dir",
        data.to_str().unwrap(),
    ]));
    assert!(
        said.contains("cannot write to") && said.contains("--to"),
        "{said}"
    );

    // The key.
    let key = clinic.path("keys/backup.key");
    let aside = clinic.path("keys/aside");
    std::fs::rename(&key, &aside).unwrap();
    let said = refusal(&clinic.restore(id, &store, &new));
    assert!(
        said.contains("is missing") && said.contains("--key-file"),
        "{said}"
    );
    clinic.create(&clinic.path("another-store"));
    let said = refusal(&clinic.verify(id, &store));
    assert!(said.contains("was encrypted with key"), "{said}");
    std::fs::rename(&aside, &key).unwrap();

    // What is there is not lost by accident, and moves aside on demand.
    let said = refusal(&clinic.restore(id, &store, &data));
    assert!(
        said.contains("is not empty") && said.contains("--overwrite"),
        "{said}"
    );
    let said = stdout(&clinic.backup(&[
        "restore",
        id,
        "--from",
        &text,
        "--data-dir",
        data.to_str().unwrap(),
        "--overwrite",
    ]));
    let kept = std::fs::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_str().unwrap().contains("before-restore-"))
        .unwrap();
    assert!(said.contains(kept.to_str().unwrap()), "{said}");
    assert!(kept.join("postgres/PG_VERSION").is_file());

    // A running portal keeps its folder.
    let serving = Serving::start(&data, &["--workers", "0"]);
    let said = refusal(&clinic.backup(&[
        "restore",
        id,
        "--from",
        &text,
        "--data-dir",
        data.to_str().unwrap(),
        "--overwrite",
    ]));
    assert!(said.contains("in use by another portal"), "{said}");
    drop(serving);
}
