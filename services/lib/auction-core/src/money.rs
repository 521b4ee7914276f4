//! Money: whole base units (wei) in 256 bits. A decimal string on every wire, never a float, never a JSON number.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::U256;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Decimal places of ether, and so of every amount written in main units.
pub const ETHER_DECIMALS: usize = 18;

/// An amount in base units.
///
/// Serialises as a decimal string for people (JSON) and as its shortest big-endian bytes in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Wei(pub U256);

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAmount {
    #[error("\"{0}\" is not a decimal number: write digits with at most one dot, such as 1.5")]
    NotDecimal(String),
    #[error("\"{0}\" has more than {1} decimal places")]
    TooPrecise(String, usize),
    #[error("\"{0}\" does not fit 256 bits")]
    TooLarge(String),
}

/// The largest amount that anybody may name: 10^30 wei, a trillion ether. Far above any supply and far below 2^128, so that
/// no sum or product of the rules can overflow.
pub const MAX_AMOUNT: Wei = Wei(U256::from_limbs([0x4674_edea_4000_0000, 0xc_9f2c_9cd0, 0, 0]));

impl Wei {
    pub const ZERO: Self = Self(U256::ZERO);
    pub const ONE: Self = Self(U256::ONE);

    /// Reads an amount in main units (`"1.5"`), with at most `decimals` places.
    pub fn from_main_units(text: &str, decimals: usize) -> Result<Self, BadAmount> {
        let shown = || text.chars().take(80).collect::<String>();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(BadAmount::NotDecimal(shown()));
        }
        if fraction.len() > decimals {
            return Err(BadAmount::TooPrecise(shown(), decimals));
        }
        let base_units = format!("{whole}{fraction:0<ETHER_DECIMALS$}");
        U256::from_str_radix(&base_units, 10).map(Self).map_err(|_| BadAmount::TooLarge(shown()))
    }

    /// The amount in main units without trailing zeros: `1.5`.
    pub fn main_units(self) -> String {
        let digits = format!("{:0>1$}", self.0.to_string(), ETHER_DECIMALS + 1);
        let (whole, fraction) = digits.split_at(digits.len() - ETHER_DECIMALS);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl From<u128> for Wei {
    fn from(base_units: u128) -> Self {
        Self(U256::from(base_units))
    }
}

impl fmt::Display for Wei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Real amounts fit 128 bits, whose digits cost a fraction of 256 bits'.
        match u128::try_from(self.0) {
            Ok(small) => small.fmt(f),
            Err(_) => self.0.fmt(f),
        }
    }
}

impl FromStr for Wei {
    type Err = BadAmount;
    /// Reads base units.
    fn from_str(text: &str) -> Result<Self, BadAmount> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadAmount::NotDecimal(text.chars().take(80).collect()));
        }
        U256::from_str_radix(text, 10).map(Self).map_err(|_| BadAmount::TooLarge(text.chars().take(80).collect()))
    }
}

impl Serialize for Wei {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            let bytes = self.0.to_be_bytes::<32>();
            let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
            serializer.serialize_bytes(&bytes[zeros..])
        }
    }
}

impl<'de> Deserialize<'de> for Wei {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            text.parse().map_err(D::Error::custom)
        } else {
            let bytes = <&[u8]>::deserialize(deserializer)?;
            if bytes.first() == Some(&0) {
                return Err(D::Error::custom("an amount's bytes begin with zero: not the canonical form"));
            }
            U256::try_from_be_slice(bytes)
                .map(Self)
                .ok_or_else(|| D::Error::custom("an amount is longer than 32 bytes"))
        }
    }
}
