use super::*;

const HOUR: Duration = Duration::from_hours(1);

struct World {
    issuer: LocalIssuer,
    verifier: Verifier,
    clock: Clock,
    directory: tempfile::TempDir,
}

fn args(issuer: &LocalIssuer) -> Auth {
    Auth {
        auth_jwks: issuer.jwks().display().to_string(),
        auth_issuer: issuer.issuer().into(),
        auth_azp: vec![issuer.party().into()],
        auth_machine_jwks: None,
        rehearsal: false,
    }
}

async fn world() -> anyhow::Result<World> {
    let directory = tempfile::tempdir()?;
    let clock = Clock::manual(1_800_000_000_000);
    let issuer = LocalIssuer::open(directory.path(), clock.clone())?;
    let verifier = Verifier::new(&args(&issuer), IpAddr::from([127, 0, 0, 1]), clock.clone()).await?;
    Ok(World { issuer, verifier, clock, directory })
}

#[tokio::test]
async fn a_bidders_token_is_believed_until_it_expires() -> anyhow::Result<()> {
    let World { issuer, verifier, clock, directory: _directory } = world().await?;
    let token = issuer.bidder_token(42, HOUR)?;
    let claims = verifier.verify(&token).await.unwrap();
    assert_eq!((claims.x_id.as_deref(), claims.roles.contains(&Role::Bidder)), (Some("42"), true));
    clock.advance(3_600_000 + 6_000);
    assert_eq!(verifier.verify(&token).await, Err(Rejected::Expired));
    Ok(())
}

#[tokio::test]
async fn a_changed_token_is_not_believed() -> anyhow::Result<()> {
    let World { issuer, verifier, .. } = world().await?;
    let token = issuer.bidder_token(42, HOUR)?;
    let (head, signature) = token.rsplit_once('.').expect("three parts");
    let mut forged = signature.to_owned();
    let middle = forged.len() / 2;
    let replacement = if forged.as_bytes()[middle] == b'A' { "B" } else { "A" };
    forged.replace_range(middle..=middle, replacement);
    assert_eq!(verifier.verify(&format!("{head}.{forged}")).await, Err(Rejected::Signature));
    assert_eq!(verifier.verify("not a token").await, Err(Rejected::Malformed));
    assert_eq!(verifier.verify(&"x".repeat(MAX_TOKEN_BYTES + 1)).await, Err(Rejected::TooLong));
    Ok(())
}

#[tokio::test]
async fn a_token_signed_with_a_shared_secret_is_not_believed() -> anyhow::Result<()> {
    let World { issuer, verifier, clock: _, directory: _directory } = world().await?;
    let claims = verifier.verify(&issuer.bidder_token(42, HOUR)?).await.unwrap();
    let key = jsonwebtoken::EncodingKey::from_secret(&std::fs::read(issuer.jwks())?);
    let forged = jsonwebtoken::encode(&jsonwebtoken::Header::new(Algorithm::HS256), &*claims, &key)?;
    assert_eq!(verifier.verify(&forged).await, Err(Rejected::Algorithm));
    Ok(())
}

#[tokio::test]
async fn a_token_with_a_critical_extension_is_not_believed() -> anyhow::Result<()> {
    let World { issuer, verifier, directory, .. } = world().await?;
    let claims = verifier.verify(&issuer.bidder_token(42, HOUR)?).await.unwrap();
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(&std::fs::read(directory.path().join("issuer.pem"))?)?;
    let plain = jsonwebtoken::Header { kid: Some("local-1".into()), ..jsonwebtoken::Header::new(Algorithm::RS256) };
    let token = jsonwebtoken::encode(&plain, &*claims, &key)?;
    assert!(verifier.verify(&token).await.is_ok());
    for crit in [vec!["x".to_owned()], Vec::new()] {
        let header = jsonwebtoken::Header { crit: Some(crit), ..plain.clone() };
        let token = jsonwebtoken::encode(&header, &*claims, &key)?;
        assert_eq!(verifier.verify(&token).await, Err(Rejected::Critical));
    }
    Ok(())
}

#[tokio::test]
async fn another_issuers_token_is_not_believed() -> anyhow::Result<()> {
    let World { issuer, clock, directory: _directory, .. } = world().await?;
    let elsewhere = Auth { auth_issuer: "https://clerk.example".into(), ..args(&issuer) };
    let verifier = Verifier::new(&elsewhere, IpAddr::from([127, 0, 0, 1]), clock.clone()).await?;
    assert_eq!(verifier.verify(&issuer.bidder_token(42, HOUR)?).await, Err(Rejected::Issuer));
    let other_party = Auth { auth_azp: vec!["somebody".into()], ..args(&issuer) };
    let verifier = Verifier::new(&other_party, IpAddr::from([127, 0, 0, 1]), clock).await?;
    assert_eq!(verifier.verify(&issuer.bidder_token(42, HOUR)?).await, Err(Rejected::Party));
    Ok(())
}

#[tokio::test]
async fn a_local_issuer_is_refused_off_loopback_unless_it_is_a_rehearsal() -> anyhow::Result<()> {
    let World { issuer, clock, directory: _directory, .. } = world().await?;
    let everywhere = IpAddr::from([0, 0, 0, 0]);
    let refused = Verifier::new(&args(&issuer), everywhere, clock.clone()).await.err();
    assert!(matches!(refused, Some(Setup::LocalIssuerExposed)));
    let rehearsal = Auth { rehearsal: true, ..args(&issuer) };
    assert!(Verifier::new(&rehearsal, everywhere, clock).await.is_ok());
    Ok(())
}

/// A token under another key id than the issuer's.
fn token_of_key(world: &World, id: &str) -> anyhow::Result<String> {
    let now = world.clock.now_ms() / 1000;
    let claims = Claims {
        iss: world.issuer.issuer().into(),
        azp: world.issuer.party().into(),
        sub: "x:42".into(),
        exp: now + 60,
        nbf: now,
        iat: now,
        x_id: None,
        roles: BTreeSet::new(),
        sts: None,
        act: None,
    };
    let pem = std::fs::read(world.directory.path().join("issuer.pem"))?;
    let header = jsonwebtoken::Header { kid: Some(id.into()), ..jsonwebtoken::Header::new(Algorithm::RS256) };
    Ok(jsonwebtoken::encode(&header, &claims, &jsonwebtoken::EncodingKey::from_rsa_pem(&pem)?)?)
}

/// Puts the issuer's key under another id: the one before is withdrawn.
fn rename_key(world: &World, from: &str, to: &str) -> anyhow::Result<()> {
    let keys = std::fs::read_to_string(world.issuer.jwks())?;
    Ok(std::fs::write(world.issuer.jwks(), keys.replace(from, to))?)
}

#[tokio::test]
async fn a_withdrawn_key_is_not_believed_for_longer_than_its_keys_are_kept() -> anyhow::Result<()> {
    let world = world().await?;
    rename_key(&world, "local-1", "local-2")?;
    assert!(world.verifier.verify(&token_of_key(&world, "local-1")?).await.is_ok(), "nobody has looked yet");
    world.clock.advance(11 * 60_000);
    assert_eq!(world.verifier.verify(&token_of_key(&world, "local-1")?).await, Err(Rejected::UnknownKey));
    assert!(world.verifier.verify(&token_of_key(&world, "local-2")?).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn while_the_issuer_is_away_its_keys_go_on_and_an_unknown_one_is_nobodys_fault() -> anyhow::Result<()> {
    let world = world().await?;
    let kept = std::fs::read(world.issuer.jwks())?;
    std::fs::remove_file(world.issuer.jwks())?;
    world.clock.advance(11 * 60_000);
    assert!(world.verifier.verify(&token_of_key(&world, "local-1")?).await.is_ok());
    for _again in 0..2 {
        let unknown = world.verifier.verify(&token_of_key(&world, "local-2")?).await;
        assert_eq!(unknown, Err(Rejected::KeysUnavailable));
    }
    std::fs::write(world.issuer.jwks(), kept)?;
    rename_key(&world, "local-1", "local-2")?;
    world.clock.advance(6_000);
    assert!(world.verifier.verify(&token_of_key(&world, "local-2")?).await.is_ok(), "it is asked again soon");
    Ok(())
}

#[tokio::test]
async fn keys_that_nobody_could_read_again_for_a_day_are_not_believed() -> anyhow::Result<()> {
    let world = world().await?;
    std::fs::remove_file(world.issuer.jwks())?;
    world.clock.advance(25 * 60 * 60_000);
    assert_eq!(world.verifier.verify(&token_of_key(&world, "local-1")?).await, Err(Rejected::KeysUnavailable));
    Ok(())
}

#[tokio::test]
async fn a_redirect_and_an_endless_key_set_are_not_followed() -> anyhow::Result<()> {
    let World { issuer, clock, directory: _directory, .. } = world().await?;
    let keys = std::fs::read_to_string(issuer.jwks())?;
    let router = axum::Router::new()
        .route("/real", axum::routing::get(async || keys))
        .route("/moved", axum::routing::get(async || axum::response::Redirect::temporary("/real")))
        .route("/long", axum::routing::get(async || " ".repeat(300 * 1024)));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    crate::lifecycle::Lifecycle::new().spawn("issuer", async move { Ok(axum::serve(listener, router).await?) });
    let read = async |path: &str| Keys::new(&format!("http://{address}/{path}"))?.refresh(&clock).await;
    assert!(read("real").await.is_ok());
    assert!(matches!(read("moved").await, Err(KeysUnavailable::Status(307))));
    assert!(matches!(read("long").await, Err(KeysUnavailable::TooLong)));
    Ok(())
}

#[tokio::test]
async fn the_signing_key_is_its_owners_alone() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let world = world().await?;
    let mode = std::fs::metadata(world.directory.path().join("issuer.pem"))?.permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    Ok(())
}
