use super::*;

const HOUR: Duration = Duration::from_hours(1);

struct World {
    issuer: LocalIssuer,
    verifier: Verifier,
    clock: Clock,
    _directory: tempfile::TempDir,
}

fn args(issuer: &LocalIssuer) -> Auth {
    Auth {
        auth_jwks: issuer.jwks().display().to_string(),
        auth_issuer: issuer.issuer().into(),
        auth_azp: vec![issuer.party().into()],
        rehearsal: false,
    }
}

async fn world() -> anyhow::Result<World> {
    let directory = tempfile::tempdir()?;
    let clock = Clock::manual(1_800_000_000_000);
    let issuer = LocalIssuer::open(directory.path(), clock.clone())?;
    let verifier = Verifier::new(&args(&issuer), IpAddr::from([127, 0, 0, 1]), clock.clone()).await?;
    Ok(World { issuer, verifier, clock, _directory: directory })
}

#[tokio::test]
async fn a_bidders_token_is_believed_until_it_expires() -> anyhow::Result<()> {
    let World { issuer, verifier, clock, _directory } = world().await?;
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
    let World { issuer, verifier, clock: _, _directory } = world().await?;
    let claims = verifier.verify(&issuer.bidder_token(42, HOUR)?).await.unwrap();
    let key = jsonwebtoken::EncodingKey::from_secret(&std::fs::read(issuer.jwks())?);
    let forged = jsonwebtoken::encode(&jsonwebtoken::Header::new(Algorithm::HS256), &*claims, &key)?;
    assert_eq!(verifier.verify(&forged).await, Err(Rejected::Algorithm));
    Ok(())
}

#[tokio::test]
async fn another_issuers_token_is_not_believed() -> anyhow::Result<()> {
    let World { issuer, clock, _directory, .. } = world().await?;
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
    let World { issuer, clock, _directory, .. } = world().await?;
    let everywhere = IpAddr::from([0, 0, 0, 0]);
    let refused = Verifier::new(&args(&issuer), everywhere, clock.clone()).await.err();
    assert!(matches!(refused, Some(Setup::LocalIssuerExposed)));
    let rehearsal = Auth { rehearsal: true, ..args(&issuer) };
    assert!(Verifier::new(&rehearsal, everywhere, clock).await.is_ok());
    Ok(())
}
