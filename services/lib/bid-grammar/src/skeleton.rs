//! What a word looks like to a hurried eye, in ASCII. Only ever used to refuse, never to accept.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The word without accents and styles, lookalikes of other alphabets as the Latin letters they resemble, lower case.
pub(crate) fn skeleton(word: &str) -> String {
    word.nfkd().filter(|&c| !is_combining_mark(c)).map(resembled).flat_map(char::to_lowercase).collect()
}

/// How far two short handles are from each other once digits stand for the letters they resemble.
///
/// Levenshtein's distance, at most `limit + 1`.
pub(crate) fn handle_distance(one: &str, other: &str, limit: usize) -> usize {
    let fold =
        |handle: &str| -> Vec<char> { skeleton(handle).chars().filter(|&c| c != '_').map(digit_letter).collect() };
    let (one, other) = (fold(one), fold(other));
    if one.len().abs_diff(other.len()) > limit {
        return limit + 1;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let next = (diagonal + usize::from(a != b)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[other.len()].min(limit + 1)
}

fn digit_letter(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | 'l' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        '8' => 'b',
        c => c,
    }
}

fn resembled(c: char) -> char {
    match c {
        'а' | 'А' | 'α' | 'Α' | 'ɑ' | 'Ꭺ' => 'a',
        'В' | 'в' | 'Β' | 'β' | 'Ь' | 'ь' | 'ƅ' | 'Ƅ' | 'Ᏼ' | 'Ꮟ' | 'ɓ' | 'ᖯ' | 'ʙ' | 'ꓐ' => 'b',
        'с' | 'С' | 'ϲ' | 'Ϲ' => 'c',
        'ԁ' | 'Ԁ' | 'ɗ' | 'đ' | 'ð' | 'Ꭰ' | 'ժ' | 'ᑯ' | 'ᴅ' | 'ꓓ' => 'd',
        'е' | 'Е' | 'ε' | 'Ε' | 'є' | 'Є' | 'ҽ' | 'э' | 'Ꭼ' | 'ɛ' | 'ᴇ' | 'ꓰ' => 'e',
        'ɡ' | 'ց' => 'g',
        'н' | 'Н' | 'Η' | 'һ' | 'Һ' | 'հ' | 'Ꮋ' | 'ɦ' | 'ħ' | 'ʜ' | 'ꓧ' => 'h',
        'і' | 'І' | 'ι' | 'Ι' | 'ı' | 'ӏ' | 'Ӏ' | 'ɩ' | 'ɪ' | 'Ꭵ' | 'ɨ' | 'ί' | 'ї' | 'ꓲ' => 'i',
        'ј' | 'Ј' | 'ϳ' => 'j',
        'к' | 'К' | 'κ' | 'Κ' => 'k',
        'м' | 'М' | 'Μ' | 'Ϻ' | 'Ꮇ' => 'm',
        'п' | 'ո' | 'Ν' | 'и' => 'n',
        'о' | 'О' | 'ο' | 'Ο' | 'օ' | 'σ' | 'ø' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'ѕ' | 'Ѕ' | 'ꜱ' => 's',
        'т' | 'Т' | 'τ' | 'Τ' | 'Ꭲ' | 'ŧ' | 'ᴛ' | 'ꓔ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' | 'ω' | 'ш' => 'w',
        'х' | 'Х' | 'χ' | 'Χ' => 'x',
        'у' | 'У' | 'γ' | 'Υ' | 'ү' => 'y',
        'Ζ' => 'z',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookalikes_have_the_skeleton_of_what_they_imitate() {
        assert_eq!(skeleton("ЕТН"), "eth");
        assert_eq!(skeleton("bíd"), "bid");
        assert_eq!(skeleton("ｂｉｄ"), "bid");
    }

    #[test]
    fn handles_that_differ_by_a_resembling_letter_are_near() {
        assert_eq!(handle_distance("s0thebais", "sothebais", 2), 0);
        assert_eq!(handle_distance("sothebias", "sothebais", 2), 2);
        assert_eq!(handle_distance("alice", "sothebais", 2), 3);
    }
}
