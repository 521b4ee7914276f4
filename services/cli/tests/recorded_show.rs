//! A whole show through every process (stand-in for X, gateway, engine), from recorded posts whose outcome is known.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn read(path: &Path) -> anyhow::Result<Value> {
    Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
}

/// Every member of `expected` is in `shown` with the same value; objects and lists are looked into.
fn differences(at: &str, expected: &Value, shown: &Value) -> Vec<String> {
    match (expected, shown) {
        (Value::Object(members), Value::Object(_)) => {
            members.iter().flat_map(|(name, value)| differences(&format!("{at}/{name}"), value, &shown[name])).collect()
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => items
            .iter()
            .zip(others)
            .enumerate()
            .flat_map(|(index, (value, other))| differences(&format!("{at}/{index}"), value, other))
            .collect(),
        (expected, shown) if expected == shown => Vec::new(),
        (expected, shown) => vec![format!("{at} is {shown}, expected {expected}")],
    }
}

#[test]
fn a_recorded_show_ends_with_its_known_winners() -> anyhow::Result<()> {
    let show = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/recorded-show");
    let directory = tempfile::tempdir()?;
    let report = directory.path().join("report.json");
    let output = Command::new(env!("CARGO_BIN_EXE_sothebais"))
        .arg("demo")
        .arg("-f")
        .arg(show.join("auction.yaml"))
        .arg("--posts")
        .arg(show.join("posts.jsonl"))
        .arg("--bidders")
        .arg(show.join("bidders.jsonl"))
        .arg("--report")
        .arg(&report)
        .output()?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    let different = differences("", &read(&show.join("expected.json"))?, &read(&report)?);
    assert!(different.is_empty(), "{different:#?}\n{said}");
    Ok(())
}
