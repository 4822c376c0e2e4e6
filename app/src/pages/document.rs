//! The document around the slots: its head, its one inline style, and the loader of the island.

use kaunta_domain::case::Phase;
use leptos::prelude::*;

use super::timing::{Timing, millis};
use super::{Seen, Shell, Way, stage, theme};
use crate::lang::Lang;
use crate::live::{FirstStatus, Live};
use crate::parts::{Foot, Head};

/// What a page refers to.
#[derive(Debug, Clone)]
pub struct Assets {
    /// The URL path of the module that loads the island; nothing where the server was built without the site.
    pub js: Option<&'static str>,
    /// The URL path of the island.
    pub wasm: Option<&'static str>,
    /// The style sheet.
    pub css: &'static str,
    /// Allows the inline style and the loader by the page's security policy.
    pub nonce: String,
}

/// What a document is made of, beside its body.
pub(super) struct Outline {
    /// Its language.
    pub(super) lang: Lang,
    /// Its title.
    pub(super) title: String,
    /// `light` or `dark` where it is not the reader's choice.
    pub(super) theme: Option<&'static str>,
    /// Rules beside the sheet.
    pub(super) rules: String,
    /// Where a page without JavaScript goes by itself, and after how many seconds.
    pub(super) refresh: Option<(u64, String)>,
    /// Around what it is drawn.
    pub(super) shell: Shell,
}

/// The whole page of a session.
pub(super) fn checkout(seen: &Seen, assets: &Assets) -> impl IntoView + use<> {
    let (page, w) = (&seen.page, seen.words());
    let timing = Timing::of(page);
    let look = page.appearance.as_ref();
    let ring = timing
        .left
        .map(|left| format!(":root{{--left:{}ms}}", millis(left)));
    let outline = Outline {
        lang: seen.lang(),
        title: (w.frame.title)(&page.merchant_name),
        theme: theme::forced(look),
        rules: theme::rules(look) + ring.as_deref().unwrap_or_default(),
        refresh: refresh(seen, &timing),
        shell: seen.place.shell,
    };
    let main = stage::around(seen, |status| {
        provide_context(FirstStatus(status.to_owned()));
        view! { <Live/> }.into_any()
    });
    let body = view! {
        <main>
            <Head
                shop=page.merchant_name.clone()
                place=seen.place.clone()
                lang=seen.lang()
                test=(!page.livemode).then_some(w.frame.test)
                w=w
            />
            {main}
        </main>
        <Foot shop=page.merchant_name.clone() w=w/>
        {loader(assets)}
    };
    shell(outline, assets, body)
}

/// A document without a session behind it, or the frame of one with.
pub(super) fn shell<B: IntoView + 'static>(
    outline: Outline,
    assets: &Assets,
    body: B,
) -> impl IntoView + use<B> {
    let nonce = assets.nonce.clone();
    let preloads = assets.js.zip(assets.wasm).map(|(js, wasm)| {
        view! {
            <link rel="modulepreload" href=js nonce=nonce.clone()/>
            <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin/>
        }
    });
    let refresh = outline.refresh.map(|(seconds, url)| {
        view! {
            <noscript>
                <meta http-equiv="refresh" content=format!("{seconds};url={url}")/>
            </noscript>
        }
    });
    // In a frame nobody sees the icon, and each request counts there.
    let icon = match outline.shell {
        Shell::Hosted => "/icon.svg",
        Shell::Framed => "data:,",
    };
    let css = format!("{}{}", assets.css, outline.rules);
    view! {
        <html lang=outline.lang.tag() data-theme=outline.theme data-shell=outline.shell.path()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width,initial-scale=1"/>
                <meta name="robots" content="noindex"/>
                <meta name="color-scheme" content=outline.theme.unwrap_or("light dark")/>
                <title>{outline.title}</title>
                {preloads}
                {refresh}
                <link rel="icon" href=icon/>
                <style nonce=assets.nonce.clone() inner_html=css></style>
            </head>
            <body>{body}</body>
        </html>
    }
}

/// Wakes the island. Where that fails although there is JavaScript, a page that waits loads itself again.
fn loader(assets: &Assets) -> Option<impl IntoView + use<>> {
    let js = assets.js?;
    let again = "document.querySelector('noscript>meta,[data-look]')&&setTimeout(()=>location.reload(),8e3)";
    let module = format!(
        "import('{js}').then(async m=>{{await m.default();m.hydrate();\
         document.querySelectorAll('leptos-island').forEach(e=>m[e.dataset.component](e))}}).catch(()=>{again})"
    );
    let old = "setTimeout(function(){document.getElementById('left')&&location.reload()},8e3)";
    Some(view! {
        <script type="module" nonce=assets.nonce.clone() inner_html=module></script>
        <script nomodule nonce=assets.nonce.clone() inner_html=old></script>
    })
}

/// Without JavaScript a page that waits looks again by itself; not where the shopper may be typing.
fn refresh(seen: &Seen, timing: &Timing) -> Option<(u64, String)> {
    let typing = seen.place.way == Way::ByHand || timing.by_hand || timing.another;
    let seconds = match seen.page.phase {
        _ if typing => return None,
        // Who has an SMS may be pasting its code.
        phase if timing.is_checking(phase) => 20,
        Phase::Sending => 2,
        Phase::Waiting | Phase::Checking => 5,
        Phase::Failed(_) => timing.back.map(super::timing::seconds)?.max(1),
        _ => return None,
    };
    Some((seconds, seen.place.url()))
}
