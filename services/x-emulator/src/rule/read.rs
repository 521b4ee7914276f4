//! Reads the text of a rule. What cannot be read is answered with X's own sentences and the position of the fault.

use super::{Clause, Operator};

/// Parentheses nest at most this deep, so that a hostile rule cannot exhaust the stack.
const DEEPEST_NESTING: usize = 32;

/// Why a rule is not taken: X's sentences.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct Unreadable(pub Vec<String>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Or,
    Term { negated: bool, text: String, quoted: bool },
}

/// Reads a rule of at most `longest` characters.
pub fn read(rule: &str, longest: usize) -> Result<Clause, Unreadable> {
    let length = rule.chars().count();
    if length > longest {
        return Err(one(format!("Rule length of {length} exceeds the maximum of {longest} characters")));
    }
    let tokens = tokens(rule)?;
    let mut reader = Reader { tokens: &tokens, at: 0, end: length };
    let clause = reader.any(0)?;
    match reader.tokens.get(reader.at) {
        Some((position, token)) => Err(one(format!("missing EOF at '{}' (at position {position})", shown(token)))),
        None if clause.is_specific() => Ok(clause),
        None => Err(one("Rule must contain at least one positive, non-stopword clause".to_owned())),
    }
}

struct Reader<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    end: usize,
}

impl Reader<'_> {
    fn any(&mut self, depth: usize) -> Result<Clause, Unreadable> {
        let mut clauses = vec![self.all(depth)?];
        while matches!(self.tokens.get(self.at), Some((_, Token::Or))) {
            self.at += 1;
            clauses.push(self.all(depth)?);
        }
        Ok(if clauses.len() == 1 { clauses.swap_remove(0) } else { Clause::Any(clauses) })
    }

    fn all(&mut self, depth: usize) -> Result<Clause, Unreadable> {
        let mut clauses = vec![self.part(depth)?];
        while matches!(self.tokens.get(self.at), Some((_, Token::Open | Token::Term { .. }))) {
            clauses.push(self.part(depth)?);
        }
        Ok(if clauses.len() == 1 { clauses.swap_remove(0) } else { Clause::All(clauses) })
    }

    fn part(&mut self, depth: usize) -> Result<Clause, Unreadable> {
        let Some((position, token)) = self.tokens.get(self.at) else {
            return Err(one(format!("no viable alternative at input '<EOF>' (at position {})", self.end + 1)));
        };
        match token {
            Token::Open if depth < DEEPEST_NESTING => {
                self.at += 1;
                let clause = self.any(depth + 1)?;
                let closed = matches!(self.tokens.get(self.at), Some((_, Token::Close)));
                self.at += 1;
                let missing = || one(format!("missing ')' at '<EOF>' (at position {})", self.end + 1));
                if closed { Ok(clause) } else { Err(missing()) }
            }
            Token::Term { negated, text, quoted } => {
                self.at += 1;
                let operator = operator(text, *quoted)?;
                Ok(if *negated { Clause::Not(operator) } else { Clause::Is(operator) })
            }
            Token::Open | Token::Close | Token::Or => {
                Err(one(format!("no viable alternative at input '{}' (at position {position})", shown(token))))
            }
        }
    }
}

fn tokens(rule: &str) -> Result<Vec<(usize, Token)>, Unreadable> {
    let characters: Vec<char> = rule.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let position = at + 1;
        match characters[at] {
            c if c.is_whitespace() => at += 1,
            '(' => {
                found.push((position, Token::Open));
                at += 1;
            }
            ')' => {
                found.push((position, Token::Close));
                at += 1;
            }
            _ => {
                let (token, end) = term(&characters, at)?;
                found.push((position, token));
                at = end;
            }
        }
    }
    Ok(found)
}

fn term(characters: &[char], start: usize) -> Result<(Token, usize), Unreadable> {
    let negated = characters[start] == '-';
    let from = start + usize::from(negated);
    let alone = || one(format!("no viable alternative at character '-' (at position {})", start + 1));
    match characters.get(from) {
        None => Err(alone()),
        Some(c) if negated && (c.is_whitespace() || *c == '(' || *c == ')') => Err(alone()),
        Some('"') => {
            let length = characters[from + 1..].iter().position(|c| *c == '"');
            let open = || one(format!("no viable alternative at character '\"' (at position {})", from + 1));
            let length = length.ok_or_else(open)?;
            let text: String = characters[from + 1..from + 1 + length].iter().collect();
            Ok((Token::Term { negated, text, quoted: true }, from + length + 2))
        }
        Some(_) => {
            let stops = |c: &char| c.is_whitespace() || *c == '(' || *c == ')';
            let length = characters[from..].iter().take_while(|c| !stops(c)).count();
            let text: String = characters[from..from + length].iter().collect();
            let token = if text == "OR" && !negated { Token::Or } else { Token::Term { negated, text, quoted: false } };
            Ok((token, from + length))
        }
    }
}

fn operator(text: &str, quoted: bool) -> Result<Operator, Unreadable> {
    if quoted {
        return Ok(Operator::Phrase(text.to_lowercase()));
    }
    if let Some(handle) = text.strip_prefix('@') {
        return handle_of(handle).map(Operator::Mention);
    }
    if let Some(tag) = text.strip_prefix('#') {
        let good = !tag.is_empty() && tag.chars().all(|c| c.is_alphanumeric() || c == '_');
        return if good { Ok(Operator::Hashtag(tag.to_lowercase())) } else { Err(bad_argument("#", tag)) };
    }
    match text.split_once(':') {
        Some(("from", account)) => handle_of(account).map(Operator::From),
        Some(("to", account)) => handle_of(account).map(Operator::To),
        Some(("is", "retweet")) => Ok(Operator::Retweet),
        Some(("is", "reply")) => Ok(Operator::Reply),
        Some(("is", "quote")) => Ok(Operator::Quote),
        Some(("has", "mentions")) => Ok(Operator::HasMentions),
        Some(("has", "links")) => Ok(Operator::HasLinks),
        Some(("lang", tag)) if !tag.is_empty() => Ok(Operator::Language(tag.to_lowercase())),
        Some((name, _)) => Err(one(format!(
            "Reference to invalid operator '{name}'. Operator is not available in current product or product packaging."
        ))),
        None if text.chars().all(|c| c.is_alphanumeric() || "_$'.&".contains(c)) => {
            Ok(Operator::Keyword(text.to_lowercase()))
        }
        None => Err(one(format!("no viable alternative at input '{text}'"))),
    }
}

/// X takes a handle or a numeric id.
fn handle_of(text: &str) -> Result<String, Unreadable> {
    let text = text.trim_start_matches('@');
    let id = !text.is_empty() && text.len() <= 19 && text.bytes().all(|b| b.is_ascii_digit());
    if id || crate::text::is_handle(text) { Ok(text.to_owned()) } else { Err(bad_argument("@", text)) }
}

fn bad_argument(operator: &str, argument: &str) -> Unreadable {
    one(format!("{operator}{argument}: the argument of the operator is not a valid handle, tag or id"))
}

fn one(sentence: String) -> Unreadable {
    Unreadable(vec![sentence])
}

fn shown(token: &Token) -> String {
    match token {
        Token::Open => "(".to_owned(),
        Token::Close => ")".to_owned(),
        Token::Or => "OR".to_owned(),
        Token::Term { negated, text, quoted } => {
            let quote = if *quoted { "\"" } else { "" };
            format!("{}{quote}{text}{quote}", if *negated { "-" } else { "" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::LONGEST_RULE;

    fn fault(rule: &str) -> String {
        read(rule, LONGEST_RULE).unwrap_err().to_string()
    }

    #[test]
    fn malformed_rules_are_answered_with_the_position() {
        assert_eq!(fault("@house OR"), "no viable alternative at input '<EOF>' (at position 10)");
        assert_eq!(fault("(@house"), "missing ')' at '<EOF>' (at position 8)");
        assert_eq!(fault("@house)"), "missing EOF at ')' (at position 7)");
        assert_eq!(fault("OR @house"), "no viable alternative at input 'OR' (at position 1)");
        assert_eq!(fault("@house - is:retweet"), "no viable alternative at character '-' (at position 8)");
        assert_eq!(fault("\"open"), "no viable alternative at character '\"' (at position 1)");
        assert!(fault("@house colour:red").contains("invalid operator 'colour'"));
        assert!(fault(&"(".repeat(64)).contains("no viable alternative at input '('"));
        assert!(fault("").contains("<EOF>"));
    }

    #[test]
    fn a_rule_needs_one_operator_that_stands_alone() {
        assert!(fault("-is:retweet").contains("at least one positive"));
        assert!(fault("@house OR is:reply").contains("at least one positive"));
        assert!(read("@house is:reply", LONGEST_RULE).is_ok());
    }

    #[test]
    fn an_overlong_rule_is_refused() {
        assert!(fault(&"a".repeat(1025)).contains("exceeds the maximum of 1024"));
    }
}
