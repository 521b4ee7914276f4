//! The accounts that the stand-in knows: the house and its crowd, by id and by handle.

use std::collections::BTreeMap;

use crate::id::UserId;

/// Accounts kept at most; a new one beyond that is refused.
pub const MOST_USERS: usize = 200_000;

/// Who an account belongs to, as far as X's rules for automated accounts differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The house's automated account, under X's rules for apps.
    House,
    /// A person of the crowd.
    Crowd,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id, which never changes.
    pub id: UserId,
    /// The handle in the writing that its owner chose; it may change.
    pub handle: String,
    /// The name that is shown.
    pub name: String,
    /// Whose it is.
    pub kind: Kind,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// Posts made so far.
    pub posts: u64,
}

/// A handle belongs to another account, or the house is full.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unregistered {
    /// The handle is another account's.
    #[error("handle @{0} belongs to another account")]
    HandleTaken(String),
    /// [`MOST_USERS`] accounts exist.
    #[error("{MOST_USERS} accounts exist already")]
    Full,
}

/// All accounts.
#[derive(Debug, Default)]
pub struct Directory {
    by_id: BTreeMap<UserId, User>,
    by_handle: BTreeMap<String, UserId>,
}

impl Directory {
    /// Adds the account unless its id is known.
    pub fn register(&mut self, user: User) -> Result<(), Unregistered> {
        if self.by_id.contains_key(&user.id) {
            return Ok(());
        }
        let key = user.handle.to_ascii_lowercase();
        if self.by_handle.contains_key(&key) {
            return Err(Unregistered::HandleTaken(user.handle));
        }
        if self.by_id.len() >= MOST_USERS {
            return Err(Unregistered::Full);
        }
        self.by_handle.insert(key, user.id);
        self.by_id.insert(user.id, user);
        Ok(())
    }

    /// Gives the account a new handle and returns the old one; nothing for an unknown account.
    pub fn rename(&mut self, id: UserId, handle: &str) -> Result<Option<String>, Unregistered> {
        let key = handle.to_ascii_lowercase();
        if self.by_handle.get(&key).is_some_and(|owner| *owner != id) {
            return Err(Unregistered::HandleTaken(handle.to_owned()));
        }
        let Some(user) = self.by_id.get_mut(&id) else { return Ok(None) };
        self.by_handle.remove(&user.handle.to_ascii_lowercase());
        self.by_handle.insert(key, id);
        Ok(Some(std::mem::replace(&mut user.handle, handle.to_owned())))
    }

    /// The account with this id.
    pub fn get(&self, id: UserId) -> Option<&User> {
        self.by_id.get(&id)
    }

    /// The account with this id, to change its counters.
    pub fn get_mut(&mut self, id: UserId) -> Option<&mut User> {
        self.by_id.get_mut(&id)
    }

    /// The account with this handle, in any letter case.
    pub fn by_handle(&self, handle: &str) -> Option<&User> {
        self.by_handle.get(&handle.to_ascii_lowercase()).and_then(|id| self.by_id.get(id))
    }

    /// All accounts, by id.
    pub fn all(&self) -> impl Iterator<Item = &User> {
        self.by_id.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: u64, handle: &str) -> User {
        let name = handle.to_owned();
        User { id: UserId(id), handle: handle.to_owned(), name, kind: Kind::Crowd, created_ms: 0, posts: 0 }
    }

    #[test]
    fn handles_are_found_in_any_case_and_belong_to_one() {
        let mut directory = Directory::default();
        directory.register(user(1, "Ada")).unwrap();
        assert_eq!(directory.by_handle("aDA").unwrap().id, UserId(1));
        assert_eq!(directory.register(user(2, "ADA")), Err(Unregistered::HandleTaken("ADA".into())));
    }

    #[test]
    fn a_freed_handle_can_be_recycled() {
        let mut directory = Directory::default();
        directory.register(user(1, "ada")).unwrap();
        assert_eq!(directory.rename(UserId(1), "lovelace").unwrap(), Some("ada".to_owned()));
        directory.register(user(2, "ada")).unwrap();
        assert_eq!(directory.by_handle("ada").unwrap().id, UserId(2));
    }
}
