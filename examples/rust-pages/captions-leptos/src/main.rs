//! Live captions in a page made with leptos: signals follow the session, and the page shows them.

mod captions;

use captions::Captions;
use leptos::prelude::*;

#[component]
fn App() -> impl IntoView {
    let Captions { state, caption } = Captions::new();
    view! {
        <h1>"Live captions"</h1>
        <p id="state" role="status">{state}</p>
        <p id="caption">{caption}</p>
    }
}

fn main() {
    mount_to_body(App);
}
