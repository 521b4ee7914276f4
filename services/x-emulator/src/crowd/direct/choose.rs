//! What somebody writes about a lot: bids while it is worth more to him than it costs, and everything else that people
//! write.

use super::{Act, Director, Memory, Phase, Step};
use crate::crowd::Person;
use crate::crowd::phrase;

/// A careless bid is so many times too high.
const FAT_FINGER: u128 = 100;

impl Director {
    pub(super) fn choose(&mut self, lot: u32, phase: Phase) -> Step {
        let author = self.people[self.chance.index(self.people.len())].clone();
        match phase {
            Phase::Early => self.talk(author),
            Phase::Late => self.bid(author, lot),
            Phase::Open => self.while_open(author, lot),
        }
    }

    fn while_open(&mut self, author: Person, lot: u32) -> Step {
        match self.chance.below(1000) {
            0..430 => self.bid(author, lot),
            430..560 => self.special_bid(author, lot),
            560..660 => self.doubtful(author, lot),
            660..830 => self.talk(author),
            830..900 => self.noise(author, lot),
            900..935 => self.again(author),
            935..985 => self.about_another(author, lot),
            _ => self.own_post(author, lot),
        }
    }

    fn bid(&mut self, author: Person, lot: u32) -> Step {
        let (least, worth) = self.prices(lot);
        let house = self.house.clone();
        let milli = if least <= worth {
            let above = self.chance.below(u64::try_from(least / 7).unwrap_or(0) + 1);
            let milli = nice(least + u128::from(above));
            self.raise(lot, milli);
            milli
        } else {
            // Not worth it any more: some bid too little all the same.
            nice(worth.max(1))
        };
        let text = phrase::bid(&mut self.chance, &house, milli, lot);
        post(author, text)
    }

    fn special_bid(&mut self, author: Person, lot: u32) -> Step {
        let (least, worth) = self.prices(lot);
        let house = self.house.clone();
        if self.chance.permille(60) {
            return post(author, phrase::buy_now(&mut self.chance, &house));
        }
        if least > worth {
            return self.talk(author);
        }
        self.raise(lot, least);
        let text = if self.chance.permille(400) {
            phrase::max_bid(&mut self.chance, &house, nice(worth))
        } else {
            phrase::next_bid(&mut self.chance, &house)
        };
        post(author, text)
    }

    fn doubtful(&mut self, author: Person, lot: u32) -> Step {
        let (least, _) = self.prices(lot);
        let house = self.house.clone();
        let text = match self.chance.below(10) {
            0 => {
                let text = phrase::bid(&mut self.chance, &house, nice(least) * FAT_FINGER, lot);
                return Step { author, text, act: Act::Slip };
            }
            1 => phrase::bid(&mut self.chance, &house, nice(least), lot + 40),
            2 => phrase::bid(&mut self.chance, &house, nice(least / 2).max(1), lot),
            _ => phrase::ambiguous(&mut self.chance, &house, nice(least)),
        };
        post(author, text)
    }

    fn talk(&mut self, author: Person) -> Step {
        let house = self.house.clone();
        let text = if self.chance.permille(700) {
            phrase::chat(&mut self.chance, &house)
        } else {
            phrase::aside(&mut self.chance)
        };
        post(author, text)
    }

    fn noise(&mut self, author: Person, lot: u32) -> Step {
        let (least, _) = self.prices(lot);
        let house = self.house.clone();
        let text = match self.chance.below(7) {
            0..3 => phrase::nonsense(&mut self.chance, &house),
            3..5 => phrase::injection(&mut self.chance, &house),
            _ => phrase::foreign(&mut self.chance, &house, nice(least)),
        };
        post(author, text)
    }

    /// Somebody writes once more what he just wrote.
    fn again(&mut self, author: Person) -> Step {
        match self.recalled(|_| true) {
            Some(memory) => post(memory.author, memory.text),
            None => self.talk(author),
        }
    }

    /// Somebody answers, quotes or repeats somebody else's post; a bid may be in it.
    fn about_another(&mut self, author: Person, lot: u32) -> Step {
        let Some(memory) = self.recalled(|_| true) else { return self.talk(author) };
        let (least, worth) = self.prices(lot);
        let house = self.house.clone();
        let text = if least <= worth && self.chance.permille(500) {
            phrase::bid(&mut self.chance, &house, nice(least), lot)
        } else {
            phrase::chat(&mut self.chance, &house)
        };
        match self.chance.below(3) {
            0 => Step { author, text, act: Act::Reply(memory.id) },
            1 => Step { author, text, act: Act::Quote(memory.id) },
            _ => {
                let text = format!("RT @{}: {}", memory.author.handle, memory.text);
                Step { author, text, act: Act::Repost(memory.id) }
            }
        }
    }

    /// Somebody changes or deletes an own post.
    fn own_post(&mut self, author: Person, lot: u32) -> Step {
        let Some(memory) = self.recalled(|m| m.editable) else { return self.talk(author) };
        if self.chance.permille(400) {
            return Step { author: memory.author, text: String::new(), act: Act::Delete(memory.id) };
        }
        let (least, _) = self.prices(lot);
        let house = self.house.clone();
        let text = phrase::bid(&mut self.chance, &house, nice(least), lot);
        Step { author: memory.author, text, act: Act::Edit(memory.id) }
    }

    fn recalled(&mut self, fits: impl Fn(&Memory) -> bool) -> Option<Memory> {
        let fitting: Vec<&Memory> = self.recent.iter().filter(|m| fits(m)).collect();
        if fitting.is_empty() { None } else { Some(fitting[self.chance.index(fitting.len())].clone()) }
    }

    /// The least next bid, and what the lot is worth to this person, in thousandths of an ether.
    fn prices(&mut self, lot: u32) -> (u128, u128) {
        let mood = self.moods.get(&lot).cloned().unwrap_or_default();
        let taste = u128::from(200 + self.chance.below(1200));
        let eager = u128::from(100_000 + mood.progress * 9 / 10);
        (mood.least_milli.max(1), mood.worth_milli * taste / 1000 * eager / 1_000_000)
    }

    /// The crowd believes that a bid was taken until it sees the price: the next must be a twentieth higher.
    fn raise(&mut self, lot: u32, milli: u128) {
        if let Some(mood) = self.moods.get_mut(&lot) {
            mood.least_milli = mood.least_milli.max(milli + (milli / 20).max(1));
        }
    }
}

fn post(author: Person, text: String) -> Step {
    Step { author, text, act: Act::Post }
}

/// Rounds up to what people write: two digits, or three from a hundred on.
fn nice(milli: u128) -> u128 {
    let mut step = 1;
    while milli / step >= 200 {
        step *= 10;
    }
    milli.div_ceil(step) * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_round_up_to_short_numbers() {
        assert_eq!(nice(105), 105);
        assert_eq!(nice(1_111), 1_120);
        assert_eq!(nice(23_456), 24_000);
    }
}
