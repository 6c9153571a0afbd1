//! The frame of every page the sandbox shows in a browser: one style, no script, nothing from elsewhere.

use axum::http::{HeaderName, header};

const STYLE: &str = "\
:root{color-scheme:dark}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:#14161b;color:#e6e8ee;\
font:16px/1.5 system-ui,sans-serif}\
main{width:min(26rem,92vw);padding:2rem;background:#1c1f27;border:1px solid #2c313d;border-radius:12px}\
h1{margin:0 0 .25rem;font-size:1.35rem}\
h2{margin:1.5rem 0 .5rem;font-size:1rem;color:#a9b0c0;font-weight:600}\
p{margin:.25rem 0;color:#a9b0c0}\
button,input{width:100%;padding:.7rem .9rem;border-radius:8px;border:1px solid #3a4152;font:inherit;color:inherit;\
background:#242935}\
button{margin:.25rem 0;cursor:pointer;text-align:left}\
button:hover{background:#2d3443}\
button.go{margin-top:.6rem;text-align:center;background:#3b6cf0;border-color:#3b6cf0;color:#fff;font-weight:600}\
button.go:hover{background:#5580f5}\
:focus-visible{outline:3px solid #8fb0ff;outline-offset:2px}\
.problem{margin-top:1rem;padding:.6rem .9rem;border-radius:8px;background:#3a2026;color:#ffb4bd}\
ul{padding-left:1.2rem}\
li{margin:.6rem 0}\
a{color:#8fb0ff}\
code{color:#a9b0c0;overflow-wrap:anywhere}\
.cancel{display:block;margin-top:1.2rem;text-align:center;color:#a9b0c0}";

/// No script, nothing from elsewhere; forms and frames lead here and on to the client, by its loopback page or its scheme.
pub(super) fn headers() -> [(HeaderName, &'static str); 3] {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self' http://127.0.0.1:* http://localhost:* com.scee.psxandroid.scecompcall:; \
         frame-src http://127.0.0.1:* http://localhost:* com.scee.psxandroid.scecompcall:";
    [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ]
}

pub(super) fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
}

/// For text from outside, between tags and in attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
