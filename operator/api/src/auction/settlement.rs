//! Where money and NFTs change hands. Shapes only: the chain itself is followed elsewhere.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An account or contract: `0x` and 40 hex digits.
pub(crate) const ADDRESS: &str = "^0x[0-9a-fA-F]{40}$";

/// The contracts that an auction settles on.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = ("self.vault.lowerAscii() != self.house.lowerAscii()",
    "vault and house are two contracts; give each its own address"))]
pub struct Settlement {
    /// The chain's number, as in EIP-155: 1 is Ethereum.
    #[schemars(range(min = 1, max = 4_503_599_627_370_476_i64))]
    pub chain: i64,
    /// The contract that holds money and mandates.
    #[schemars(length(max = 42), regex(pattern = ADDRESS))]
    pub vault: String,
    /// The contract that holds lots and NFTs.
    #[schemars(length(max = 42), regex(pattern = ADDRESS))]
    pub house: String,
    /// How much is waited for before a result is final.
    #[serde(default)]
    pub tier: Tier,
}

/// The value tier: what may happen between the hammer and the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Tier {
    /// Hammer and settlement in one transaction.
    #[default]
    Direct,
    /// The hammer is committed first and can be challenged with a receipt before it is final.
    Challenged,
}

/// The NFT of a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Nft {
    /// The collection's contract.
    #[schemars(length(max = 42), regex(pattern = ADDRESS))]
    pub contract: String,
    /// The token's number in the collection, decimal, in quotes.
    #[schemars(length(max = 78), regex(pattern = "^(0|[1-9][0-9]{0,77})$"))]
    pub token_id: String,
    #[serde(default)]
    pub standard: TokenStandard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum TokenStandard {
    #[default]
    #[serde(rename = "ERC721")]
    Erc721,
    #[serde(rename = "ERC1155")]
    Erc1155,
}
