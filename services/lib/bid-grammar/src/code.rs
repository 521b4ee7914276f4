//! The closed set of answers to a text that is no bid: one table of code, outcome, sentence and remedy.
//!
//! Codes are stable: bidders' tools, metrics and the journal name them. In a sentence `{read}` stands for what was
//! read, in a remedy `{house}` for the house's handle.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{Explanation, Reading};

/// Stands for what was read where the text is gone.
const GONE: &str = "…";

/// Whether the author meant to bid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It looked like a bid: say why it is not taken.
    Refused,
    /// It did not: stay silent.
    NotABid,
}

macro_rules! codes {
    ($($name:ident, $outcome:ident, $message:literal, $remedy:literal;)+) => {
        /// Why a text is not taken as a bid. Serialises as its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $message] $name,)+ }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// What a text with this code is.
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$name => Outcome::$outcome,)+ }
            }

            /// The sentence, with `{read}` where what was read goes.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $message,)+ }
            }

            /// What to do instead, with `{house}` where the handle goes.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)+ }
            }
        }
    };
}

codes! {
    // No bid at all.
    Empty, NotABid, "The post has no text.", "To bid, write: @{house} bid 1.5 ETH";
    NotAddressed, NotABid, "The post does not name this house.", "To bid, name the house: @{house} bid 1.5 ETH";
    LookalikeHandle, NotABid, "The post names {read}, which is not this house.", "Check the handle letter by letter: @{house}";
    Repost, NotABid, "A repost carries somebody else's words.", "To bid, write a post of your own: @{house} bid 1.5 ETH";
    OnlyMention, NotABid, "The post names the house and asks for nothing.", "To bid, write: @{house} bid 1.5 ETH";
    Chat, NotABid, "The post is conversation: no bid was read in it.", "To bid, write: @{house} bid 1.5 ETH";

    // The text as a whole.
    TooLong, Refused, "The post is longer than a bid can be.", "Write the bid alone in a short post: @{house} bid 1.5 ETH";
    ControlCharacter, Refused, "Read a control character, {read}.", "Type the bid anew, in plain characters: @{house} bid 1.5 ETH";
    BidirectionalControl, Refused, "Read {read}, which can change the order in which text is shown.", "Type the bid anew, in plain characters: @{house} bid 1.5 ETH";
    InvisibleCharacter, Refused, "Read an invisible character, {read}, beside a word or number.", "Type the bid anew, in plain characters: @{house} bid 1.5 ETH";
    CombiningMark, Refused, "Read a combining mark, {read}, on a plain character.", "Type the bid anew, in plain characters: @{house} bid 1.5 ETH";
    LookalikeLetters, Refused, "Read \"{read}\", which has letters of another alphabet that look like ours.", "Type the bid with plain letters a to z: @{house} bid 1.5 ETH";
    StyledCharacters, Refused, "Read \"{read}\", in styled characters.", "Type the bid with plain letters and digits: @{house} bid 1.5 ETH";
    ForeignDigits, Refused, "Read the digits \"{read}\".", "Type the amount with the digits 0 to 9: @{house} bid 1.5 ETH";
    EtherSignLookalike, Refused, "Read {read}, which is not the ether sign (U+039E).", "Write ETH instead of the sign: @{house} bid 1.5 ETH";
    Quoted, Refused, "Read quotation marks, so the words may be somebody else's.", "Write the bid without quotation: @{house} bid 1.5 ETH";
    CodeBlock, Refused, "Read code marks around the words.", "Write the bid as plain text: @{house} bid 1.5 ETH";
    HtmlEntity, Refused, "Read {read}, a sign that has no place in a bid.", "Write the bid in plain characters: @{house} bid 1.5 ETH";
    Link, Refused, "Read a link, an address or words joined by a dot.", "Leave links out of a bid: @{house} bid 1.5 ETH";

    // What the words mean.
    Cancellation, Refused, "Read \"{read}\": a bid cannot be taken back by a post.", "Deleting or editing changes nothing either; ask the auctioneer if it was a mistake.";
    Edited, Refused, "Read \"{read}\", a correction of another post.", "Write the whole bid in a post of its own: @{house} bid 1.5 ETH";
    Instruction, Refused, "Read \"{read}\": the house takes bids, not instructions.", "Write only the bid: @{house} bid 1.5 ETH";
    Negated, Refused, "Read \"{read}\", a no.", "If you do want to bid, write only: @{house} bid 1.5 ETH";
    Question, Refused, "Read a question, not a bid.", "If you want to bid, write it without a question: @{house} bid 1.5 ETH";
    Conditional, Refused, "Read \"{read}\", a condition or a wish.", "A bid is unconditional; write only: @{house} bid 1.5 ETH";
    NotSerious, Refused, "Read \"{read}\", as of a joke or a test.", "If you mean it, write only: @{house} bid 1.5 ETH";
    PastTense, Refused, "Read \"{read}\", as of something past.", "To bid now, write only: @{house} bid 1.5 ETH";
    FutureTense, Refused, "Read \"{read}\", as of something to come.", "To bid now, write only: @{house} bid 1.5 ETH";
    Reported, Refused, "Read \"{read}\", as of somebody else's bid.", "Bid for yourself, in the plain form: @{house} bid 1.5 ETH";
    OtherMention, Refused, "Read another account's handle in the post.", "Name only the house in a bid: @{house} bid 1.5 ETH";

    // The amount.
    AmountMissing, Refused, "Read \"{read}\" without its amount.", "Write the amount in digits: @{house} bid 1.5 ETH";
    UnitMissing, Refused, "Read the number \"{read}\" with neither \"bid\" nor ETH.", "Write the verb or the unit: @{house} bid 1.5 ETH";
    UnitUnclear, Refused, "Read \"{read}\" where ETH or the end of the bid should be.", "Write ETH after the amount: @{house} bid 1.5 ETH";
    WrongCurrency, Refused, "Read \"{read}\": bids are in ETH only.", "Write the amount in ETH: @{house} bid 1.5 ETH";
    WrappedEther, Refused, "Read \"{read}\": amounts are written in ETH, whichever token pays.", "Write ETH: @{house} bid 1.5 ETH";
    SmallUnit, Refused, "Read \"{read}\", a part of an ether.", "Write the amount in ETH: @{house} bid 0.5 ETH";
    Cashtag, Refused, "Read \"{read}\", a cashtag.", "Write ETH without the dollar sign: @{house} bid 1.5 ETH";
    CommaInNumber, Refused, "Read \"{read}\": a comma can mean a decimal or a thousand.", "Use a dot for decimals and nothing for thousands: @{house} bid 1500.5 ETH";
    GroupedNumber, Refused, "Read \"{read}\", digits in groups.", "Write the digits together: @{house} bid 1500 ETH";
    ExponentNumber, Refused, "Read \"{read}\", a number with an exponent.", "Write the digits out: @{house} bid 1500 ETH";
    HexNumber, Refused, "Read \"{read}\", a hexadecimal number.", "Write the amount in decimal digits: @{house} bid 1.5 ETH";
    FractionNumber, Refused, "Read \"{read}\", a fraction.", "Write it with a dot: @{house} bid 0.5 ETH";
    MalformedNumber, Refused, "Read \"{read}\", which is not one plain number.", "Write digits with at most one dot: @{house} bid 1.5 ETH";
    LeadingZero, Refused, "Read \"{read}\", a number that begins with a needless zero.", "Write it without the zero: @{house} bid 1.5 ETH";
    NumberWord, Refused, "Read \"{read}\", a number in words.", "Write the amount in digits: @{house} bid 2 ETH";
    Multiplied, Refused, "Read \"{read}\", a thousand or more in short.", "Write the digits out: @{house} bid 1500 ETH";
    Percentage, Refused, "Read a percentage.", "Write the amount itself: @{house} bid 1.5 ETH";
    NegativeAmount, Refused, "Read \"{read}\", a number after a dash or minus.", "Write the amount alone: @{house} bid 1.5 ETH";
    RelativeAmount, Refused, "Read \"{read}\", a raise by an amount.", "Write +1 or \"bid next\" for the next step, or the whole amount: @{house} bid 1.5 ETH";
    PlusOneNotAlone, Refused, "Read +1 with other things beside it; +1 is also said in agreement.", "Write it in words: @{house} bid next";
    ApproximateAmount, Refused, "Read \"{read}\", an amount that is not exact.", "Write one exact amount: @{house} bid 1.5 ETH";
    AmountRange, Refused, "Read \"{read}\", a range or a choice.", "Write one amount: @{house} bid 1.5 ETH";
    MaximumUnclear, Refused, "Read \"{read}\": a maximum is written in one way only.", "Write: @{house} max 3 ETH";
    TooPrecise, Refused, "Read \"{read}\", with more than 18 decimals.", "Write fewer decimals: @{house} bid 1.5 ETH";
    TooLarge, Refused, "Read \"{read}\", more ether than there is.", "Check the amount: @{house} bid 1.5 ETH";
    ZeroAmount, Refused, "Read \"{read}\", which is nothing.", "Write an amount above zero: @{house} bid 1.5 ETH";
    SeveralAmounts, Refused, "Read more than one amount: \"{read}\".", "Write one amount: @{house} bid 1.5 ETH";
    SeveralBids, Refused, "Read more than one bid: \"{read}\".", "Write one bid a post: @{house} bid 1.5 ETH";
    EmojiUnclear, Refused, "Read {read}, an emoji that is not understood beside a bid.", "Leave that emoji out: @{house} bid 1.5 ETH";

    // The lot.
    LotUnclear, Refused, "Read \"{read}\" where a lot's number should be.", "Write the lot as #12: @{house} bid 1.5 ETH #12";
    SeveralLots, Refused, "Read more than one lot: \"{read}\".", "Bid on one lot a post: @{house} bid 1.5 ETH #12";
    LotOutOfRange, Refused, "Read the lot \"{read}\", which cannot be.", "Lots count from 1, without leading zeros: @{house} bid 1.5 ETH #12";

    // What is left over.
    OtherLanguage, Refused, "Read \"{read}\": bids are read in one form only, whatever your language.", "Write: @{house} bid 1.5 ETH";
    HashtagUnclear, Refused, "Read \"{read}\", a hashtag that is not understood beside a bid.", "Leave that hashtag out: @{house} bid 1.5 ETH";
    GluedText, Refused, "Read \"{read}\" without a space between its parts.", "Put spaces between the words: @{house} bid 1.5 ETH #12";
    UnexpectedPunctuation, Refused, "Read \"{read}\", which has no place there.", "Write only: @{house} bid 1.5 ETH";
    UnexpectedWords, Refused, "Read \"{read}\", which is no part of a bid there.", "Write only: @{house} bid 1.5 ETH";
}

impl Code {
    /// The code of this stable name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// The explanation without what was read, for a text that is gone.
    pub(crate) fn in_general(self, house: &str) -> Explanation {
        Finding { code: self, read: GONE.to_owned() }.explanation(house)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A code with what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub code: Code,
    pub read: String,
}

impl Code {
    /// A finding whose sentence quotes nothing.
    pub(crate) fn plain(self) -> Finding {
        Finding { code: self, read: String::new() }
    }
}

impl Finding {
    fn explanation(&self, house: &str) -> Explanation {
        Explanation {
            code: self.code,
            message: self.code.sentence().replace("{read}", &self.read),
            remedy: self.code.remedy().replace("{house}", house),
        }
    }

    pub(crate) fn explain(&self, house: &str) -> Reading {
        let explanation = self.explanation(house);
        match self.code.outcome() {
            Outcome::Refused => Reading::Refused(explanation),
            Outcome::NotABid => Reading::NotABid(explanation),
        }
    }
}
