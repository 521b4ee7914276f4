//! A log file that begins anew at a size and keeps a few predecessors: `name.jsonl`, `name.jsonl.1` (newest) … `.9`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The current file and nine older ones.
const MAX_OLDER_FILES: u32 = 9;

/// A bounded set of log files.
#[derive(Debug)]
pub struct Rotating {
    path: PathBuf,
    file: File,
    written: u64,
}

impl Rotating {
    /// Appends to `<directory>/<name>.jsonl`; the directory is made when it is missing.
    pub fn open(directory: &Path, name: &str) -> std::io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join(format!("{name}.jsonl"));
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let written = file.metadata()?.len();
        Ok(Self { path, file, written })
    }

    fn older(&self, age: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{age}"));
        name.into()
    }

    fn rotate(&mut self) -> std::io::Result<()> {
        for age in (1..MAX_OLDER_FILES).rev() {
            if self.older(age).exists() {
                std::fs::rename(self.older(age), self.older(age + 1))?;
            }
        }
        std::fs::rename(&self.path, self.older(1))?;
        self.file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        self.written = 0;
        Ok(())
    }
}

impl Write for Rotating {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        if self.written + line.len() as u64 > MAX_BYTES {
            self.rotate()?;
        }
        let count = self.file.write(line)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_put_aside_and_the_oldest_is_dropped() -> std::io::Result<()> {
        let directory = tempfile::tempdir()?;
        let mut log = Rotating::open(directory.path(), "service")?;
        let half = vec![b'x'; usize::try_from(MAX_BYTES / 2).expect("8 MiB fit a usize")];
        for _ in 0..25 {
            log.write_all(&half)?;
        }
        let files = std::fs::read_dir(directory.path())?.count();
        assert_eq!(files, 10);
        Ok(())
    }
}
