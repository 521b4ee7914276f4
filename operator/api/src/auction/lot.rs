//! A lot and its rules. A rule that a lot leaves out comes from `spec.lotDefaults`.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::settlement::ADDRESS;
use super::{Nft, SecretRef};

/// Amounts in main units: at most 18 digits before and nine after the point, since CEL's quantities round beyond.
const AMOUNT: &str = r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?$";

/// One thing for sale.
#[derive(KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = ("!(has(self.minIncrement) && has(self.ladder))", "give minIncrement or ladder, not both"),
    validation = ("!(has(self.reservePrice) && has(self.reserve))", "give reservePrice or reserve, not both"),
    validation = ("!has(self.reservePrice) || quantity(self.reservePrice).compareTo(quantity(self.startingPrice)) >= 0",
        "reservePrice is below startingPrice; raise it or lower the starting price"),
    validation = ("!has(self.reserve) || !has(self.reserve.amount) || \
        quantity(self.reserve.amount).compareTo(quantity(self.startingPrice)) >= 0",
        "the reserve is below startingPrice; raise it or lower the starting price"),
    validation = ("!has(self.buyNow) || quantity(self.buyNow).compareTo(quantity(self.startingPrice)) >= 0",
        "buyNow is below startingPrice; raise it or lower the starting price")
)]
pub struct Lot {
    /// Stable name; never used again for another lot.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub id: String,
    #[schemars(length(min = 1, max = 120))]
    pub title: String,
    /// Who sells it, and is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 42), regex(pattern = ADDRESS))]
    pub seller: Option<String>,
    /// The NFT that moves to the winner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nft: Option<Nft>,
    /// What the host and the catalogue say of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub description: Option<String>,
    /// Where the artwork is: `s3://…`, `ipfs://…` or `https://…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^(s3|ipfs|https)://[^\s]+$"))]
    pub asset: Option<String>,
    /// The least that the first bid may be.
    #[schemars(length(max = 28), regex(pattern = AMOUNT))]
    #[x_kube(validation = ("quantity(self).isGreaterThan(quantity('0'))", "startingPrice must be above zero"))]
    pub starting_price: String,
    /// Short for a ladder that always rises by the same step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 28), regex(pattern = AMOUNT))]
    #[x_kube(validation = ("quantity(self).isGreaterThan(quantity('0'))", "minIncrement must be above zero"))]
    pub min_increment: Option<String>,
    /// Short for a public reserve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 28), regex(pattern = AMOUNT))]
    pub reserve_price: Option<String>,
    /// The reserve in full: none, public or hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve: Option<Reserve>,
    /// Ends the lot at once while nobody has bid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 28), regex(pattern = AMOUNT))]
    pub buy_now: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_209_600))]
    pub duration_seconds: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<Ladder>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_cut: Option<HalfCut>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_close: Option<SoftClose>,
    /// Bids must be whole multiples of it; `"0"` lifts the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 28), regex(pattern = AMOUNT))]
    pub tick: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 1000))]
    pub jump_factor: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 5000))]
    pub premium_basis_points: Option<i32>,
}

/// The rules of lots that do not state their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LotDefaults {
    /// From opening to the scheduled end.
    #[schemars(range(min = 1, max = 1_209_600))]
    pub duration_seconds: i64,
    pub ladder: Ladder,
    /// Whether the auctioneer may, once a round, take half a step of the ladder.
    pub half_cut: HalfCut,
    pub soft_close: SoftClose,
    /// Bids must be whole multiples of it; `"0"` lifts the rule.
    #[schemars(length(max = 28), regex(pattern = AMOUNT))]
    pub tick: String,
    /// The guard against fat fingers: a bid above this many times the reference price must be repeated to count.
    #[schemars(range(min = 2, max = 1000))]
    pub jump_factor: i32,
    /// Buyer's premium in hundredths of a percent of the hammer price.
    #[schemars(range(min = 0, max = 5000))]
    pub premium_basis_points: i32,
}

impl Default for LotDefaults {
    fn default() -> Self {
        Self {
            duration_seconds: 600,
            ladder: Ladder::default(),
            half_cut: HalfCut::default(),
            soft_close: SoftClose::default(),
            tick: "0.001".to_owned(),
            jump_factor: 10,
            premium_basis_points: 0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum HalfCut {
    #[default]
    Allowed,
    Forbidden,
}

/// How much more the next bid must be. Exactly one of the four is given; none means the table `default/v1`.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = (
    "[has(self.table), has(self.percentageBasisPoints), has(self.fixed), has(self.rungs)].filter(given, given).size() <= 1",
    "give one of table, percentageBasisPoints, fixed and rungs"
))]
pub struct Ladder {
    /// Name of a published table, such as `default/v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub table: Option<String>,
    /// A share of the price, in hundredths of a percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub percentage_basis_points: Option<i32>,
    /// Always the same step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 28), regex(pattern = AMOUNT))]
    #[x_kube(validation = ("quantity(self).isGreaterThan(quantity('0'))", "a fixed step must be above zero"))]
    pub fixed: Option<String>,
    /// A table of its own: ascending, the first rung from `"0"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = ("quantity(self[0].from).compareTo(quantity('0')) == 0", "the first rung must begin at \"0\""))]
    pub rungs: Option<Vec<Rung>>,
}

/// From this price upward, bids rise by this step.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rung {
    #[schemars(length(max = 28), regex(pattern = AMOUNT))]
    pub from: String,
    #[schemars(length(max = 28), regex(pattern = AMOUNT))]
    #[x_kube(validation = ("quantity(self).isGreaterThan(quantity('0'))", "a rung's step must be above zero"))]
    pub step: String,
}

/// The price below which a lot is not sold.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = ("self.kind == 'None' || has(self.amount) || has(self.secretRef)", "a public or hidden reserve needs its amount, or the Secret that holds it"),
    validation = ("self.kind != 'Hidden' || has(self.commitment)", "a hidden reserve needs its published commitment: keccak-256 of the amount in wei (32 bytes) and the salt"),
    validation = ("self.kind == 'Hidden' || !(has(self.secretRef) || has(self.salt) || has(self.commitment))",
        "only a hidden reserve has a Secret, a salt or a commitment")
)]
pub struct Reserve {
    #[serde(default)]
    pub kind: ReserveKind,
    /// The reserve. For `Hidden` it normally stands in the Secret, and whoever reads the Secret fills it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 28), regex(pattern = AMOUNT))]
    pub amount: Option<String>,
    /// `Hidden`: 32 random bytes as `0x` and 64 hex digits; normally in the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^0x[0-9a-fA-F]{64}$"))]
    pub salt: Option<String>,
    /// `Hidden`: keccak-256 of the amount in wei (32 bytes, big-endian) and the salt, published before the sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^0x[0-9a-fA-F]{64}$"))]
    pub commitment: Option<String>,
    /// `Hidden`: the Secret with the keys `amount` and `salt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretRef>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum ReserveKind {
    #[default]
    None,
    /// Everybody knows it.
    Public,
    /// Only its commitment is published.
    Hidden,
}

/// Anti-sniping: an accepted bid in the last `windowSeconds` moves the end to its own time plus `extendSeconds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SoftClose {
    #[schemars(range(min = 0, max = 3600))]
    pub window_seconds: i64,
    #[schemars(range(min = 0, max = 3600))]
    pub extend_seconds: i64,
    #[schemars(range(min = 0, max = 1000))]
    pub max_extensions: i32,
    /// The end never moves further than this beyond the scheduled one.
    #[schemars(range(min = 0, max = 86400))]
    pub cap_seconds: i64,
}

impl Default for SoftClose {
    fn default() -> Self {
        Self { window_seconds: 30, extend_seconds: 30, max_extensions: 20, cap_seconds: 600 }
    }
}
