use proptest::prelude::*;

use super::*;
use crate::testing::{self, NOW, STATES};
use crate::view::{Link, Phase};

fn house() -> Composer {
    Composer::new(Scene::house(), Fonts::new([]))
}

/// Everything drawn at once.
fn anew(view: &AuctionView, now: Moment) -> Picture {
    house().compose(view, now).picture.clone()
}

/// Means of blocks of 16 by 16 pixels: what an eye sees, and no more of a rasteriser's rounding.
fn blocks(rgba: &[u8]) -> Vec<[u32; 3]> {
    let mut sums = vec![[0; 3]; (1280 / 16) * (720 / 16)];
    for (at, pixel) in rgba.chunks_exact(4).enumerate() {
        let block = at / 1280 / 16 * (1280 / 16) + at % 1280 / 16;
        for (sum, part) in sums[block].iter_mut().zip(pixel) {
            *sum += u32::from(*part);
        }
    }
    sums.into_iter().map(|sum| sum.map(|sum| sum / 256)).collect()
}

#[test]
fn every_state_looks_as_it_was_approved() {
    for name in STATES {
        let file = format!("{}/goldens/{name}.png", env!("CARGO_MANIFEST_DIR"));
        let golden = tiny_skia::Pixmap::load_png(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let drawn = anew(&testing::state(name), NOW).to_rgba();
        for (at, (approved, seen)) in blocks(golden.data()).iter().zip(blocks(&drawn)).enumerate() {
            let differs = approved.iter().zip(seen).any(|(approved, seen)| approved.abs_diff(seen) > 2);
            let (x, y) = (at % 80 * 16, at / 80 * 16);
            assert!(!differs, "{name} at {x},{y}: look at it, then run `just generate`");
        }
    }
}

#[test]
fn a_frame_like_the_one_before_has_no_damage() {
    let mut composer = house();
    let view = testing::state("open");
    assert_eq!(composer.compose(&view, NOW).damage, Damage::whole(1280, 720));
    assert!(composer.compose(&view, NOW).damage.is_empty());
}

#[test]
fn a_tick_of_the_clock_redraws_little() {
    let mut composer = house();
    let view = testing::state("open");
    composer.compose(&view, NOW);
    let tick = composer.compose(&view, Moment(NOW.0 + 33)).damage;
    assert!(tick.pixels() <= 16 * 12, "{tick:?}");
    let second = composer.compose(&view, Moment(NOW.0 + 1_033)).damage;
    assert!(second.pixels() > 0 && second.pixels() < 320 * 100, "{second:?}");
}

#[test]
fn every_state_leaves_the_same_picture_whatever_was_on_screen_before() {
    let mut composer = house();
    for round in 0..2_i64 {
        for name in STATES {
            let (view, now) = (testing::state(name), Moment(NOW.0 + round * 700));
            assert!(*composer.compose(&view, now).picture == anew(&view, now), "{name}, round {round}");
        }
    }
}

#[test]
fn nothing_outside_of_the_damage_changes() {
    let mut composer = house();
    let mut before = Picture::black(1280, 720);
    for name in STATES {
        let drawn = composer.compose(&testing::state(name), NOW);
        let [(old, stride), ..] = before.planes();
        let [(new, _), ..] = drawn.picture.planes();
        for (at, (old, new)) in old.iter().zip(new).enumerate() {
            let (x, y) = (u32::try_from(at % stride).unwrap(), u32::try_from(at / stride).unwrap());
            let here = Rect { x, y, width: 1, height: 1 };
            assert!(old == new || drawn.damage.parts().iter().any(|part| part.overlaps(here)), "{name} at {x},{y}");
        }
        before = drawn.picture.clone();
    }
}

#[test]
fn text_of_any_length_and_script_stays_in_its_place() {
    let scene = Scene::house();
    let mut fonts = Fonts::new([]);
    let screen = Rect { x: 0, y: 0, width: scene.width, height: scene.height };
    let words = [
        "W".repeat(900),
        "long words ".repeat(60),
        "Ωμέγα Привет שלום 日本 😀".into(),
        "1".repeat(78),
        "\u{202e}x\n\ty".into(),
    ];
    for layer in &scene.layers {
        let crate::Content::Text(style) = &layer.draw else { continue };
        for text in &words {
            let ink = crate::ink::Ink::lay(&mut fonts, text, &style.style, layer.area, screen);
            let (area, place) = (layer.area, ink.place);
            // Accents and descenders of a line may reach over its area by a part of an em, as with all type.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of an em in pixels")]
            let slack = (style.style.size * 0.35) as u32 + 2;
            assert!(
                place.x + slack >= area.x && place.right() <= area.x + area.width + slack,
                "{}: {text:.20}",
                layer.id
            );
            assert!(
                place.y + slack >= area.y && place.bottom() <= area.y + area.height + slack,
                "{}: {text:.20}",
                layer.id
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn frames_drawn_by_damage_equal_frames_drawn_anew(
        steps in prop::collection::vec((0usize..Phase::ALL.len(), 0i64..70_000, 0u64..9, any::<bool>()), 1..8),
    ) {
        let mut composer = house();
        let mut last = (AuctionView::empty(), NOW);
        for (phase, later, bids, lost) in steps {
            let mut view = testing::state("open");
            view.phase = Phase::ALL[phase];
            view.link = if lost { Link::Lost { since: NOW } } else { Link::Fresh };
            if let Some(lot) = &mut view.lot {
                lot.bids = bids;
                lot.recent.truncate(usize::try_from(bids).unwrap());
                lot.leader = (bids > 0).then_some(7);
            }
            last = (view, Moment(NOW.0 + later));
            composer.compose(&last.0, last.1);
        }
        prop_assert!(*composer.picture() == anew(&last.0, last.1));
    }
}
