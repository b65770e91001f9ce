//! `hf:OWNER/NAME[@REVISION][/FILE]`: what it means, and what is wrong with it.

use std::fmt;

use super::HubError;
use crate::network::suggest::is_hidden;

/// What a reference begins with.
pub const SCHEME: &str = "hf:";
/// The longest owner or name that the Hub allows.
const MAX_NAME: usize = 96;

/// A checkpoint on the Hub.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// `OWNER/NAME`.
    pub repository: String,
    /// A branch, a tag or a commit; the Hub's `main` if none is given.
    pub revision: Option<String>,
    /// A file in the repository; picked if none is given.
    pub file: Option<String>,
}

impl Reference {
    /// Reads `hf:OWNER/NAME[@REVISION][/FILE]`. A slash in the revision is written `%2F`.
    ///
    /// # Errors
    /// What is wrong and how it is written.
    pub fn parse(text: &str) -> Result<Self, HubError> {
        let refuse = |problem: String| HubError::Reference { text: shown(text), problem };
        let rest = text.trim().strip_prefix(SCHEME).ok_or_else(|| refuse("it begins with hf:".to_owned()))?;
        let (owner, rest) = rest
            .split_once('/')
            .ok_or_else(|| refuse("the owner is missing, as in hf:timm/resnet50.a1_in1k".to_owned()))?;
        let (place, file) = match rest.split_once('/') {
            Some((place, file)) => (place, Some(file)),
            None => (rest, None),
        };
        let (name, revision) = match place.split_once('@') {
            Some((name, revision)) => (name, Some(revision.replace("%2F", "/").replace("%2f", "/"))),
            None => (place, None),
        };
        for (what, part) in [("owner", owner), ("name", name)] {
            if !is_name(part) {
                let rule = format!("letters, digits, \"-\", \"_\" and \".\", at most {MAX_NAME}");
                return Err(refuse(format!("the {what} \"{}\" is not one; it is made of {rule}", shown(part))));
            }
        }
        if let Some(revision) = revision.as_deref().filter(|revision| !is_revision(revision)) {
            return Err(refuse(format!("\"{}\" is no branch, tag or commit", shown(revision))));
        }
        if let Some(file) = file.filter(|file| !is_inside(file)) {
            return Err(refuse(format!("\"{}\" is no file in a repository", shown(file))));
        }
        Ok(Self { repository: format!("{owner}/{name}"), revision, file: file.map(ToOwned::to_owned) })
    }

    /// The branch, tag or commit.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }

    /// The same repository and revision with this file.
    #[must_use]
    pub fn with_file(&self, file: &str) -> Self {
        Self { file: Some(file.to_owned()), ..self.clone() }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.repository)?;
        if let Some(revision) = &self.revision {
            write!(f, "@{}", revision.replace('/', "%2F"))?;
        }
        self.file.as_ref().map_or(Ok(()), |file| write!(f, "/{file}"))
    }
}

fn is_name(part: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=MAX_NAME).contains(&part.len()) && part.chars().all(allowed) && !part.contains("..") && part != "."
}

/// Part of a path in the cache, so nothing that could lead out of it.
fn is_revision(revision: &str) -> bool {
    is_inside(revision) && !revision.contains(['~', '^', ':', '?', '*', '[', '@']) && !revision.contains(' ')
}

/// A path that stays in its folder.
pub(super) fn is_inside(path: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part != "." && part != "..";
    path.len() <= 400 && path.split('/').all(part) && !path.contains(['\\', ':']) && !path.contains(char::is_control)
}

/// Short enough for a message, and harmless.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !is_hidden(*c)).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_read_and_written_back() {
        for (text, repository, revision, file) in [
            ("hf:timm/seresnet50.a1_in1k", "timm/seresnet50.a1_in1k", None, None),
            ("hf:a/b@v1.0", "a/b", Some("v1.0"), None),
            ("hf:a/b/weights/model.safetensors", "a/b", None, Some("weights/model.safetensors")),
            ("hf:a/b@refs%2Fpr%2F1/model.bin", "a/b", Some("refs/pr/1"), Some("model.bin")),
        ] {
            let reference = Reference::parse(text).expect(text);
            assert_eq!(reference.repository, repository);
            assert_eq!(reference.revision.as_deref(), revision);
            assert_eq!(reference.file.as_deref(), file);
            assert_eq!(reference.to_string(), text);
        }
    }

    #[test]
    fn nothing_leads_out_of_the_cache() {
        for text in [
            "timm/resnet50",
            "hf:resnet50",
            "hf:/resnet50",
            "hf:timm/",
            "hf:../resnet50",
            "hf:timm/..",
            "hf:timm/resnet 50",
            "hf:timm/resnet50@",
            "hf:timm/resnet50@..%2F..%2Fx",
            "hf:timm/resnet50/../../x",
            "hf:timm/resnet50//x",
            "hf:timm/resnet50/a\\b",
            "hf:timm/resnet50/C:x",
            "hf:tímm/resnet50",
        ] {
            let message = Reference::parse(text).expect_err(text).to_string();
            assert!(message.contains("hf:OWNER/NAME[@REVISION][/FILE]"), "{message}");
        }
    }
}
