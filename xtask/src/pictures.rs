//! `cargo xtask pictures`: the screenshots in `docs/pictures/`.

use crate::soak;

/// Takes them from a fresh build of the demo page.
pub fn run() -> Result<(), String> {
    soak::on_demo_page("tests/e2e/screenshots.mjs", &[])
}
