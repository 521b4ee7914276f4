//! One lot's terms: its own rules where it states them, the auction's defaults where not.

use alloy_primitives::{U256, hex, keccak256};
use auction_core::terms::{self, LadderKind, LotTerms};
use auction_core::{LotId, Span, Wei};

use super::findings::{FieldCode, Findings};
use crate::auction::{HalfCut, Ladder, Lot, LotDefaults, Reserve, ReserveKind, Rung, SoftClose};

/// The table that a manifest without a ladder gets.
const DEFAULT_TABLE: &str = "default/v1";

/// The version of a ladder that is written into its manifest.
const IN_MANIFEST: &str = "manifest";

/// The most rungs of a table written into a manifest.
const MOST_RUNGS: usize = 64;

pub(super) fn terms(index: usize, lot: &Lot, defaults: &LotDefaults, findings: &mut Findings) -> Option<LotTerms> {
    let at = |field: &str| format!("spec.lots[{index}].{field}");
    // A rule is reported where it is written: in the lot, or in the defaults.
    let place = |own: bool, field: &str| if own { at(field) } else { format!("spec.lotDefaults.{field}") };

    let id = findings.checked(&at("id"), LotId::new(&lot.id), "write a DNS label such as lot-1");
    findings.text(&at("title"), &lot.title, 120);
    let opening_bid = findings.positive(&at("startingPrice"), &lot.starting_price);
    let buy_now = lot.buy_now.as_deref().map(|text| findings.positive(&at("buyNow"), text));
    let duration_path = place(lot.duration_seconds.is_some(), "durationSeconds");
    let seconds = lot.duration_seconds.unwrap_or(defaults.duration_seconds);
    let duration = findings.within(&duration_path, seconds, 1..=1_209_600).map(Span::from_secs);
    let tick_path = place(lot.tick.is_some(), "tick");
    let tick = findings.amount(&tick_path, lot.tick.as_ref().unwrap_or(&defaults.tick));
    let ladder =
        lot_ladder(index, lot, defaults, findings).map(|ladder| match lot.half_cut.unwrap_or(defaults.half_cut) {
            HalfCut::Allowed => ladder,
            HalfCut::Forbidden => ladder.firm(),
        });
    let soft_close_path = place(lot.soft_close.is_some(), "softClose");
    let soft_close = soft_close(&soft_close_path, lot.soft_close.as_ref().unwrap_or(&defaults.soft_close), findings);
    let jump_path = place(lot.jump_factor.is_some(), "jumpFactor");
    let jump_factor = findings.within(&jump_path, lot.jump_factor.unwrap_or(defaults.jump_factor).into(), 2..=1000);
    let premium_path = place(lot.premium_basis_points.is_some(), "premiumBasisPoints");
    let premium = lot.premium_basis_points.unwrap_or(defaults.premium_basis_points);
    let premium_bps = findings.within(&premium_path, premium.into(), 0..=5000);
    let reserve = own_reserve(index, lot, findings);

    let terms = LotTerms {
        number: super::lot_number(index)?,
        id: id?,
        title: lot.title.clone(),
        opening_bid: opening_bid?,
        reserve: reserve?,
        ladder: ladder?,
        tick: tick?,
        duration: duration?,
        soft_close: soft_close?,
        buy_now: match buy_now {
            Some(amount) => Some(amount?),
            None => None,
        },
        jump_factor: jump_factor?,
        premium_bps: premium_bps?,
    };
    amounts_agree(index, &terms, findings);
    Some(terms)
}

/// Amounts that are right alone and wrong together.
fn amounts_agree(index: usize, terms: &LotTerms, findings: &mut Findings) {
    let at = |field: &str| format!("spec.lots[{index}].{field}");
    let eth = Wei::main_units;
    let reserve = match &terms.reserve {
        terms::Reserve::None => None,
        terms::Reserve::Public(amount) | terms::Reserve::Hidden { amount, .. } => Some(*amount),
    };
    if let Some(reserve) = reserve.filter(|reserve| *reserve < terms.opening_bid) {
        let message = format!("the reserve {} is below the starting price {}", eth(reserve), eth(terms.opening_bid));
        findings.add(
            &at("reserve"),
            FieldCode::FieldsConflict,
            message,
            "raise the reserve or lower the starting price",
        );
    }
    if let Some(buy_now) = terms.buy_now {
        let floor = reserve.unwrap_or(terms.opening_bid).max(terms.opening_bid);
        if buy_now < floor {
            let message = format!("the buy-now price {} is below {}", eth(buy_now), eth(floor));
            findings.add(
                &at("buyNow"),
                FieldCode::FieldsConflict,
                message,
                "set it to the reserve and starting price at least",
            );
        }
    }
    let off_tick = |amount: Wei| !terms.tick.is_zero() && !(amount.0 % terms.tick.0).is_zero();
    for (field, amount) in [("startingPrice", Some(terms.opening_bid)), ("buyNow", terms.buy_now)] {
        if let Some(amount) = amount.filter(|amount| off_tick(*amount)) {
            let message = format!("{} is not a whole multiple of the tick {}", eth(amount), eth(terms.tick));
            findings.add(
                &at(field),
                FieldCode::FieldsConflict,
                message,
                "round it to the tick, or choose a finer tick",
            );
        }
    }
}

/// The lot's ladder: written short as `minIncrement`, in full, or the defaults'.
fn lot_ladder(index: usize, lot: &Lot, defaults: &LotDefaults, findings: &mut Findings) -> Option<terms::Ladder> {
    let at = |field: &str| format!("spec.lots[{index}].{field}");
    match (&lot.min_increment, &lot.ladder) {
        (None, None) => ladder("spec.lotDefaults.ladder", &defaults.ladder, findings),
        (None, Some(full)) => ladder(&at("ladder"), full, findings),
        (Some(step), None) => {
            let kind = LadderKind::Fixed(findings.positive(&at("minIncrement"), step)?);
            Some(terms::Ladder { version: IN_MANIFEST.to_owned(), kind })
        }
        (Some(_), Some(_)) => {
            let remedy = "keep minIncrement or ladder";
            findings.add(&at("minIncrement"), FieldCode::FieldsConflict, "the increment is given twice", remedy);
            None
        }
    }
}

/// The reserve, written short as `reservePrice` or in full.
fn own_reserve(index: usize, lot: &Lot, findings: &mut Findings) -> Option<terms::Reserve> {
    let at = |field: &str| format!("spec.lots[{index}].{field}");
    match (&lot.reserve_price, &lot.reserve) {
        (None, None) => Some(terms::Reserve::None),
        (None, Some(full)) => reserve(&at("reserve"), full, findings),
        (Some(price), None) => findings.positive(&at("reservePrice"), price).map(terms::Reserve::Public),
        (Some(_), Some(_)) => {
            let remedy = "keep reservePrice or reserve";
            findings.add(&at("reservePrice"), FieldCode::FieldsConflict, "the reserve is given twice", remedy);
            None
        }
    }
}

fn soft_close(path: &str, soft_close: &SoftClose, findings: &mut Findings) -> Option<terms::SoftClose> {
    let SoftClose { window_seconds, extend_seconds, max_extensions, cap_seconds } = soft_close;
    let window = findings.within(&format!("{path}.windowSeconds"), *window_seconds, 0..=3600);
    let extension = findings.within(&format!("{path}.extendSeconds"), *extend_seconds, 0..=3600);
    let count = findings.within(&format!("{path}.maxExtensions"), (*max_extensions).into(), 0..=1000);
    let cap = findings.within(&format!("{path}.capSeconds"), *cap_seconds, 0..=86_400);
    Some(terms::SoftClose {
        window: Span::from_secs(window?),
        extension: Span::from_secs(extension?),
        max_extensions: count?,
        cap: Span::from_secs(cap?),
    })
}

fn ladder(path: &str, ladder: &Ladder, findings: &mut Findings) -> Option<terms::Ladder> {
    let inline = |kind| Some(terms::Ladder { version: IN_MANIFEST.to_owned(), kind });
    match ladder {
        Ladder { table, percentage_basis_points: None, fixed: None, rungs: None } => {
            let name = table.as_deref().unwrap_or(DEFAULT_TABLE);
            let named = (name == DEFAULT_TABLE).then(terms::Ladder::default_v1);
            if named.is_none() {
                let message = format!("there is no table \"{name}\"");
                let remedy = format!("name {DEFAULT_TABLE}, or write the rungs into the manifest");
                findings.add(&format!("{path}.table"), FieldCode::NameUnknown, message, remedy);
            }
            named
        }
        Ladder { table: None, percentage_basis_points: Some(share), fixed: None, rungs: None } => {
            let basis_points =
                findings.within(&format!("{path}.percentageBasisPoints"), (*share).into(), 1..=10_000)?;
            inline(LadderKind::Percentage { basis_points })
        }
        Ladder { table: None, percentage_basis_points: None, fixed: Some(step), rungs: None } => {
            inline(LadderKind::Fixed(findings.positive(&format!("{path}.fixed"), step)?))
        }
        Ladder { table: None, percentage_basis_points: None, fixed: None, rungs: Some(rungs) } => {
            inline(LadderKind::Table(table(&format!("{path}.rungs"), rungs, findings)?))
        }
        Ladder { .. } => {
            let remedy = "keep one of table, percentageBasisPoints, fixed and rungs";
            findings.add(path, FieldCode::FieldsConflict, "the ladder is given twice", remedy);
            None
        }
    }
}

fn table(path: &str, rungs: &[Rung], findings: &mut Findings) -> Option<Vec<terms::Rung>> {
    if rungs.is_empty() || rungs.len() > MOST_RUNGS {
        let message = format!("a table has 1 to {MOST_RUNGS} rungs, not {}", rungs.len());
        findings.add(path, FieldCode::FieldOutOfRange, message, "write fewer rungs");
        return None;
    }
    let mut table: Vec<terms::Rung> = Vec::with_capacity(rungs.len());
    for (index, Rung { from, step }) in rungs.iter().enumerate() {
        let from_path = format!("{path}[{index}].from");
        let from = findings.amount(&from_path, from)?;
        let step = findings.positive(&format!("{path}[{index}].step"), step)?;
        let in_order = table.last().map_or(from.is_zero(), |previous| from > previous.from);
        if !in_order {
            let remedy = "begin at \"0\" and let each rung start above the one before";
            findings.add(&from_path, FieldCode::FieldsConflict, "the rungs do not ascend from zero", remedy);
            return None;
        }
        table.push(terms::Rung { from, step });
    }
    Some(table)
}

fn reserve(path: &str, reserve: &Reserve, findings: &mut Findings) -> Option<terms::Reserve> {
    let Reserve { kind, amount, salt, commitment, secret_ref } = reserve;
    let hidden_only = salt.is_some() || commitment.is_some() || secret_ref.is_some();
    match kind {
        ReserveKind::None if amount.is_some() || hidden_only => {
            let remedy = "set kind to Public or Hidden, or remove the other fields";
            findings.add(path, FieldCode::FieldsConflict, "a reserve of kind None has an amount", remedy);
            None
        }
        ReserveKind::None => Some(terms::Reserve::None),
        ReserveKind::Public if hidden_only => {
            let remedy = "remove salt, commitment and secretRef, or set kind to Hidden";
            findings.add(path, FieldCode::FieldsConflict, "a public reserve hides nothing", remedy);
            None
        }
        ReserveKind::Public => {
            let amount = required(&format!("{path}.amount"), amount.as_deref(), "write the reserve", findings)?;
            findings.positive(&format!("{path}.amount"), amount).map(terms::Reserve::Public)
        }
        ReserveKind::Hidden => hidden(path, reserve, findings),
    }
}

fn hidden(path: &str, reserve: &Reserve, findings: &mut Findings) -> Option<terms::Reserve> {
    let [amount_path, salt_path, commitment_path] = ["amount", "salt", "commitment"].map(|f| format!("{path}.{f}"));
    let secret = "put it into the Secret that secretRef names";
    let amount = required(&amount_path, reserve.amount.as_deref(), secret, findings);
    let amount = amount.and_then(|text| findings.positive(&amount_path, text));
    let salt = required(&salt_path, reserve.salt.as_deref(), secret, findings);
    let salt = salt.and_then(|text| word(&salt_path, text, findings));
    let publish = "publish keccak-256 of the amount in wei (32 bytes, big-endian) and the salt";
    let commitment = required(&commitment_path, reserve.commitment.as_deref(), publish, findings);
    let commitment = commitment.and_then(|text| word(&commitment_path, text, findings));
    let (amount, salt, commitment) = (amount?, salt?, commitment?);
    let opened = reserve_commitment(amount, salt);
    if opened != commitment {
        let remedy = format!("publish 0x{} for this amount and salt", hex::encode(opened));
        let message = "the commitment is not that of the amount and the salt";
        findings.add(&commitment_path, FieldCode::FieldsConflict, message, remedy);
        return None;
    }
    Some(terms::Reserve::Hidden { amount, salt, commitment })
}

/// keccak-256 of the amount (32 bytes, big-endian) and the salt.
fn reserve_commitment(amount: Wei, salt: [u8; 32]) -> [u8; 32] {
    keccak256([U256::to_be_bytes::<32>(&amount.0), salt].concat()).0
}

fn required<'a>(path: &str, text: Option<&'a str>, remedy: &str, findings: &mut Findings) -> Option<&'a str> {
    if text.is_none() {
        findings.add(path, FieldCode::FieldMissing, "the field is missing", remedy);
    }
    text
}

/// Reads 32 bytes written as `0x` and 64 hex digits.
fn word(path: &str, text: &str, findings: &mut Findings) -> Option<[u8; 32]> {
    let bytes = text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
    let word = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if word.is_none() {
        let remedy = "write 0x and 64 hex digits";
        findings.add(path, FieldCode::FieldMalformed, "the value is not 32 bytes of hex", remedy);
    }
    word
}
