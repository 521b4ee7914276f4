//! Writes a bundle as one compressed archive.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;

/// Only whoever made the bundle reads it.
const MODE: u32 = 0o600;

/// Writes `files` below a folder of the auction's name. The archive appears whole or not at all.
pub(super) fn write(path: &Path, name: &str, files: &BTreeMap<String, String>, now: Timestamp) -> io::Result<()> {
    let unfinished = path.with_extension("part");
    let result = fill(&unfinished, name, files, now).and_then(|()| std::fs::rename(&unfinished, path));
    if result.is_err() {
        // Nothing else can be done about a file that cannot be removed.
        std::fs::remove_file(&unfinished).ok();
    }
    result
}

fn fill(path: &Path, name: &str, files: &BTreeMap<String, String>, now: Timestamp) -> io::Result<()> {
    let mut archive = tar::Builder::new(GzEncoder::new(File::create(path)?, Compression::default()));
    for (file, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(MODE);
        header.set_mtime(u64::try_from(now.as_second()).unwrap_or_default());
        archive.append_data(&mut header, format!("{name}/{file}"), text.as_bytes())?;
    }
    archive.into_inner()?.finish()?.sync_all()
}
