//! The test servers themselves.

use store::pool::Database;

#[tokio::test]
async fn every_caller_gets_a_fresh_migrated_database() -> anyhow::Result<()> {
    let (first, second) = (testkit::postgres().await?, testkit::postgres().await?);
    assert_ne!(first, second);
    store::pool::migrate(&Database::new(&first, "test")?.pool()).await?;
    Ok(())
}
