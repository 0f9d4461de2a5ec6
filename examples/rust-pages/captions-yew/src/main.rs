//! Live captions in a page made with yew: a hook keeps the session, and the page shows it.

mod captions;

use captions::use_captions;
use yew::prelude::*;

#[component]
fn App() -> Html {
    let captions = use_captions();
    html! {
        <>
            <h1>{ "Live captions" }</h1>
            <p id="state" role="status">{ &*captions.state }</p>
            <p id="caption">{ &*captions.caption }</p>
        </>
    }
}

fn main() {
    yew::Renderer::<App>::new().render();
}
