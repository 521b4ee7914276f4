//! Which fields and expansions a request asked for. Unknown names are X's 400, with the list of what there is.

use std::collections::BTreeSet;

use crate::problem::BadParameter;

const POST_FIELDS: &[&str] = &[
    "article",
    "attachments",
    "author_id",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "edit_history_tweet_ids",
    "entities",
    "geo",
    "id",
    "in_reply_to_user_id",
    "lang",
    "media_metadata",
    "non_public_metrics",
    "note_tweet",
    "organic_metrics",
    "paid_partnership",
    "possibly_sensitive",
    "promoted_metrics",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
    "scopes",
    "source",
    "suggested_source_links",
    "text",
    "withheld",
];

const USER_FIELDS: &[&str] = &[
    "affiliation",
    "confirmed_email",
    "connection_status",
    "created_at",
    "description",
    "entities",
    "id",
    "is_identity_verified",
    "location",
    "most_recent_tweet_id",
    "name",
    "parody",
    "pinned_tweet_id",
    "profile_banner_url",
    "profile_image_url",
    "protected",
    "public_metrics",
    "receives_your_dm",
    "subscription",
    "subscription_type",
    "url",
    "username",
    "verified",
    "verified_followers_count",
    "verified_type",
    "withheld",
];

const EXPANSIONS: &[&str] = &[
    "article.cover_media",
    "article.media_entities",
    "attachments.media_keys",
    "attachments.media_source_tweet",
    "attachments.poll_ids",
    "author_id",
    "edit_history_tweet_ids",
    "entities.mentions.username",
    "geo.place_id",
    "in_reply_to_user_id",
    "pinned_tweet_id",
    "referenced_tweets.id",
    "referenced_tweets.id.attachments.media_keys",
    "referenced_tweets.id.author_id",
];

/// Always there in a post.
const POST_DEFAULTS: &[&str] = &["id", "text", "edit_history_tweet_ids"];

/// Always there in a user.
const USER_DEFAULTS: &[&str] = &["id", "name", "username"];

/// The fields of media, polls and places: known, so that they are no error, though nothing here has them.
const OTHER_FIELDS: &[&str] = &["media.fields", "poll.fields", "place.fields"];

/// What a request asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    post: BTreeSet<String>,
    user: BTreeSet<String>,
    expansions: BTreeSet<String>,
}

impl Wanted {
    /// Reads the parameters `tweet.fields` (or its new name `post.fields`), `user.fields` and `expansions`.
    pub fn of_query(query: &[(String, String)]) -> Result<Self, Vec<BadParameter>> {
        let mut wanted = Self::default();
        let mut bad = Vec::new();
        for (name, value) in query {
            let (known, kept) = match name.as_str() {
                "tweet.fields" | "post.fields" => (POST_FIELDS, &mut wanted.post),
                "user.fields" => (USER_FIELDS, &mut wanted.user),
                "expansions" => (EXPANSIONS, &mut wanted.expansions),
                _ => continue,
            };
            for item in value.split(',').map(str::trim) {
                let item = of_old_name(item);
                if known.contains(&item.as_str()) {
                    kept.insert(item);
                } else {
                    bad.push(BadParameter::new(name, value, not_one_of(name, &item, known)));
                }
            }
        }
        if bad.is_empty() { Ok(wanted) } else { Err(bad) }
    }

    /// Whether the parameter is one that [`Self::of_query`] reads or that X knows beside it.
    pub fn reads(name: &str) -> bool {
        matches!(name, "tweet.fields" | "post.fields" | "user.fields" | "expansions") || OTHER_FIELDS.contains(&name)
    }

    /// Whether a post shows this field.
    pub fn shows_of_post(&self, field: &str) -> bool {
        POST_DEFAULTS.contains(&field) || self.post.contains(field)
    }

    /// Whether a user shows this field.
    pub fn shows_of_user(&self, field: &str) -> bool {
        USER_DEFAULTS.contains(&field) || self.user.contains(field)
    }

    /// Whether the expansion was asked for.
    pub fn expands(&self, expansion: &str) -> bool {
        self.expansions.contains(expansion)
    }
}

/// X is renaming tweets to posts in its newest OpenAPI document while its answers keep the old names.
fn of_old_name(name: &str) -> String {
    match name {
        "referenced_posts" => "referenced_tweets.id".to_owned(),
        "edit_history_post_ids" => "edit_history_tweet_ids".to_owned(),
        "note_post" => "note_tweet".to_owned(),
        other => other.to_owned(),
    }
}

fn not_one_of(parameter: &str, value: &str, known: &[&str]) -> String {
    format!("The `{parameter}` query parameter value [{value}] is not one of [{}]", known.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    #[test]
    fn defaults_show_without_asking() {
        let wanted = Wanted::of_query(&[]).unwrap();
        assert!(wanted.shows_of_post("text") && wanted.shows_of_user("username"));
        assert!(!wanted.shows_of_post("author_id") && !wanted.shows_of_user("verified"));
    }

    #[test]
    fn old_and_new_parameter_names_mean_the_same() {
        let old = Wanted::of_query(&query("tweet.fields", "author_id,note_tweet")).unwrap();
        assert_eq!(old, Wanted::of_query(&query("post.fields", "author_id,note_post")).unwrap());
    }

    #[test]
    fn an_unknown_field_is_named_in_the_error() {
        let bad = Wanted::of_query(&query("tweet.fields", "author_id,colour")).unwrap_err();
        assert!(bad[0].message.starts_with("The `tweet.fields` query parameter value [colour] is not one of ["));
    }
}
