//! One function: wakes the island.

use wasm_bindgen::prelude::wasm_bindgen;

// The island's own export is reached through this name; without a use the linker would drop the crate.
pub use kaunta_app::live::Live;

/// Makes ready for islands; the loader in the page then wakes each one that it finds.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
