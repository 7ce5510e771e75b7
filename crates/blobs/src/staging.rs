//! A file on its way in: staged, then kept or dropped.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use keys::DataKey;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::{
    BlobError, BlobStore, Digest,
    folders::folder_of,
    io_error,
    sealed::{self, Opener, Sealer},
};

/// A file on its way in. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Staging {
    store: BlobStore,
    file: NamedTempFile,
    sealing: Option<(DataKey, Sealer)>,
    hasher: Sha256,
    size: u64,
    limit: u64,
}

impl Staging {
    pub(crate) fn begin(
        store: BlobStore,
        mut file: NamedTempFile,
        limit: u64,
    ) -> Result<Self, BlobError> {
        let mut sealing = None;
        if let Some(keys) = &store.keys {
            let data_key = keys.new_data_key()?;
            // The head says whose it is, and that is known at the end.
            let path = file.path().to_owned();
            file.write_all(&[0; sealed::HEAD])
                .map_err(io_error("cannot write", &path))?;
            let sealer = Sealer::new(&data_key);
            sealing = Some((data_key, sealer));
        }
        Ok(Self {
            store,
            file,
            sealing,
            hasher: Sha256::new(),
            size: 0,
            limit,
        })
    }

    /// Takes the next part.
    ///
    /// # Errors
    /// When the file grows past its limit or the disk does not take it.
    pub fn write(&mut self, part: &[u8]) -> Result<(), BlobError> {
        self.size += part.len() as u64;
        if self.size > self.limit {
            return Err(BlobError::TooLarge { limit: self.limit });
        }
        self.hasher.update(part);
        match &mut self.sealing {
            Some((_, sealer)) => sealer.write(part, &mut self.file),
            None => self.file.write_all(part),
        }
        .map_err(io_error("cannot write", self.file.path()))
    }

    /// Takes everything that a source gives.
    pub(crate) fn copy(&mut self, source: &mut impl Read, name: &Path) -> Result<(), BlobError> {
        let mut buffer = vec![0; 1 << 18];
        loop {
            match source
                .read(&mut buffer)
                .map_err(io_error("cannot read", name))?
            {
                0 => return Ok(()),
                read => self.write(&buffer[..read])?,
            }
        }
    }

    /// The whole file is here.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(mut self) -> Result<Staged, BlobError> {
        let path = self.file.path().to_owned();
        let error = || io_error("cannot write", &path);
        let digest = Digest(self.hasher.finalize().into());
        let mut data_key = None;
        if let (Some((key, sealer)), Some(keys)) = (self.sealing, &self.store.keys) {
            sealer.finish(&mut self.file).map_err(error())?;
            let head = sealed::head(keys, &key, &sealed::owner_of_blob(digest))?;
            self.file
                .seek(SeekFrom::Start(0))
                .and_then(|_| self.file.write_all(&head))
                .map_err(error())?;
            data_key = Some(key);
        }
        self.file.flush().map_err(error())?;
        Ok(Staged {
            store: self.store,
            file: self.file,
            data_key,
            digest,
            size: self.size,
        })
    }
}

/// A file that is here but not yet kept. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Staged {
    pub(crate) store: BlobStore,
    pub(crate) file: NamedTempFile,
    pub(crate) data_key: Option<DataKey>,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

impl Staged {
    /// Its SHA-256.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its length in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Its bytes, to be looked at.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read(&self) -> Result<Bytes, BlobError> {
        self.read_start(usize::MAX)
    }

    /// Its first bytes: `most` of them, or all where it has fewer.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read_start(&self, most: usize) -> Result<Bytes, BlobError> {
        let path = self.file.path();
        let most = self.size.min(most as u64);
        let mut bytes = Vec::with_capacity(usize::try_from(most).unwrap_or(0));
        let mut read = || -> std::io::Result<()> {
            let mut file = File::open(path)?;
            match &self.data_key {
                None => file.take(most).read_to_end(&mut bytes)?,
                Some(data_key) => {
                    file.seek(SeekFrom::Start(sealed::HEAD as u64))?;
                    let opener = Opener::after_head(file, data_key);
                    opener.take(most).read_to_end(&mut bytes)?
                }
            };
            Ok(())
        };
        read().map_err(io_error("cannot read", path))?;
        Ok(Bytes::from(bytes))
    }

    /// Brings its bytes to the disk, under the name that they were staged by.
    fn settle(&self) -> Result<(), BlobError> {
        let path = self.file.path();
        // Before the bytes, so that file systems with one journal write both at once.
        self.store.folders.make(folder_of(&self.target()))?;
        let permissions: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o440);
        self.file
            .as_file()
            .set_permissions(permissions)
            .map_err(io_error("cannot protect", path))?;
        self.file
            .as_file()
            .sync_all()
            .map_err(io_error("cannot make durable", path))?;
        Ok(())
    }

    /// Keeps it for good: when this returns, it survives a power cut.
    ///
    /// # Errors
    /// When the disk does not take it; then it is not kept.
    pub fn keep(self) -> Result<Digest, BlobError> {
        if !self.store.contains(self.digest) {
            return self.keep_anew();
        }
        // Whoever put it there may not have come to the end of it.
        self.store.settle(&self.store.path(self.digest))?;
        Ok(self.digest)
    }

    /// As [`Staged::keep`], also where the blob is there in the other form.
    pub(crate) fn keep_anew(self) -> Result<Digest, BlobError> {
        self.settle()?;
        let target = self.target();
        self.file
            .persist(&target)
            .map_err(|error| io_error("cannot keep", &target)(error.error))?;
        self.store.settle(&target)?;
        Ok(self.digest)
    }

    fn target(&self) -> PathBuf {
        match &self.data_key {
            Some(_) => self.store.sealed_path(self.digest),
            None => self.store.plain_path(self.digest),
        }
    }
}
