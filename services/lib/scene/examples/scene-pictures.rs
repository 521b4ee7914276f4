//! Draws the house's scene in every named state to PNG files: `scene-pictures DIRECTORY [NAME…]`.

use scene::testing::{NOW, STATES, state};
use scene::{Composer, Fonts, Scene};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().expect("name the directory for the pictures");
    let wanted: Vec<String> = arguments.collect();
    for name in STATES.into_iter().filter(|name| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name)) {
        let mut composer = Composer::new(Scene::house(), Fonts::new([]));
        let picture = composer.compose(&state(name), NOW).picture.to_png();
        let path = std::path::Path::new(&directory).join(format!("{name}.png"));
        std::fs::write(&path, picture).expect("the picture can be written");
        println!("{}", path.display());
    }
}
