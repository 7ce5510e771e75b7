//! `medical-portal keys`.

use blobs::BlobStore;
use keys::Keyring;
use serde_json::Value;

use crate::support::{Serving, data_folder, portal, run, stdout};

#[test]
fn keys_are_listed_rotated_and_forgotten_and_a_missing_file_is_no_first_start() {
    let data = data_folder();
    let at = ["--data-dir", data.path().to_str().unwrap()];
    let with = |arguments: &[&str]| run(&[arguments, &at].concat());
    stdout(&with(&["db", "migrate"]));
    let film = b"a film from before there were keys".as_slice();
    let digest = BlobStore::open(data.path().join("blobs"))
        .unwrap()
        .put(film)
        .unwrap();
    let list =
        || -> Value { serde_json::from_str(&stdout(&with(&["keys", "list", "--json"]))).unwrap() };
    assert_eq!(list()["not_encrypted"], 1);
    assert!(stdout(&with(&["keys", "encrypt"])).contains("1 images were encrypted"));
    let before = list();
    assert_eq!(
        (&before["not_encrypted"], &before["items"][0]["images"]),
        (&0.into(), &1.into())
    );
    let old = before["items"][0]["key"].as_str().unwrap();

    let said = with(&["keys", "forget", old]);
    assert!(!said.status.success(), "it is in use");
    let path = data.path().join("keys/storage.key");
    let secret = std::fs::read_to_string(&path).unwrap();
    let secret = secret.lines().last().unwrap().rsplit(' ').next().unwrap();
    let said = stdout(&with(&["keys", "rotate"]));
    assert!(
        said.contains("1 images have new envelopes") && !said.contains(secret),
        "{said}"
    );
    let after = list();
    assert_eq!(
        (&after["items"][0]["images"], &after["items"][1]["images"]),
        (&0.into(), &1.into())
    );
    stdout(&with(&["keys", "forget", old]));
    assert_eq!(list()["items"].as_array().unwrap().len(), 1);
    let store =
        || BlobStore::open_encrypted(data.path().join("blobs"), Keyring::load(&path).unwrap());
    assert_eq!(store().unwrap().read(digest).unwrap(), film);

    let kept = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let said = with(&["keys", "list"]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("is missing: put your copy there"));
    assert!(!path.exists(), "no other key is made");
    keys::write_private(&path, &kept).unwrap();
    assert_eq!(store().unwrap().read(digest).unwrap(), film);
}

#[test]
fn secrets_of_second_factors_outlive_the_key_they_were_sealed_with() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let mut create = portal();
    create
        .args([
            "user",
            "create",
            "--email",
            "tech@example.org",
            "--role",
            "tech",
        ])
        .args(["--name", "First Tech", "--data-dir", folder])
        .env("PORTAL_PASSWORD", "a quiet garden");
    stdout(&create.output().unwrap());
    let serving = Serving::start(data.path(), &["--workers", "0"]);
    let client = reqwest::blocking::Client::new();
    let post = |path: &str, token: &str, body: Value| {
        let request = client.post(format!("{}{path}", serving.base)).json(&body);
        request.bearer_auth(token).send().unwrap()
    };
    let login = serde_json::json!({ "email": "tech@example.org", "password": "a quiet garden" });
    let signed_in: Value = post("/api/auth/login", "none", login).json().unwrap();
    let token = signed_in["token"].as_str().unwrap();
    let begun = post("/api/auth/second-factor/totp", token, Value::Null);
    assert_eq!(begun.status().as_u16(), 200);

    let with = |arguments: &[&str]| stdout(&run(&[arguments, &["--data-dir", folder]].concat()));
    let list: Value = serde_json::from_str(&with(&["keys", "list", "--json"])).unwrap();
    let old = list["items"][0]["key"].as_str().unwrap();
    assert!(with(&["keys", "rotate"]).contains("1 secrets are sealed with it"));
    with(&["keys", "forget", old]);
    // The secret opens: the code is wrong, and not the portal at a loss.
    let wrong = serde_json::json!({ "code": "000000" });
    let answer = post("/api/auth/second-factor/totp/confirm", token, wrong);
    let problem: Value = answer.json().unwrap();
    assert_eq!(problem["code"], "wrong_code", "{problem}");
}
