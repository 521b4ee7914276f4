//! Rebuilds this crate when a migration is added: the macro that embeds them only sees changes to files it knows.

fn main() {
    println!("cargo::rerun-if-changed=../../../migrations");
}
