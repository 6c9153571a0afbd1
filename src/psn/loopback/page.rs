//! The page that the browser ends on: plain, in the client's colours, nothing from elsewhere. Pure.

use crate::psn::redirect::Redirect;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 Inter,system-ui,sans-serif;\
background:#f5f7fa;color:#17202b}\
main{width:min(24rem,88vw);padding:2rem;border-radius:14px;background:#fff;border:1px solid #d9e0e8}\
b{color:#1f6feb;font-weight:600}\
h1{margin:.5rem 0 .25rem;font-size:1.4rem}\
p{margin:0;color:#526173}\
@media(prefers-color-scheme:dark){body{background:#0f1216;color:#e8edf3}\
main{background:#161b22;border-color:#2a333f}b{color:#4c8dff}p{color:#93a1b2}}";
/// No code stays in the address bar, for people who stream their screen, nor in the browser's history.
const SCRIPT: &str = "history.replaceState(null,'','/')";
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";

/// A whole HTTP answer. `None`: what was asked for is not the redirect.
pub fn answer(redirect: Option<&Redirect>) -> String {
    let (status, title, text) = match redirect {
        Some(Redirect::Code(_)) => {
            ("200 OK", "You can close this page", "Partyline has what it needs and goes on by itself.")
        }
        Some(Redirect::Denied) => {
            ("200 OK", "You are not signed in", "You can close this page, and try again in Partyline.")
        }
        None => (
            "404 Not Found",
            "Nothing to see here",
            "This page belongs to no sign-in under way. You can close it.",
        ),
    };
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} – Partyline</title><link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style>\
         <script>{SCRIPT}</script></head>\
         <body><main><b>Partyline</b><h1>{title}</h1><p>{text}</p></main></body></html>"
    );
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Content-Security-Policy: {POLICY}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
         Connection: close\r\n\r\n{page}",
        page.len()
    )
}
