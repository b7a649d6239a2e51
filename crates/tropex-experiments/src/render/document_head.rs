//! The head that all pages have.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::markup::escaped;

/// The colours of pages, in light and dark.
const THEME: &str = include_str!("../../assets/theme.css");

/// The content of `head`, up to further styles: title, style sheet, and a policy that allows the
/// one script of the page, by its hash, and nothing from elsewhere.
pub(crate) fn document_head(title: &str, style: &str, script: &str) -> String {
    let (title, hash) = (escaped(title), STANDARD.encode(Sha256::digest(script)));
    format!(
        r#"<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; img-src data: blob:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{THEME}{style}
</style>"#
    )
}

#[cfg(test)]
mod tests {
    use super::document_head;

    #[test]
    fn the_policy_names_the_script_and_the_title_is_escaped() {
        let head = document_head("a < b", "p { margin: 0; }", "");
        // The SHA-256 of nothing.
        assert!(head.contains("'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"), "{head}");
        assert!(head.contains("<title>a &lt; b</title>"), "{head}");
        assert!(head.contains("--page: #ffffff") && head.contains("p { margin: 0; }"), "{head}");
    }
}
