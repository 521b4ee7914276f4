//! Rules of the filtered stream and queries of recent search: the part of X's grammar that a social client of ours
//! needs. A blank is AND, `OR` is weaker, parentheses group, a dash negates one operator. Reading and matching are pure.

mod read;

pub use read::{Unreadable, read};

/// The longest rule that pay-per-use accounts may send, in characters.
pub const LONGEST_RULE: usize = 1024;

/// The longest query of recent search, in characters.
pub const LONGEST_QUERY: usize = 512;

/// A rule that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clause {
    /// All must match.
    All(Vec<Clause>),
    /// One must match.
    Any(Vec<Clause>),
    /// The operator must match.
    Is(Operator),
    /// The operator must not match.
    Not(Operator),
}

/// What an operator asks of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// `@handle`: the post mentions the account.
    Mention(String),
    /// `from:handle` or `from:id`.
    From(String),
    /// `to:handle` or `to:id`: a reply to the account.
    To(String),
    /// `#tag`.
    Hashtag(String),
    /// `word`.
    Keyword(String),
    /// `"exact words"`.
    Phrase(String),
    /// `is:retweet`.
    Retweet,
    /// `is:reply`.
    Reply,
    /// `is:quote`.
    Quote,
    /// `has:mentions`.
    HasMentions,
    /// `has:links`.
    HasLinks,
    /// `lang:xx`.
    Language(String),
}

impl Operator {
    /// Whether the operator may stand in a rule that holds nothing else.
    fn stands_alone(&self) -> bool {
        match self {
            Self::Mention(_) | Self::From(_) | Self::To(_) | Self::Hashtag(_) | Self::Keyword(_) | Self::Phrase(_) => {
                true
            }
            Self::Retweet | Self::Reply | Self::Quote | Self::HasMentions | Self::HasLinks | Self::Language(_) => false,
        }
    }
}

/// What a rule may look at.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The text, and for the filtered stream the quoted text after it.
    pub text: String,
    /// The author's handle.
    pub author: String,
    /// The author's id.
    pub author_id: String,
    /// The handles that are mentioned.
    pub mentions: Vec<String>,
    /// Handle and id of the account that is replied to.
    pub replies_to: Option<(String, String)>,
    /// The post is a repost.
    pub repost: bool,
    /// The post is a reply.
    pub reply: bool,
    /// The post quotes another.
    pub quote: bool,
    /// The language tag.
    pub language: String,
}

impl Clause {
    /// Whether a post with these facts matches. Letter case never counts.
    pub fn matches(&self, facts: &Facts) -> bool {
        match self {
            Self::All(clauses) => clauses.iter().all(|c| c.matches(facts)),
            Self::Any(clauses) => clauses.iter().any(|c| c.matches(facts)),
            Self::Is(operator) => operator.matches(facts),
            Self::Not(operator) => !operator.matches(facts),
        }
    }

    /// Whether some operator that may stand alone is asked for, so that the rule does not match almost everything.
    fn is_specific(&self) -> bool {
        match self {
            Self::All(clauses) => clauses.iter().any(Self::is_specific),
            Self::Any(clauses) => clauses.iter().all(Self::is_specific),
            Self::Is(operator) => operator.stands_alone(),
            Self::Not(_) => false,
        }
    }
}

impl Operator {
    fn matches(&self, facts: &Facts) -> bool {
        match self {
            Self::Mention(handle) => facts.mentions.iter().any(|m| m.eq_ignore_ascii_case(handle)),
            Self::From(account) => facts.author.eq_ignore_ascii_case(account) || facts.author_id == *account,
            Self::To(account) => facts
                .replies_to
                .as_ref()
                .is_some_and(|(handle, id)| handle.eq_ignore_ascii_case(account) || id == account),
            Self::Hashtag(tag) => words(&facts.text).any(|w| w.strip_prefix('#') == Some(tag.as_str())),
            Self::Keyword(word) => words(&facts.text).any(|w| w == *word),
            Self::Phrase(phrase) => facts.text.to_lowercase().contains(phrase.as_str()),
            Self::Retweet => facts.repost,
            Self::Reply => facts.reply,
            Self::Quote => facts.quote,
            Self::HasMentions => !facts.mentions.is_empty(),
            Self::HasLinks => facts.text.contains("https://") || facts.text.contains("http://"),
            Self::Language(tag) => facts.language == *tag,
        }
    }
}

/// The words of a text as X's tokens: cut at blanks and punctuation, a leading `#` kept.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '#' || c == '_'))
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Facts {
        Facts {
            text: text.into(),
            author: "Ada".into(),
            author_id: "42".into(),
            mentions: vec!["SothebAIs".into()],
            ..Facts::default()
        }
    }

    fn matches(rule: &str, facts: &Facts) -> bool {
        read(rule, LONGEST_RULE).unwrap().matches(facts)
    }

    #[test]
    fn mentions_and_authors_match_in_any_case() {
        assert!(matches("@sothebais", &facts("hi")));
        assert!(matches("from:ADA", &facts("hi")));
        assert!(matches("from:42", &facts("hi")));
        assert!(!matches("from:bob", &facts("hi")));
    }

    #[test]
    fn blanks_bind_closer_than_or() {
        assert!(matches("apple OR iphone ipad", &facts("apple")));
        assert!(!matches("(apple OR iphone) ipad", &facts("apple")));
        assert!(matches("(apple OR iphone) ipad", &facts("Iphone, iPad!")));
    }

    #[test]
    fn negation_excludes_reposts() {
        let repost = Facts { repost: true, ..facts("RT bid") };
        assert!(!matches("(@sothebais OR from:sothebais) -is:retweet", &repost));
        assert!(matches("(@sothebais OR from:sothebais) -is:retweet", &facts("bid")));
    }

    #[test]
    fn keywords_match_whole_words_and_phrases_match_text() {
        assert!(!matches("bid", &facts("bidding")));
        assert!(matches("\"bid 1.5\"", &facts("I BID 1.5 ETH")));
        assert!(matches("#lot1", &facts("go #Lot1 go")));
        assert!(!matches("lot1", &facts("#lot1")));
    }
}
