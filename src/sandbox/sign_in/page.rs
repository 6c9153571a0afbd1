//! The sign-in page: plain HTML that needs no script, readable by a screen reader, dark as the client.

use crate::sandbox::page::{document, escape};

const TITLE: &str = "Sign in to the sandbox";
/// Offered to somebody who has not named anybody yet.
const DEFAULT_ACCOUNT: &str = "marlow_87";

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
    document(
        TITLE,
        &format!(
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
        ),
    )
}

pub(super) fn problem(problem: &str) -> String {
    document(TITLE, &format!(r#"<h1>This sign-in cannot go on</h1><p role="alert">{}</p>"#, escape(problem)))
}

pub(super) fn signed_out() -> String {
    let body = "<h1>This browser is signed out</h1>\
         <p>The next sign-in asks for an account again. Clients that are signed in stay so.</p>";
    document(TITLE, body)
}

/// Sends the browser to the redirect twice: in a frame and by itself. Where a browser opens a scheme only on a click,
/// the link is the second time.
pub(super) fn redirect_twice(target: &str) -> String {
    let target = escape(target);
    document(
        TITLE,
        &format!(
            r#"<meta http-equiv="refresh" content="1;url={target}">
<h1>Going back to the client, twice</h1>
<iframe src="{target}" title="The first time" hidden></iframe>
<a class="cancel" href="{target}">Go back now</a>"#
        ),
    )
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
        assert!(!redirect_twice(hostile).contains("<script>"));
        assert_eq!(page.matches("&lt;script&gt;alert(&#39;1&#39;)").count(), 6);
    }
}
