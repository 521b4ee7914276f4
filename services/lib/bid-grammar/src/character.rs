//! Classes of single characters, by Unicode's general rules rather than by language.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::token::Kind;

/// Takes no room and no side: harmless alone, deceitful inside a word or number.
pub(crate) fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{061C}')
}

/// Other characters that show nothing.
pub(crate) fn is_blank(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{2061}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Changes the order in which the text is shown.
pub(crate) fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

pub(crate) fn is_combining(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{20D0}'..='\u{20FF}')
}

/// A character that a reader does not see by itself.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control() || is_zero_width(c) || is_blank(c) || is_bidirectional(c) || is_combining(c)
}

pub(crate) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{02BC}' | '\u{FF07}' | '\u{2018}')
}

pub(crate) fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{058A}' | '\u{05BE}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2212}'
                | '\u{2043}'
                | '\u{207B}'
                | '\u{208B}'
                | '\u{2E3A}'
                | '\u{2E3B}'
                | '\u{30FC}'
                | '\u{FE58}'
                | '\u{FE63}'
                | '\u{FF0D}'
                | '\u{2796}'
    )
}

/// What one character beyond letters, digits, emoji and whitespace is.
pub(crate) fn symbol(c: char) -> Kind {
    match c {
        '.' => Kind::Stop,
        '!' => Kind::Bang,
        ',' => Kind::Comma,
        '+' => Kind::Plus,
        '%' | '‰' | '٪' | '％' | '﹪' => Kind::Percent,
        '`' | '´' => Kind::CodeMark,
        '?' | '¿' | '؟' | '？' | '⁇' | '⁈' | '⁉' | '‽' | '⸮' | '՞' | '፧' | '꘏' | '⸘' => {
            Kind::Question
        }
        '…' | '‥' | '⋯' => Kind::Ellipsis,
        '~' | '≈' | '∼' | '～' | '〜' | '≃' | '≅' | '<' | '>' | '≤' | '≥' | '±' | '=' | '＜' | '＞' | '＝' | '≦'
        | '≧' => Kind::Comparison,
        '"'
        | '\''
        | '‘'..='‟'
        | '‹'
        | '›'
        | '«'
        | '»'
        | '「'..='』'
        | '〝'..='〟'
        | '＂'
        | '＇'
        | '｢'
        | '｣'
        | '❛'..='❠'
        | '❮'
        | '❯'
        | '﹁'..='﹄'
        | '′'..='‷'
        | '⟪'
        | '⟫'
        | '《'
        | '》'
        | '〈'
        | '〉'
        | '⹂'
        | 'ˮ' => Kind::QuoteMark,
        'ξ' | '≡' | '☰' | '三' | 'Ⲝ' | 'ⲝ' | '𝚵' | '𝛯' | '𝜩' | '𝝣' | '𝞝' | '亖' | 'ミ' | '彡' | '⋿' | 'Ӡ' | 'Ƹ'
        | 'Ʃ' | 'Σ' | '∑' | '⚌' | '⟠' | '⧫' | '♦' | '◆' | '◊' | '⬨' | '⬧' => {
            Kind::EtherSignLookalike
        }
        c if is_currency(c) => Kind::CurrencySign,
        c if is_dash(c) => Kind::Minus,
        c if c.is_control() => Kind::Control,
        c if is_bidirectional(c) => Kind::Bidirectional,
        c if is_zero_width(c) || is_blank(c) => Kind::Invisible,
        c if is_combining(c) => Kind::Combining,
        _ => Kind::Symbol,
    }
}

fn is_currency(c: char) -> bool {
    matches!(c,
        '$' | '¢'..='¥' | '֏' | '؋' | '৲' | '৳' | '฿' | '៛' | '\u{20A0}'..='\u{20CF}' | '﷼' | '﹩' | '＄' | '￠' | '￡'
        | '￥' | '￦' | '◎' | 'Ð' | 'Ł' | '円' | '元')
}

/// Whether the character is a letter or digit of ASCII in other dress (fullwidth, mathematical, circled, raised).
pub(crate) fn is_styled(c: char) -> bool {
    if matches!(c, '\u{1F110}'..='\u{1F189}') {
        return true;
    }
    let mut folded = c.nfkc();
    !c.is_ascii() && folded.next().is_some_and(|c| c.is_ascii_alphanumeric()) && folded.next().is_none()
}

/// Whether the letter is of an alphabet whose letters pass for Latin ones (Greek, Cyrillic, Armenian, Cherokee, …).
pub(crate) fn is_of_lookalike_alphabet(c: char) -> bool {
    matches!(c,
        '\u{0250}'..='\u{02AF}' | '\u{0370}'..='\u{058F}' | '\u{13A0}'..='\u{13FF}' | '\u{1D00}'..='\u{1DBF}'
        | '\u{1F00}'..='\u{1FFF}' | '\u{2C80}'..='\u{2CFF}' | '\u{2D00}'..='\u{2D2F}' | '\u{A4D0}'..='\u{A4FF}'
        | '\u{A640}'..='\u{A69F}' | '\u{AB30}'..='\u{ABBF}' | '\u{10280}'..='\u{1031F}' | '\u{10400}'..='\u{104FF}')
}
