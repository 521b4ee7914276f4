//! Fonts: the house's own, the same on every machine, and more of them for scripts that it lacks.

use std::fmt;

use cosmic_text::fontdb::{Database, Source};
use cosmic_text::{FontSystem, SwashCache};

/// Inter, in the weights that scenes may ask for (SIL Open Font License, see `fonts/OFL.txt`).
const HOUSE: [&[u8]; 5] = [
    include_bytes!("../fonts/Inter-Medium.otf"),
    include_bytes!("../fonts/Inter-SemiBold.otf"),
    include_bytes!("../fonts/Inter-Bold.otf"),
    include_bytes!("../fonts/InterDisplay-SemiBold.otf"),
    include_bytes!("../fonts/InterDisplay-Bold.otf"),
];

/// Glyph images kept at most; a scene needs a few hundred.
const MAX_GLYPHS: usize = 8_192;

/// Loaded fonts and their drawn glyphs.
pub struct Fonts {
    pub(crate) system: FontSystem,
    pub(crate) glyphs: SwashCache,
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fonts").field("faces", &self.system.db().len()).finish_non_exhaustive()
    }
}

impl Fonts {
    /// The house's fonts, and `more` (whole font files) for what those lack, in the order of preference.
    pub fn new(more: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut database = Database::new();
        for font in HOUSE {
            database.load_font_data(font.to_vec());
        }
        for font in more {
            database.load_font_source(Source::Binary(std::sync::Arc::new(font)));
        }
        let system = FontSystem::new_with_locale_and_db("en-US".to_owned(), database);
        Self { system, glyphs: SwashCache::new() }
    }

    /// Forgets drawn glyphs when there are too many.
    pub(crate) fn tidy(&mut self) {
        if self.glyphs.image_cache.len() > MAX_GLYPHS {
            self.glyphs.image_cache.clear();
        }
    }
}
