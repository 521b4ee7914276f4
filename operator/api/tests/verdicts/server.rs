//! Asks the real API server, as `kubectl` would: unknown fields are errors, and nothing but what a case builds on is kept.

use futures_util::{StreamExt as _, stream};
use http::{Method, Request};
use kube::Client;
use serde_json::{Value, json};

use crate::table::{Case, Wanted};

/// Questions in flight.
const AT_ONCE: usize = 8;

/// The collection of one kind in one namespace.
pub(crate) struct Collection {
    pub(crate) client: Client,
    pub(crate) path: String,
}

/// What a request is for.
#[derive(Debug, Clone, Copy)]
enum Keep {
    Yes,
    No,
}

/// The cases whose verdict is not the wanted one, with what was said.
pub(crate) async fn wrong(collection: &Collection, cases: &[Case]) -> Vec<String> {
    let verdicts = stream::iter(cases.iter().enumerate().map(|(index, case)| async move {
        let verdict = collection.verdict(index, case).await;
        disagreement(case, verdict)
    }));
    verdicts.buffered(AT_ONCE).filter_map(std::future::ready).collect().await
}

fn disagreement(case: &Case, verdict: anyhow::Result<Result<(), String>>) -> Option<String> {
    match (&case.wanted, verdict) {
        (_, Err(error)) => Some(format!("{}: could not be asked: {error:#}", case.name)),
        (Wanted::Accepted, Ok(Ok(()))) => None,
        (Wanted::Accepted, Ok(Err(said))) => Some(format!("{}: should be accepted: {said}", case.name)),
        (Wanted::Refused(_), Ok(Ok(()))) => Some(format!("{}: should be refused", case.name)),
        (Wanted::Refused(words), Ok(Err(said))) => {
            let missing = words.iter().find(|word| !said.contains(word.as_str()))?;
            Some(format!("{}: should be refused with {missing:?}: {said}", case.name))
        }
    }
}

impl Collection {
    /// The API server's answer to a case: accepted, or its words.
    async fn verdict(&self, index: usize, case: &Case) -> anyhow::Result<Result<(), String>> {
        let has_status = case.object.get("status").is_some();
        let Some(before) = case.before.clone().or_else(|| has_status.then(|| without_status(&case.object))) else {
            return self.send(Method::POST, "", &case.object, Keep::No).await.map(|answer| answer.map(drop));
        };
        let name = format!("case-{index}");
        let mut before = before;
        before["metadata"]["name"] = json!(name);
        let created = self.send(Method::POST, "", &without_status(&before), Keep::Yes).await?;
        let mut stored = created.map_err(|said| anyhow::anyhow!("what the case builds on was refused: {said}"))?;
        if let Some(status) = before.get("status") {
            stored["status"] = status.clone();
            let told = self.send(Method::PUT, &format!("/{name}/status"), &stored, Keep::Yes).await?;
            stored = told.map_err(|said| anyhow::anyhow!("the status that the case builds on was refused: {said}"))?;
        }
        let mut object = case.object.clone();
        object["metadata"] = stored["metadata"].clone();
        let about_status = case.before.is_none();
        let path = if about_status { format!("/{name}/status") } else { format!("/{name}") };
        let answer = self.send(Method::PUT, &path, &object, Keep::No).await?;
        self.send(Method::DELETE, &format!("/{name}"), &json!({}), Keep::Yes).await?.ok();
        Ok(answer.map(drop))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        keep: Keep,
    ) -> anyhow::Result<Result<Value, String>> {
        let query = match keep {
            Keep::Yes => "fieldValidation=Strict",
            Keep::No => "fieldValidation=Strict&dryRun=All",
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}?{query}", self.path))
            .header("content-type", "application/json")
            .body(serde_json::to_vec(body)?)?;
        match self.client.request::<Value>(request).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(kube::Error::Api(status)) => Ok(Err(status.message.clone())),
            Err(error) => Err(error.into()),
        }
    }
}

fn without_status(object: &Value) -> Value {
    let mut object = object.clone();
    object.as_object_mut().expect("a manifest is an object").remove("status");
    object
}
