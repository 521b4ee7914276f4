//! From a token's payload to [`Claims`]: each claim is looked for by its name, so that an error can name it.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::{Claims, Rejected, Role};

/// A payload whose signature holds.
pub(super) type Members = Map<String, Value>;

const TEXT: &str = "a text";
const SECONDS: &str = "a time in whole seconds since the Unix epoch";

/// Reads the claims that matter here. Others are passed over, and so are roles that this house does not know: they allow
/// nothing.
pub(super) fn read(mut members: Members) -> Result<Claims, Rejected> {
    Ok(Claims {
        iss: needed(text(&members, "iss")?, "iss")?,
        azp: needed(text(&members, "azp")?, "azp")?,
        sub: needed(text(&members, "sub")?, "sub")?,
        exp: needed(seconds(&members, "exp")?, "exp")?,
        nbf: needed(seconds(&members, "nbf")?, "nbf")?,
        iat: needed(seconds(&members, "iat")?, "iat")?,
        x_id: x_id(&members)?,
        roles: roles(&members)?,
        sts: text(&members, "sts")?,
        act: members.remove("act").filter(|act| !act.is_null()),
    })
}

fn needed<T>(claim: Option<T>, name: &'static str) -> Result<T, Rejected> {
    claim.ok_or(Rejected::ClaimMissing(name))
}

/// A claim that is there; JSON's null is as good as absent.
fn there<'a>(members: &'a Members, name: &str) -> Option<&'a Value> {
    members.get(name).filter(|value| !value.is_null())
}

fn text(members: &Members, name: &'static str) -> Result<Option<String>, Rejected> {
    let read = |value: &Value| value.as_str().map(str::to_owned).ok_or(Rejected::ClaimInvalid(name, TEXT));
    there(members, name).map(read).transpose()
}

fn seconds(members: &Members, name: &'static str) -> Result<Option<i64>, Rejected> {
    let read = |value: &Value| value.as_i64().ok_or(Rejected::ClaimInvalid(name, SECONDS));
    there(members, name).map(read).transpose()
}

/// A number would have been rounded on the way: ids of X have more digits than a double.
fn x_id(members: &Members) -> Result<Option<String>, Rejected> {
    let invalid = Rejected::ClaimInvalid("x_id", "a text of digits");
    let id = text(members, "x_id").map_err(|_| invalid)?;
    match id {
        Some(id) if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) => Err(invalid),
        Some(_) | None => Ok(id),
    }
}

fn roles(members: &Members) -> Result<BTreeSet<Role>, Rejected> {
    let invalid = Rejected::ClaimInvalid("roles", "a list of texts");
    let Some(roles) = there(members, "roles") else { return Ok(BTreeSet::new()) };
    let roles = roles.as_array().filter(|roles| roles.iter().all(Value::is_string)).ok_or(invalid)?;
    Ok(roles.iter().filter_map(|role| Role::deserialize(role).ok()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(change: impl FnOnce(&mut Members)) -> Members {
        let claims =
            json!({"iss": "i", "azp": "a", "sub": "s", "exp": 2, "nbf": 1, "iat": 1, "roles": ["bidder"], "x_id": "7"});
        let mut members = claims.as_object().unwrap().clone();
        change(&mut members);
        members
    }

    #[test]
    fn each_wrong_claim_is_named() {
        for name in ["iss", "azp", "sub", "exp", "nbf", "iat"] {
            assert_eq!(read(members(|all| drop(all.remove(name)))), Err(Rejected::ClaimMissing(name)));
            let invalid = read(members(|all| drop(all.insert(name.into(), json!([])))));
            assert!(matches!(invalid, Err(Rejected::ClaimInvalid(named, _)) if named == name), "{invalid:?}");
        }
        let number = read(members(|all| drop(all.insert("x_id".into(), json!(7))))).unwrap_err();
        assert_eq!(number.to_string(), "the token's claim x_id is not a text of digits");
        assert!(read(members(|all| drop(all.insert("x_id".into(), json!("7a"))))).is_err());
        assert!(read(members(|all| drop(all.insert("roles".into(), json!("owner"))))).is_err());
    }

    #[test]
    fn an_unknown_role_allows_nothing_and_spoils_nothing() {
        let claims = read(members(|all| drop(all.insert("roles".into(), json!(["org:admin", "bidder"]))))).unwrap();
        assert_eq!(claims.roles, BTreeSet::from([Role::Bidder]));
        assert_eq!(read(members(|all| drop(all.remove("roles")))).unwrap().roles, BTreeSet::new());
    }

    #[test]
    fn an_impersonator_is_seen() {
        let claims = read(members(|all| drop(all.insert("act".into(), json!({"sub": "staff"}))))).unwrap();
        assert!(claims.act.is_some());
        assert_eq!(read(members(|all| drop(all.insert("act".into(), Value::Null)))).unwrap().act, None);
    }
}
