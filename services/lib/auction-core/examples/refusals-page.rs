//! Prints `docs/refusals.md`, for `just generate`.

fn main() {
    print!("{}", auction_core::refusal::page::page());
}
