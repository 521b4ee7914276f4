//! What is on screen: a pure model from auction state and time to pictures.
//!
//! A [`Scene`] is data: layers with places, styles and bindings. A [`Composer`] keeps one I420 picture and redraws only what
//! changed between two moments; the same view at the same time gives the same bytes, however the picture came about. Nothing
//! here waits, reads a clock or a file.

mod bind;
mod blend;
mod canvas;
mod color;
mod composer;
mod damage;
mod element;
mod figures;
mod fonts;
mod ink;
mod model;
mod resolve;
mod sprite;
pub mod testing;
mod view;

pub use bind::{Field, Template, UnknownField};
pub use canvas::Picture;
pub use color::{Color, NotAColor};
pub use composer::{Composed, Composer};
pub use damage::{Damage, Rect};
pub use fonts::Fonts;
pub use model::{
    Align, Area, Bar, Bids, Border, Content, Family, Fill, Layer, Panel, Pulse, Scene, SceneError, Show, TextStyle,
    VERSION, Words,
};
pub use view::{AuctionView, BidShown, Link, LotShown, Moment, Money, Phase};
