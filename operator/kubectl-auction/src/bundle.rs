//! `support-bundle`: everything that helps to find a fault in one file, and nothing that is secret.
//!
//! read (resources, events, logs, and the values of Secrets, only to know them) → decide (what to leave out) → act (write the
//! archive) → report. A value of a Secret is never written anywhere; wherever it stands in what is, it is struck out.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::trouble::Trouble;

mod archive;
mod gather;
mod redact;

use redact::Redactor;

/// What was gathered: file names to contents, before anything is struck out.
#[derive(Debug, Default)]
struct Gathered {
    resources: BTreeMap<String, Value>,
    logs: BTreeMap<String, String>,
    /// What could not be read, and why.
    missing: Vec<String>,
}

pub(crate) async fn run(
    cluster: &Cluster,
    name: &str,
    output: Option<PathBuf>,
    now: Timestamp,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let auction = cluster.auction(name).await?;
    let (gathered, secrets) = gather::everything(cluster, &auction).await?;
    let redactor = Redactor::new(&secrets.values);
    let files = redacted(gathered, &redactor, secrets.note.as_deref());
    let path = output.unwrap_or_else(|| PathBuf::from(format!("{name}-support.tar.gz")));
    let unwritable = |source| Trouble::Unwritable { path: path.display().to_string(), source };
    archive::write(&path, name, &files, now).map_err(unwritable)?;
    writeln!(out, "wrote {} ({} files, secrets struck out)", path.display(), files.len())?;
    Ok(())
}

/// The files of the bundle.
fn redacted(gathered: Gathered, redactor: &Redactor, note: Option<&str>) -> BTreeMap<String, String> {
    let Gathered { resources, logs, mut missing } = gathered;
    let mut files = BTreeMap::new();
    for (name, mut value) in resources {
        redactor.clean(&mut value);
        match serde_saphyr::to_string(&value) {
            Ok(yaml) => drop(files.insert(name, redactor.text(&yaml))),
            Err(error) => missing.push(format!("{name}: {error}")),
        }
    }
    files.extend(logs.into_iter().map(|(name, text)| (name, redactor.text(&text))));
    let mut about = String::from("Collected by kubectl auction support-bundle. Values of Secrets are struck out.\n");
    for line in note.into_iter().map(str::to_owned).chain(missing) {
        about.push_str(&redactor.text(&line));
        about.push('\n');
    }
    files.insert("ABOUT.txt".to_owned(), about);
    files
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PLANTED: &str = "live_9f3k-planted-stream-key";

    fn gathered() -> Gathered {
        let pod = json!({
            "metadata": {
                "name": "compositor-1",
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": format!("{{\"key\":\"{PLANTED}\"}}"), "note": PLANTED},
                "managedFields": [{"manager": "x"}],
            },
            "spec": {"containers": [{
                "args": [format!("--output=rtmp://a/live/{PLANTED}")],
                "env": [{"name": "DATABASE_URL", "value": "postgres://app:hunter22@db/app"}, {"name": "LOG_FORMAT", "value": "json"}],
            }]},
        });
        Gathered {
            resources: [("pods/compositor-1.yaml".to_owned(), pod)].into(),
            logs: [(
                "logs/compositor-1.log".to_owned(),
                format!("connecting to rtmp://a/live/{PLANTED}\nbearer: Bearer abc.def.ghi\n"),
            )]
            .into(),
            missing: vec![format!("secret {PLANTED} oddly named")],
        }
    }

    #[test]
    fn a_planted_secret_is_in_no_file() {
        let encoded = "bGl2ZV85ZjNrLXBsYW50ZWQtc3RyZWFtLWtleQ==";
        let mut gathered = gathered();
        gathered.logs.insert("logs/other.log".to_owned(), format!("raw {encoded}"));
        let files = redacted(gathered, &Redactor::new(&[PLANTED.to_owned()]), None);
        for (name, text) in &files {
            assert!(!text.contains(PLANTED), "{name}: {text}");
            assert!(!text.contains(encoded), "{name} holds it in base64");
        }
        assert!(files["logs/compositor-1.log"].contains("rtmp://a/live/"), "what is not secret stays");
    }

    #[test]
    fn what_looks_like_a_secret_is_struck_out_even_when_no_secret_can_be_read() {
        let files = redacted(gathered(), &Redactor::new(&[]), Some("Secrets could not be read."));
        let pod = &files["pods/compositor-1.yaml"];
        assert!(!pod.contains("hunter22") && !pod.contains("managedFields") && !pod.contains("last-applied"), "{pod}");
        assert!(pod.contains("json"), "{pod}");
        assert!(!files["logs/compositor-1.log"].contains("abc.def.ghi"));
        assert!(files["ABOUT.txt"].contains("could not be read"));
    }
}
