//! The file of `--report`: tried before the work, so that a show is not lost to a wrong path, and written after it.

use std::fs::{self, File};
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::trouble::Trouble;

/// Tries whether the file can be written, and leaves everything as it was.
pub fn check(path: &Path) -> Result<(), Trouble> {
    let existed = path.exists();
    File::options().create(true).append(true).open(path).map_err(|error| unwritable(path, error))?;
    if !existed {
        // What cannot be removed is replaced by the report.
        drop(fs::remove_file(path));
    }
    Ok(())
}

/// Writes the report as JSON.
pub fn write(path: &Path, report: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(report).context("the report cannot be written as JSON")?;
    Ok(fs::write(path, text + "\n").map_err(|error| unwritable(path, error))?)
}

fn unwritable(path: &Path, error: std::io::Error) -> Trouble {
    let message = format!("{} cannot be written", path.display());
    Trouble::new("FileUnwritable", message, "name a file in a directory that exists and that you may write to")
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_cannot_be_written_is_found_out_before_and_a_good_one_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(check(&directory.path().join("missing/report.json")).unwrap_err().code, "FileUnwritable");
        let path = directory.path().join("report.json");
        check(&path).unwrap();
        assert!(!path.exists());
        write(&path, &7).unwrap();
        check(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "7\n");
    }
}
