//! Small things that every user of libav needs: start-up, errors in words, option lists.

use std::ffi::CString;
use std::ptr;
use std::sync::Once;

use ffmpeg_next::ffi::{AVDictionary, av_dict_free, av_dict_set};
use ffmpeg_next::util::log;

static ONCE: Once = Once::new();

/// Silences libav: what fails is returned and reported by whoever asked, and its lines could name a stream key.
pub(crate) fn init() {
    ONCE.call_once(|| {
        log::set_level(log::Level::Quiet);
        ffmpeg_next::format::network::init();
    });
}

/// What libav calls the error.
pub(crate) fn words(error: ffmpeg_next::Error) -> String {
    error.to_string().to_lowercase()
}

/// Options for a call of libav; what the call did not take is still in it afterwards.
pub(crate) struct Options(pub(crate) *mut AVDictionary);

impl Options {
    /// # Panics
    /// When a key or a value holds a zero byte: they are ours.
    pub(crate) fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut options = Self(ptr::null_mut());
        for (key, value) in pairs {
            let (key, value) = (text(key), text(value));
            // SAFETY: the dictionary is ours, null is an empty one, and both texts are copied by the call.
            unsafe { av_dict_set(&raw mut options.0, key.as_ptr(), value.as_ptr(), 0) };
        }
        options
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: the dictionary is ours, and nobody keeps a pointer to it.
        unsafe { av_dict_free(&raw mut self.0) };
    }
}

fn text(text: &str) -> CString {
    CString::new(text).expect("options hold no zero bytes")
}
