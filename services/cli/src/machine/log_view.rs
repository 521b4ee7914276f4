//! The children's logs on the terminal: what was appended to their files, each line with its service in front.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::Logs;

/// At most this much of one file is read at a time; the rest follows at the next look.
const CHUNK: u64 = 256 * 1024;

#[derive(Debug)]
pub(super) struct LogView {
    logs: Logs,
    files: Vec<Followed>,
}

#[derive(Debug)]
struct Followed {
    service: String,
    path: PathBuf,
    offset: u64,
    /// The beginning of a line whose end is not written yet.
    rest: String,
}

impl LogView {
    pub(super) fn new(logs: Logs) -> Self {
        Self { logs, files: Vec::new() }
    }

    /// Follows a file from its present end.
    pub(super) fn follow(&mut self, service: &str, path: &Path) {
        if self.logs == Logs::InFilesOnly || self.files.iter().any(|file| file.path == path) {
            return;
        }
        let offset = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        self.files.push(Followed { service: service.to_owned(), path: path.to_owned(), offset, rest: String::new() });
    }

    /// Prints what was appended since the last look.
    pub(super) fn show(&mut self) {
        for file in &mut self.files {
            // A file that cannot be read now is looked at again.
            let Ok(lines) = file.new_lines() else { continue };
            let mut out = std::io::stderr().lock();
            for line in lines {
                // A closed standard error must not end a show.
                let _ = writeln!(out, "{:<15} | {line}", file.service);
            }
        }
    }
}

impl Followed {
    fn new_lines(&mut self) -> std::io::Result<Vec<String>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        self.offset += u64::try_from(file.take(CHUNK).read_to_end(&mut bytes)?).unwrap_or(0);
        let text = std::mem::take(&mut self.rest) + &String::from_utf8_lossy(&bytes);
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        self.rest = lines.pop().unwrap_or_default();
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_are_shown_each_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jsonl");
        std::fs::write(&path, "old\n").unwrap();
        let mut view = LogView::new(Logs::Shown);
        view.follow("a", &path);
        let append = |text: &str| File::options().append(true).open(&path).unwrap().write_all(text.as_bytes()).unwrap();
        append("one\ntw");
        assert_eq!(view.files[0].new_lines().unwrap(), ["one"]);
        append("o\n");
        assert_eq!(view.files[0].new_lines().unwrap(), ["two"]);
        assert!(view.files[0].new_lines().unwrap().is_empty());
    }
}
