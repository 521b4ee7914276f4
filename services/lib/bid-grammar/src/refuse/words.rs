//! Words outside the grammar and what they make of a text. They choose the explanation of a refusal and its border with
//! conversation; nothing is accepted because a word is missing here: what a bid may hold is listed, never what it may not.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::concern::Concern;

/// ASCII words in lower case, by concern. A word stands once.
const BY_CONCERN: &[(Concern, &str)] = &[
    (Concern::Glued, "bidnext nextbid buynow buyitnow maxbid bidmax"),
    (
        Concern::Cancellation,
        "cancel cancelled canceled cancelling retract retracting withdraw withdrawing undo revoke unbid \
         rescind void refund takeback delete remove",
    ),
    (Concern::Edit, "edit edited correction typo update meant oops instead fix amend scratch"),
    (
        Concern::Instruction,
        "ignore disregard override system assistant admin prompt instruction instructions execute sudo \
         developer jailbreak pretend previous json function eval script forget simulate approve authorize \
         authorise base64 decode translate role",
    ),
    (
        Concern::Negation,
        "no not never none nope nah dont wont cant isnt didnt wouldnt cannot without stop neither nor refuse \
         against pass skip nobody nothing hardly anti non nein nicht kein ne pas nunca nao niet",
    ),
    (
        Concern::Question,
        "what whats what's why how who where which whose anyone anybody is are am do does wonder wondering \
         can ask asking shall",
    ),
    (
        Concern::Condition,
        "if unless when until till once would should could may might maybe perhaps provided assuming suppose \
         supposing whenever wish hope hoping thinking think consider considering want wanna like i'd had but \
         only except depending depends possibly probably guess tempted imagine let's lets let because while \
         otherwise whether ready willing able",
    ),
    (
        Concern::Joke,
        "rt tbt jk joke joking kidding lol lmao rofl haha hahaha sarcasm test testing fake ironic ironically \
         hypothetical hypothetically example eg demo practice pretending satire parody troll trolling xd",
    ),
    (Concern::Behalf, "behalf friend friend's mom boss client proxy via friends wife husband brother sister dad"),
    (
        Concern::Past,
        "yesterday was were did ago earlier before last already bidded placed been won sold went paid lost \
         outbid just used have has made offered got ended closed previously",
    ),
    (
        Concern::Future,
        "will i'll ill tomorrow later soon gonna going tonight after then plan planning eventually someday \
         intend we'll he'll she'll they'll todo remind reminder schedule monday tuesday wednesday thursday \
         friday saturday sunday week month minute minutes hour hours seconds at",
    ),
    (
        Concern::Reported,
        "he she they him her them his their he's she's they're someone somebody everyone everybody people guy \
         dude bids bidder bidders whale says said your you're our we whoever others another highest \
         current leading top winning tells told wants seller owner artist opponent",
    ),
    (Concern::Range, "between from to or either"),
    (
        Concern::Approximate,
        "about around approx approximately roughly circa ca almost nearly over under above below atleast \
         least minimum min more less than ish something some any whatever few plus extra double triple twice",
    ),
    (Concern::Maximum, "maximum up upto limit most ceiling cap tops"),
    (
        Concern::NumberWord,
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen \
         sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred \
         thousand million billion half quarter dozen couple single point uno dos tres cuatro cinco un une \
         deux trois quatre cinq eins ein eine einen zwei drei vier due tre dois bir iki yarim cent cien \
         hundert tausend mille dix zehn diez ii iii iv vi vii viii ix",
    ),
    (Concern::Multiplier, "k lakh crore bn mio thousands millions grand"),
    (Concern::Wrapped, "weth steth wsteth beth reth cbeth eeth weeth eths"),
    (Concern::SmallUnit, "gwei wei gwie finney szabo kwei mwei shannon milliether meth microether"),
    (
        Concern::Currency,
        "usd usdc usdt dollar dollars buck bucks euro euros eur gbp pound pounds quid yen jpy cny rmb yuan \
         inr rupees krw chf cad aud btc bitcoin bitcoins sats sat satoshi satoshis sol solana matic pol \
         polygon bnb ada xrp doge dogecoin shib pepe ltc dot avax atom near tez xtz tezos ape apecoin dai \
         base op arb trx tron ton sui apt link uni etc ethw eos usde pyusd busd cents degen bonk wif flow \
         eurc frax ftm algo xlm xmr monero bch blur mana sand points credits tokens coins token coin rub \
         rubles brl reais pesos mxn try lira ethereum ethers",
    ),
    (
        Concern::OtherLanguage,
        "biete biet bieten gebot gebote ich steigere enchere encheris j'encheris encherir offre j'offre mise \
         propose surencheris ofrezco puja pujo pujar oferta oferto apuesto doy offro offerta puntata rilancio \
         punto lance dou ofereco licito licitez ofer teklif veriyorum artiriyorum bied bod bieding licytuje \
         oferuje daje stavka stavlyu predlagayu byder budar tarjoan tarjous tawar penawaran menawar nyusatsu \
         chujia ipchal prosfora boli nabizim ajanlat ponudba nudim licitalok ajanlok alok tawaran taya dau \
         gia",
    ),
    (Concern::BidLike, "bidding offer offering bidd raise raising bet increase overbid b1d bld bif counteroffer"),
];

/// Beginnings of words of bidding in letters beyond ASCII.
pub(super) const FOREIGN_STEMS: &str = "ench offr oferec höchstgebot ставлю ставк предлаг делаю пропону 入札 出价 出價 竞拍 競標 竞价 競價 \
     加价 입찰 경매 مزايد أزايد عرض बोली đấu ประมูล προσφ הצע öner licytuj nabíz kínál ofert pujó ponuj";

/// Numbers in words with letters beyond ASCII.
pub(super) const FOREIGN_NUMBERS: &str =
    "fünf zwölf два один три пять десять полтора двa 一 二 两 兩 五 十 半 दो अथ اثنان واحد dört üç";

static CONCERNS: LazyLock<BTreeMap<&'static str, Concern>> = LazyLock::new(|| {
    BY_CONCERN
        .iter()
        .flat_map(|(concern, words)| words.split_ascii_whitespace().map(move |word| (word, *concern)))
        .collect()
});

/// The concern of an ASCII word in lower case.
pub(super) fn concern_of(word: &str) -> Option<Concern> {
    CONCERNS.get(word).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_stands_once_and_outside_the_grammar() {
        let words = || BY_CONCERN.iter().flat_map(|(_, words)| words.split_ascii_whitespace());
        assert_eq!(words().count(), CONCERNS.len());
        let in_grammar: Vec<&str> = words().filter(|word| crate::vocabulary::term(word).is_some()).collect();
        assert!(in_grammar.is_empty(), "{in_grammar:?}");
    }
}
