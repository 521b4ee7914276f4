//! The doors that need no X: every error is a problem with a code and a remedy; people and money are for the house.

use std::time::Duration;

use auction_core::Handle;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use bootstrap::args::Auth;
use bootstrap::auth::{LocalIssuer, Role};
use bootstrap::clock::Clock;
use bootstrap::metrics::Registry;
use tower::ServiceExt as _;

use super::*;
use crate::ledger::Account;
use crate::observe::Observe;
use crate::x::Code;
use crate::x::credentials::Credentials;

struct Bed {
    api: Api,
    issuer: LocalIssuer,
    _directory: tempfile::TempDir,
}

impl Bed {
    /// A gateway that X has not answered yet.
    async fn starting() -> Self {
        bootstrap::install_crypto();
        let url = testkit::postgres().await.unwrap();
        let pool = store::Database::new(&url, "gateway-test").unwrap().pool();
        let directory = tempfile::tempdir().unwrap();
        let issuer = LocalIssuer::open(directory.path(), Clock::System).unwrap();
        let auth = Auth {
            auth_jwks: issuer.jwks().display().to_string(),
            auth_issuer: issuer.issuer().to_owned(),
            auth_azp: vec![issuer.party().to_owned()],
            auth_machine_jwks: None,
            rehearsal: false,
        };
        let verifier = Verifier::new(&auth, [127, 0, 0, 1].into(), Clock::System).await.unwrap();
        let observe = Observe::new(&Registry::new());
        let client = Client::new("http://127.0.0.1:1", Credentials::rehearsal(), Clock::System, observe).unwrap();
        let (handle, board, running) = (Handle::new("sothebais").unwrap(), Board::default(), Arc::default());
        let api = Api { handle, board, client: Arc::new(client), pool, verifier, running };
        Self { api, issuer, _directory: directory }
    }

    async fn running() -> Self {
        let bed = Self::starting().await;
        let account = Account { handle: bed.api.handle.clone(), show: "friday".into(), ceiling: None };
        let observe = Observe::new(&Registry::new());
        let ledger = Ledger::resume(&bed.api.pool, account, Clock::System, observe).await.unwrap();
        assert!(bed.api.running.set(Running { user_id: 42, ledger }).is_ok());
        bed
    }

    fn token(&self, role: Role) -> String {
        self.issuer.token("somebody", None, &[role], Duration::from_mins(1)).unwrap()
    }

    async fn ask(&self, method: &str, path: &str, token: &str) -> (u16, String, serde_json::Value) {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        let response = router(self.api.clone()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, kind, serde_json::from_slice(&body).unwrap())
    }
}

#[tokio::test]
async fn every_error_is_a_problem_with_a_code_and_a_remedy() {
    let bed = Bed::starting().await;
    let (auditor, bidder) = (bed.token(Role::Auditor), bed.token(Role::Bidder));
    bed.api.pool.close().await;
    for (method, path, token, status, code) in [
        ("GET", "/v1/nothing", "", 404, "UnknownRoute"),
        ("POST", "/v1/status", "", 405, "MethodNotAllowed"),
        ("GET", "/v1/replies", auditor.as_str(), 503, "DatabaseUnavailable"),
        ("GET", "/v1/spend", auditor.as_str(), 503, "Starting"),
        ("GET", "/v1/replies", "nonsense", 401, "TokenMalformed"),
        ("GET", "/v1/spend", "nonsense", 401, "TokenMalformed"),
        ("GET", "/v1/replies", bidder.as_str(), 403, "RoleMissing"),
        ("GET", "/v1/spend", bidder.as_str(), 403, "RoleMissing"),
    ] {
        let (answered, kind, body) = bed.ask(method, path, token).await;
        assert_eq!((answered, kind.as_str()), (status, "application/problem+json"), "{path}: {body}");
        assert_eq!((body["code"].as_str(), body["status"].as_u64()), (Some(code), Some(u64::from(status))), "{body}");
        assert!(body["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{body}");
    }
}

#[tokio::test]
async fn people_and_money_are_shown_to_the_house_alone() {
    let bed = Bed::running().await;
    for path in ["/v1/replies", "/v1/spend"] {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        assert_eq!(router(bed.api.clone()).oneshot(request).await.unwrap().status(), 401, "{path}");
        for role in [Role::Owner, Role::Auctioneer, Role::Auditor] {
            assert_eq!(bed.ask("GET", path, &bed.token(role)).await.0, 200, "{path}: {role:?}");
        }
        for role in [Role::Producer, Role::Moderator, Role::Viewer, Role::Bidder] {
            assert_eq!(bed.ask("GET", path, &bed.token(role)).await.0, 403, "{path}: {role:?}");
        }
    }
    let (_status, _kind, body) = bed.ask("GET", "/v1/spend", &bed.token(Role::Owner)).await;
    assert_eq!(body["show"], "friday");
}

#[tokio::test]
async fn the_state_is_shown_before_x_has_answered() {
    let bed = Bed::starting().await;
    bed.api.board.account_problem(Some(Code::Server));
    let (status, _kind, body) = bed.ask("GET", "/v1/status", "").await;
    assert_eq!(
        (status, &body["account"]["running"], &body["account"]["problem"]),
        (200, &false.into(), &"server".into())
    );
    assert_eq!(body["user_id"], serde_json::Value::Null);
    let (status, _kind, body) = bed.ask("GET", "/v1/openapi.json", "").await;
    assert_eq!((status, body["info"]["title"].as_str()), (200, Some("SothebAIs social gateway")));
}
