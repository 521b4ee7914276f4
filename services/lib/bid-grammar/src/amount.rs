//! Amounts of ether as people write them: ASCII digits with at most one dot, to wei, exactly.

use alloy_primitives::U256;

use crate::Code;

/// Decimal places of ether.
const DECIMALS: usize = 18;
/// More ether than there is; above it the amount is a slip of the hand, and below it wei fit in 128 bits.
const MAX_ETHER: u128 = 120_000_000;
const WEI_PER_ETHER: u128 = 1_000_000_000_000_000_000;

/// Wei of a plain number (`digits`, `digits.digits` or `.digits`).
///
/// Refuses zero, leading zeros, more than 18 decimals and more than [`MAX_ETHER`]; nothing is ever rounded.
pub(crate) fn wei(number: &str) -> Result<U256, Code> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() > 1 && whole.starts_with('0') {
        return Err(Code::LeadingZero);
    }
    if fraction.len() > DECIMALS {
        return Err(Code::TooPrecise);
    }
    let whole = whole.bytes().try_fold(0_u128, |sum, digit| {
        let sum = sum * 10 + u128::from(digit - b'0');
        (sum <= MAX_ETHER).then_some(sum)
    });
    let whole = whole.ok_or(Code::TooLarge)?;
    let padding = DECIMALS - fraction.len();
    let parts = fraction.bytes().fold(0_u128, |sum, digit| sum * 10 + u128::from(digit - b'0'));
    let wei = whole * WEI_PER_ETHER + parts * 10_u128.pow(u32::try_from(padding).expect("at most 18 decimals"));
    if wei == 0 {
        return Err(Code::ZeroAmount);
    }
    if wei > MAX_ETHER * WEI_PER_ETHER { Err(Code::TooLarge) } else { Ok(U256::from(wei)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_to_the_wei() {
        assert_eq!(wei("1.5"), Ok(U256::from(1_500_000_000_000_000_000_u128)));
        assert_eq!(wei(".000000000000000001"), Ok(U256::from(1)));
        assert_eq!(wei("120000000"), Ok(U256::from(MAX_ETHER * WEI_PER_ETHER)));
    }

    #[test]
    fn nothing_is_rounded_or_guessed() {
        assert_eq!(wei("0.0"), Err(Code::ZeroAmount));
        assert_eq!(wei("01"), Err(Code::LeadingZero));
        assert_eq!(wei("1.0000000000000000000"), Err(Code::TooPrecise));
        assert_eq!(wei("120000000.000000000000000001"), Err(Code::TooLarge));
        assert_eq!(wei(&"9".repeat(90)), Err(Code::TooLarge));
    }
}
