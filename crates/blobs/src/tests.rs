use proptest::prelude::*;

use super::{sealed::CHUNK, *};

pub(crate) fn keys(folder: &Path) -> Keyring {
    let now = chrono::DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    Keyring::load_or_make(&folder.join("storage.key"), now).unwrap()
}

pub(crate) fn encrypted() -> (tempfile::TempDir, BlobStore) {
    let folder = tempfile::tempdir().unwrap();
    let keys = keys(folder.path());
    let store = BlobStore::open_encrypted(folder.path().join("blobs"), keys).unwrap();
    (folder, store)
}

/// Writes over a stored file, which is read-only.
fn plant(path: &Path, bytes: &[u8]) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn store() -> (tempfile::TempDir, BlobStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::open(folder.path().join("blobs")).unwrap();
    (folder, store)
}

pub(crate) fn incoming_files(store: &BlobStore) -> usize {
    std::fs::read_dir(store.incoming()).unwrap().count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn what_is_kept_comes_back_however_it_was_cut(bytes: Vec<u8>, cut in 1usize..100) {
        let (_folder, store) = store();
        let mut staging = store.stage(u64::MAX).unwrap();
        for part in bytes.chunks(cut) {
            staging.write(part).unwrap();
        }
        let staged = staging.finish().unwrap();
        prop_assert_eq!(&staged.read().unwrap()[..], &bytes[..]);
        let first = cut.min(bytes.len());
        prop_assert_eq!(&staged.read_start(cut).unwrap()[..], &bytes[..first]);
        let digest = staged.keep().unwrap();
        prop_assert_eq!(digest, Digest::of(&bytes));
        prop_assert_eq!(&store.read(digest).unwrap()[..], &bytes[..]);
        prop_assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
    }
}

#[test]
fn damage_is_noticed_on_read() {
    let (_folder, store) = store();
    let digest = store.put(b"a film").unwrap();
    let path = store.path(digest);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, b"a fiim").unwrap();
    assert!(matches!(store.read(digest), Err(BlobError::Damaged(found)) if found == digest));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(store.read(digest), Err(BlobError::NotFound(_))));
}

#[test]
fn what_is_dropped_or_too_large_leaves_nothing() {
    let (_folder, store) = store();
    let mut staging = store.stage(4).unwrap();
    staging.write(b"1234").unwrap();
    assert!(matches!(
        staging.write(b"5"),
        Err(BlobError::TooLarge { limit: 4 })
    ));
    drop(staging);
    let mut staging = store.stage(4).unwrap();
    staging.write(b"1234").unwrap();
    drop(staging.finish().unwrap());
    assert_eq!(incoming_files(&store), 0);
}

#[test]
fn blobs_are_listed_and_set_aside() {
    let (folder, store) = store();
    let digests = [b"a", b"b", b"c"].map(|bytes| store.put(bytes).unwrap());
    std::fs::write(folder.path().join("blobs/notes.txt"), "no blob").unwrap();
    let listed: Vec<_> = store
        .list()
        .unwrap()
        .iter()
        .map(|stored| stored.digest)
        .collect();
    let mut sorted = digests.to_vec();
    sorted.sort();
    assert_eq!(listed, sorted);
    let aside = folder.path().join("unnamed");
    store.set_aside(digests[1], &aside).unwrap();
    assert_eq!(store.list().unwrap().len(), 2);
    assert_eq!(
        std::fs::read(aside.join(digests[1].to_string())).unwrap(),
        b"b"
    );
}

#[test]
fn the_same_bytes_are_kept_once() {
    let (_folder, store) = store();
    let digest = store.put(b"twice").unwrap();
    assert_eq!(store.put(b"twice").unwrap(), digest);
    let listed = store.list().unwrap();
    assert_eq!(
        (listed[0].digest, listed[0].size, listed.len()),
        (digest, 5, 1)
    );
    assert_eq!(incoming_files(&store), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_encrypted_comes_back_and_every_change_on_the_disk_is_noticed(
        chunks in 0usize..3, rest in prop::sample::select(vec![0usize, 1, 15, 16, 17, CHUNK - 1]),
        cut in 1usize..200_000, at: prop::sample::Index, seed: u8
    ) {
        let (_folder, store) = encrypted();
        let length = chunks * CHUNK + rest;
        let bytes: Vec<u8> = (0..length).map(|n| (n as u8).wrapping_mul(31) ^ seed).collect();
        let mut staging = store.stage(u64::MAX).unwrap();
        for part in bytes.chunks(cut) {
            staging.write(part).unwrap();
        }
        let staged = staging.finish().unwrap();
        prop_assert_eq!(&staged.read().unwrap()[..], &bytes[..]);
        let first = CHUNK.min(length);
        prop_assert_eq!(&staged.read_start(CHUNK).unwrap()[..], &bytes[..first]);
        let digest = staged.keep().unwrap();
        prop_assert_eq!(digest, Digest::of(&bytes));
        prop_assert_eq!(&store.read(digest).unwrap()[..], &bytes[..]);
        let mut streamed = Vec::new();
        store.reader(digest).unwrap().read_to_end(&mut streamed).unwrap();
        prop_assert_eq!(&streamed[..], &bytes[..]);
        let listed = store.list().unwrap();
        prop_assert_eq!((listed[0].size, listed[0].is_encrypted), (length as u64, true));
        // Any byte but those of the second, empty envelope.
        let path = store.path(digest);
        let stored = std::fs::read(&path).unwrap();
        let mut at = at.index(stored.len() - keys::ENVELOPE_BYTES);
        if at >= sealed::HEAD - keys::ENVELOPE_BYTES {
            at += keys::ENVELOPE_BYTES;
        }
        let mut altered = stored.clone();
        altered[at] ^= 0x40;
        plant(&path, &altered);
        prop_assert!(store.read(digest).is_err(), "byte {}", at);
        prop_assert!(streams_no_more(&store, digest), "byte {}", at);
        plant(&path, &stored[..stored.len() - 1]);
        prop_assert!(matches!(store.read(digest), Err(BlobError::Damaged(_))));
        prop_assert!(streams_no_more(&store, digest));
        if chunks > 0 {
            // Without its last chunk, so that the end falls on a chunk's end.
            let whole = sealed::HEAD + (CHUNK + sealed::TAG) * chunks;
            if whole < stored.len() {
                plant(&path, &stored[..whole]);
                prop_assert!(matches!(store.read(digest), Err(BlobError::Damaged(_))));
                prop_assert!(streams_no_more(&store, digest));
            }
        }
    }
}

/// Whether a stream of a damaged blob breaks off.
fn streams_no_more(store: &BlobStore, digest: Digest) -> bool {
    store.reader(digest).map_or(true, |mut stream| {
        stream.read_to_end(&mut Vec::new()).is_err()
    })
}

#[test]
fn moved_chunks_and_another_blobs_file_are_noticed() {
    let (_folder, store) = encrypted();
    let bytes: Vec<u8> = (0..3 * CHUNK).map(|n| (n % 253) as u8).collect();
    let (one, other) = (store.put(&bytes).unwrap(), store.put(b"other").unwrap());
    let path = store.path(one);
    let stored = std::fs::read(&path).unwrap();
    let mut moved = stored.clone();
    let chunk = CHUNK + sealed::TAG;
    moved[sealed::HEAD..sealed::HEAD + 2 * chunk].rotate_left(chunk);
    plant(&path, &moved);
    assert!(matches!(store.read(one), Err(BlobError::Damaged(_))));
    assert!(streams_no_more(&store, one));
    plant(&path, &std::fs::read(store.path(other)).unwrap());
    assert!(matches!(store.read(one), Err(BlobError::Damaged(_))));
    assert!(streams_no_more(&store, one));
    plant(&path, &stored);
    assert_eq!(store.read(one).unwrap(), bytes);
}

#[test]
fn a_start_is_verified_and_nothing_behind_it_is_looked_at() {
    let (_folder, store) = encrypted();
    let bytes: Vec<u8> = (0..3 * CHUNK + 5).map(|n| (n % 253) as u8).collect();
    let (one, small) = (store.put(&bytes).unwrap(), store.put(b"small").unwrap());
    for (least, chunks) in [(0, 0), (1, 1), (CHUNK, 1), (CHUNK + 1, 2)] {
        let start = store.read_start(one, least).unwrap();
        assert_eq!(start.bytes, bytes[..chunks * CHUNK], "{least}");
        assert_eq!(start.length, bytes.len() as u64);
    }
    assert_eq!(store.read_start(one, usize::MAX).unwrap().bytes, bytes);
    let all = store.read_start(small, CHUNK).unwrap();
    assert_eq!((&all.bytes[..], all.length), (&b"small"[..], 5));

    let path = store.path(one);
    let stored = std::fs::read(&path).unwrap();
    let chunk = CHUNK + sealed::TAG;
    let start_of = |stored: &[u8]| {
        plant(&path, stored);
        store.read_start(one, CHUNK)
    };
    for at in [sealed::HEAD, sealed::HEAD + chunk - 1] {
        let mut altered = stored.clone();
        altered[at] ^= 1;
        let read = start_of(&altered);
        assert!(matches!(read, Err(BlobError::Damaged(_))), "byte {at}");
    }
    let mut moved = stored.clone();
    moved[sealed::HEAD..sealed::HEAD + 2 * chunk].rotate_left(chunk);
    assert!(matches!(start_of(&moved), Err(BlobError::Damaged(_))));
    let alone = start_of(&stored[..sealed::HEAD + chunk]);
    assert!(matches!(alone, Err(BlobError::Damaged(_))));
    let others = std::fs::read(store.path(small)).unwrap();
    assert!(matches!(start_of(&others), Err(BlobError::Damaged(_))));
    // Behind the chunk that is read, whoever reads all of it finds the damage.
    let mut altered = stored.clone();
    altered[sealed::HEAD + chunk] ^= 1;
    assert_eq!(start_of(&altered).unwrap().bytes, bytes[..CHUNK]);
    assert!(matches!(store.read(one), Err(BlobError::Damaged(_))));
    assert!(matches!(
        store.read_start(one, CHUNK + 1),
        Err(BlobError::Damaged(_))
    ));
}

#[test]
fn the_start_of_a_plain_blob_is_all_of_it_since_only_that_can_be_verified() {
    let (_folder, store) = store();
    let bytes = vec![7; 2 * CHUNK];
    let digest = store.put(&bytes).unwrap();
    let start = store.read_start(digest, 1).unwrap();
    assert_eq!(
        (start.bytes.len(), start.length),
        (2 * CHUNK, 2 * CHUNK as u64)
    );
    let mut altered = bytes;
    altered[2 * CHUNK - 1] ^= 1;
    plant(&store.path(digest), &altered);
    assert!(matches!(
        store.read_start(digest, 1),
        Err(BlobError::Damaged(_))
    ));
}

#[test]
fn nothing_of_a_film_can_be_read_from_the_disk() {
    let (folder, store) = encrypted();
    let film = b"(0010,0010) PN Musterfrau^Erika ".repeat(5000);
    store.put(&film).unwrap();
    store.begin_partial("p").unwrap();
    let mut writer = store.append_partial("p", u64::MAX).unwrap();
    writer.write(&film).unwrap();
    writer.finish().unwrap();
    let mut staging = store.stage(u64::MAX).unwrap();
    staging.write(&film).unwrap();
    let mut folders = vec![folder.path().to_owned()];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in entries(&folder).unwrap() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let bytes = std::fs::read(entry.path()).unwrap();
                read += bytes.len();
                assert!(!bytes.windows(10).any(|window| window == b"Musterfrau"));
            }
        }
    }
    assert!(
        read > 3 * 5000 * 32 - (1 << 16),
        "{read} bytes were looked at"
    );
}

#[test]
fn keys_change_without_rewriting_blobs_and_blobs_from_before_are_encrypted() {
    let (folder, plain) = store();
    let film = b"a film ".repeat(20_000);
    let digest = plain.put(&film).unwrap();
    let keys = keys(folder.path());
    let store = BlobStore::open_encrypted(folder.path().join("blobs"), keys.clone()).unwrap();
    assert_eq!(store.read(digest).unwrap(), film, "as it was");
    assert!(store.encrypt(digest).unwrap());
    assert!(!store.encrypt(digest).unwrap());
    assert!(!plain.plain_path(digest).exists());
    assert_eq!(store.read(digest).unwrap(), film);
    assert!(matches!(plain.read(digest), Err(BlobError::NoKeys(_))));

    let before = std::fs::read(store.path(digest)).unwrap();
    for _ in 0..3 {
        let old = keys.current_id().unwrap();
        keys.rotate(chrono::DateTime::from_timestamp(1_795_000_001, 0).unwrap())
            .unwrap();
        assert_eq!(store.rewrap(digest).unwrap(), Rewrapped::Now);
        assert_eq!(store.rewrap(digest).unwrap(), Rewrapped::Already);
        keys.forget(old).unwrap();
        assert_eq!(store.read(digest).unwrap(), film);
    }
    let after = std::fs::read(store.path(digest)).unwrap();
    assert_eq!(before[sealed::HEAD..], after[sealed::HEAD..]);
    assert_ne!(before[..sealed::HEAD], after[..sealed::HEAD]);
    let mode = std::fs::metadata(store.path(digest)).unwrap().permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777,
        0o440
    );

    // The key file of another portal.
    let stranger = tests::keys(tempfile::tempdir().unwrap().path());
    let strange = BlobStore::open_encrypted(folder.path().join("blobs"), stranger).unwrap();
    let error = strange.read(digest).unwrap_err();
    assert!(
        error.to_string().contains("bring back the key file"),
        "{error}"
    );
}
