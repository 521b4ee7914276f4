//! What somebody writes about a lot: bids while it is worth more to him than it costs, and everything else that people
//! write.

use super::mood::Mood;
use super::{Act, Director, Memory, Phase, Step, WHOLE};
use crate::crowd::Person;
use crate::crowd::phrase;

/// A careless bid is so many times too high.
const FAT_FINGER: u128 = 100;

/// Shares of those, in parts of a thousand, who bid although it is too early or too late.
const HASTY: u32 = 150;
const TARDY: u32 = 250;

/// The share of those, in parts of a thousand, who offer what a lot is worth to them although it costs more.
const STUBBORN: u32 = 15;

impl Director {
    pub(super) fn choose(&mut self, lot: u32, phase: Phase) -> Step {
        let author = self.people[self.chance.index(self.people.len())].clone();
        match phase {
            Phase::Early if self.chance.permille(HASTY) => self.hasty(author, lot),
            Phase::Late if self.chance.permille(TARDY) => self.hasty(author, lot),
            Phase::Early | Phase::Late => self.talk(author),
            Phase::Open => self.while_open(author, lot),
        }
    }

    fn while_open(&mut self, author: Person, lot: u32) -> Step {
        match self.chance.below(1000) {
            0..430 => self.bid(author, lot),
            430..560 => self.special_bid(author, lot),
            560..660 => self.doubtful(author, lot),
            660..830 => self.talk(author),
            830..915 => self.noise(author, lot),
            915..935 => self.again(author),
            935..985 => self.about_another(author, lot),
            _ => self.own_post(author, lot),
        }
    }

    /// Somebody bids who does not look at the clock.
    fn hasty(&mut self, author: Person, lot: u32) -> Step {
        let house = self.house.clone();
        let least = self.least(lot);
        let text = phrase::bid(&mut self.chance, &house, least, lot);
        post(author, text)
    }

    /// Somebody bids what the page or the thread asks for, some a round sum, some more; who leads or finds it too dear
    /// only talks.
    fn bid(&mut self, author: Person, lot: u32) -> Step {
        let (least, worth) = (self.least(lot), self.worth(lot));
        let house = self.house.clone();
        let milli = if least > worth {
            if !self.chance.permille(STUBBORN) {
                return self.talk(author);
            }
            nice(worth.max(1))
        } else if self.leads(lot, &author) {
            return self.talk(author);
        } else {
            match self.chance.below(10) {
                0..8 => least,
                8 => nice(least),
                _ => nice(least + u128::from(self.chance.below(u64::try_from(least / 7).unwrap_or(0) + 1))),
            }
        };
        self.heard(lot, &author, milli);
        let text = phrase::bid(&mut self.chance, &house, milli, lot);
        post(author, text)
    }

    fn special_bid(&mut self, author: Person, lot: u32) -> Step {
        let (least, worth) = (self.least(lot), self.worth(lot));
        let house = self.house.clone();
        if self.chance.permille(60) {
            return post(author, phrase::buy_now(&mut self.chance, &house));
        }
        if least > worth || self.leads(lot, &author) {
            return self.talk(author);
        }
        self.heard(lot, &author, least);
        let text = if self.chance.permille(400) {
            phrase::max_bid(&mut self.chance, &house, nice(worth))
        } else {
            phrase::next_bid(&mut self.chance, &house)
        };
        post(author, text)
    }

    fn doubtful(&mut self, author: Person, lot: u32) -> Step {
        let least = self.least(lot);
        let house = self.house.clone();
        let text = match self.chance.below(20) {
            0 => {
                let text = phrase::bid(&mut self.chance, &house, nice(least) * FAT_FINGER, lot);
                return Step { author, text, act: Act::Slip };
            }
            1 => phrase::elsewhere(&house, nice(least), lot + 40),
            2 => phrase::bid(&mut self.chance, &house, nice(least / 2).max(1), lot),
            _ => phrase::ambiguous(&mut self.chance, &house, nice(least)),
        };
        post(author, text)
    }

    fn talk(&mut self, author: Person) -> Step {
        if self.chance.permille(700) {
            self.talk_to_house(author)
        } else {
            post(author, phrase::aside(&mut self.chance))
        }
    }

    fn talk_to_house(&mut self, author: Person) -> Step {
        let house = self.house.clone();
        let text = phrase::chat(&mut self.chance, &house);
        post(author, text)
    }

    fn noise(&mut self, author: Person, lot: u32) -> Step {
        let least = self.least(lot);
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
        let act = match self.chance.below(3) {
            0 => Act::Reply(memory.id),
            1 => Act::Quote(memory.id),
            _ => {
                let text = format!("RT @{}: {}", memory.author.handle, memory.text);
                return Step { author, text, act: Act::Repost(memory.id) };
            }
        };
        let bids = self.chance.permille(500);
        let said = if bids { self.bid(author, lot) } else { self.talk_to_house(author) };
        Step { act, ..said }
    }

    /// Somebody changes or deletes an own post.
    fn own_post(&mut self, author: Person, lot: u32) -> Step {
        let Some(memory) = self.recalled(|m| m.editable) else { return self.talk(author) };
        if self.chance.permille(400) {
            return Step { author: memory.author, text: String::new(), act: Act::Delete(memory.id) };
        }
        let least = self.least(lot);
        let house = self.house.clone();
        let text = phrase::bid(&mut self.chance, &house, nice(least), lot);
        Step { author: memory.author, text, act: Act::Edit(memory.id) }
    }

    fn recalled(&mut self, fits: impl Fn(&Memory) -> bool) -> Option<Memory> {
        let fitting: Vec<&Memory> = self.recent.iter().filter(|m| fits(m)).collect();
        if fitting.is_empty() { None } else { Some(fitting[self.chance.index(fitting.len())].clone()) }
    }

    /// The least next bid in thousandths of an ether.
    fn least(&self, lot: u32) -> u128 {
        self.moods.get(&lot).map_or(1, Mood::least)
    }

    /// What the lot is worth to somebody now, in thousandths of an ether.
    fn worth(&mut self, lot: u32) -> u128 {
        let taste = 200 + self.chance.below(1200);
        let budget = self.posts_a_lot.max(1);
        self.moods.get(&lot).map_or(0, |mood| mood.value(taste, mood.written.saturating_mul(WHOLE) / budget))
    }

    fn leads(&self, lot: u32, person: &Person) -> bool {
        self.moods.get(&lot).is_some_and(|mood| mood.leads(person.id))
    }

    /// Everybody reads a bid in the thread.
    fn heard(&mut self, lot: u32, author: &Person, milli: u128) {
        if let Some(mood) = self.moods.get_mut(&lot) {
            mood.hear(&self.ladder, author.id, milli, self.now_ms);
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
