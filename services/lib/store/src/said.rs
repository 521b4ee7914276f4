//! What posts of the inbox say now: for sentences about them, never for decisions.

use std::collections::BTreeMap;

use sqlx::{PgPool, Row};

use crate::Error;

/// A post's text as long as its author leaves it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    /// `none`, `reply`, `quote` or `repost`.
    pub reference: String,
}

/// What these posts (by their first edit's id) say; deleted and unknown ones are left out.
pub async fn of_posts(pool: &PgPool, ids: &[String]) -> Result<BTreeMap<String, Said>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query(
        "select id, text, reference from social.post where id = any($1) and text is not null and deleted_at is null",
    )
    .bind(ids)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, Said { text: row.try_get(1)?, reference: row.try_get(2)? }))).collect()
}
