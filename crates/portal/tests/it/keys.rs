//! `medical-portal keys`.

use blobs::BlobStore;
use keys::Keyring;
use serde_json::Value;

use crate::support::{data_folder, run, stdout};

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
