//! The rules of the filtered stream: which we want, and what must change so that ours, and only ours, are those.
//! `wanted` and `plan` are pure; [`sync`] asks X and acts.

use auction_core::{BidderId, Handle};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::x::client::Call;
use crate::x::endpoint::Context;
use crate::x::model::XId;
use crate::x::{Client, Code, Endpoint, Problem};

/// The longest rule that a self-serve account may have.
const RULE_LENGTH: usize = 1024;
/// The most rules that it may have.
const RULE_COUNT: usize = 1000;

/// Whose posts the filtered stream brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Whoever mentions the house.
    Everybody,
    /// Registered bidders who mention the house: what is left when strangers cost too much.
    Linked(Vec<BidderId>),
}

/// A rule as X holds it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rule {
    pub id: XId,
    pub value: String,
    pub tag: Option<String>,
}

/// What must change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    pub add: Vec<String>,
    pub delete: Vec<XId>,
}

/// The tag that marks the rules of a handle as ours.
pub fn tag(house: &Handle) -> String {
    format!("sothebais:{house}")
}

/// The rules for an audience. Reposts are left out: they cost money and are never bids.
pub fn wanted(house: &Handle, audience: &Audience) -> Vec<String> {
    match audience {
        Audience::Everybody => vec![format!("@{house} -is:retweet")],
        Audience::Linked(bidders) => {
            let mut rules: Vec<String> = Vec::new();
            let mut open = String::new();
            for bidder in bidders {
                let from = format!("from:{bidder}");
                let shut_length = format!("@{house} ({open} OR {from}) -is:retweet").len();
                if !open.is_empty() && shut_length > RULE_LENGTH {
                    rules.push(format!("@{house} ({open}) -is:retweet"));
                    open.clear();
                }
                let or = if open.is_empty() { "" } else { " OR " };
                open.push_str(or);
                open.push_str(&from);
            }
            if !open.is_empty() {
                rules.push(format!("@{house} ({open}) -is:retweet"));
            }
            rules.truncate(RULE_COUNT);
            rules
        }
    }
}

/// Compares what X holds with what is wanted; the rules of others are not touched.
pub fn plan(house: &Handle, held: &[Rule], wanted: &[String]) -> Change {
    let ours = || held.iter().filter(|rule| rule.tag.as_deref() == Some(tag(house).as_str()));
    Change {
        add: wanted.iter().filter(|value| !ours().any(|rule| rule.value == **value)).cloned().collect(),
        delete: ours().filter(|rule| !wanted.contains(&rule.value)).map(|rule| rule.id).collect(),
    }
}

/// Brings X's rules to what is wanted. Adds before it deletes, so that nobody's posts fall through.
pub async fn sync(client: &Client, house: &Handle, audience: &Audience) -> Result<Change, Problem> {
    let answer = client.call(&Call::new(Endpoint::ListRules, Context::App)).await?;
    let held = match answer.body.get("data") {
        None | Some(Value::Null) => Vec::new(),
        Some(data) => Vec::<Rule>::deserialize(data)
            .map_err(|_| Problem::local(Code::Unreadable, "the list of rules is not what x documents"))?,
    };
    let change = plan(house, &held, &wanted(house, audience));
    if !change.add.is_empty() {
        let add: Vec<_> = change.add.iter().map(|value| json!({"value": value, "tag": tag(house)})).collect();
        let body = Some(json!({"add": add}));
        let added = client.call(&Call { body, ..Call::new(Endpoint::ChangeRules, Context::App) }).await?;
        // A rule that exists already is what we want; anything else is not.
        if let Some(problem) = added.partial.into_iter().find(|problem| problem.code != Code::DuplicateRules) {
            return Err(problem);
        }
    }
    if !change.delete.is_empty() {
        let body = Some(json!({"delete": {"ids": &change.delete}}));
        client.call(&Call { body, ..Call::new(Endpoint::ChangeRules, Context::App) }).await?;
    }
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house() -> Handle {
        Handle::new("sothebais").unwrap()
    }

    fn rule(id: u64, value: &str, tag: &str) -> Rule {
        Rule { id: XId(id), value: value.into(), tag: Some(tag.into()) }
    }

    #[test]
    fn only_our_own_rules_are_changed() {
        let held = [rule(1, "cats", "mine"), rule(2, "@sothebais old", "sothebais:sothebais")];
        let change = plan(&house(), &held, &wanted(&house(), &Audience::Everybody));
        assert_eq!(change, Change { add: vec!["@sothebais -is:retweet".into()], delete: vec![XId(2)] });
    }

    #[test]
    fn nothing_changes_when_the_rules_are_right() {
        let held = [rule(2, "@sothebais -is:retweet", "sothebais:sothebais")];
        assert_eq!(plan(&house(), &held, &wanted(&house(), &Audience::Everybody)), Change::default());
    }

    #[test]
    fn linked_bidders_are_packed_into_rules_that_x_takes() {
        let bidders: Vec<_> = (0..500).map(|n| BidderId(1_800_000_000_000_000_000 + n)).collect();
        let rules = wanted(&house(), &Audience::Linked(bidders.clone()));
        assert!(rules.iter().all(|rule| rule.len() <= RULE_LENGTH));
        assert!(rules.len() < 20, "{} rules", rules.len());
        for bidder in bidders {
            let named = format!("from:{bidder}");
            assert_eq!(rules.iter().filter(|rule| rule.split([' ', '(', ')']).any(|word| word == named)).count(), 1);
        }
    }

    #[test]
    fn without_bidders_there_is_nothing_to_listen_for() {
        assert!(wanted(&house(), &Audience::Linked(Vec::new())).is_empty());
    }
}
