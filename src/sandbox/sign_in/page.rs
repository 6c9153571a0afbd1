//! The sign-in page: plain HTML that needs no script, readable by a screen reader, dark as the client.

use axum::http::{HeaderName, header};

/// Offered to somebody who has not named anybody yet.
const DEFAULT_ACCOUNT: &str = "marlow_87";

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
.cancel{display:block;margin-top:1.2rem;text-align:center;color:#a9b0c0}";

/// No script, no frame, nothing from elsewhere; forms lead here and on to the client's loopback page.
pub(super) fn headers() -> [(HeaderName, &'static str); 3] {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self' http://127.0.0.1:* http://localhost:* http://[::1]:*";
    [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ]
}

/// `request` is the authorize request to go on with, `cancel` the address that tells the client "no".
pub(super) fn sign_in(names: &[String], request: &str, cancel: &str, problem: Option<&str>) -> String {
    let request = escape(request);
    let known = names.iter().map(String::as_str).filter(|name| *name != DEFAULT_ACCOUNT);
    let choices: String = std::iter::once(DEFAULT_ACCOUNT)
        .chain(known)
        .map(|name| {
            let name = escape(name);
            format!(r#"<button name="account" value="{name}">Continue as {name}</button>"#)
        })
        .collect();
    let problem = problem.map_or_else(String::new, |problem| {
        format!(r#"<p class="problem" role="alert">{}</p>"#, escape(problem))
    });
    document(&format!(
        r#"<h1>Sign in to the sandbox</h1>
<p>A small network inside Partyline. Nothing here is real, and nothing is kept.</p>
{problem}
<form method="post" action="/sandbox/signin" aria-labelledby="pick">
<h2 id="pick">Pick an account</h2>
<input type="hidden" name="continue" value="{request}">
{choices}
</form>
<form method="post" action="/sandbox/signin" aria-labelledby="new">
<h2 id="new"><label for="account">Or name a new one</label></h2>
<input type="hidden" name="continue" value="{request}">
<input id="account" name="account" required minlength="3" maxlength="16" pattern="[A-Za-z0-9_\-]+"
 autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="rule">
<p id="rule">3 to 16 letters, digits, hyphens or underscores.</p>
<button class="go">Sign in</button>
</form>
<a class="cancel" href="{cancel}">Cancel</a>"#,
        cancel = escape(cancel),
    ))
}

pub(super) fn problem(problem: &str) -> String {
    document(&format!(r#"<h1>This sign-in cannot go on</h1><p role="alert">{}</p>"#, escape(problem)))
}

fn document(body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Sign in to the sandbox</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
}

fn escape(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_escaped() {
        let hostile = r#""><script>alert('1')</script>"#;
        let page = sign_in(&[hostile.to_owned()], hostile, hostile, Some(hostile));
        assert!(!page.contains("<script>"), "{page}");
        assert!(!problem(hostile).contains("<script>"));
        assert_eq!(page.matches("&lt;script&gt;alert(&#39;1&#39;)").count(), 6);
    }
}
