//! Talking to the Hub: the listing of a repository and the transfer of a file.
//!
//! Requests run on a thread of their own, so that a name that is not resolved and a server that says nothing can be
//! cancelled at once. That thread ends by itself: every wait of its own is limited.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use hf_hub::api::RepoInfo;
use ureq::Agent;
use ureq::http::Uri;

use super::reference::is_inside;
use super::store::{Store, is_etag, is_hash};
use super::transfer::{Head, Transfer, Trouble};
use super::{HubError, Reference, Watch};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(15);
/// How long the Hub may take to answer.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a download may stand still.
const STILL: Duration = Duration::from_secs(30);
/// The longest listing that is read.
const MAX_LISTING: usize = 16 << 20;
/// The longest file that is fetched: more than any network this program opens.
const MAX_FILE: u64 = 8 << 30;

/// A way to the Hub.
#[derive(Clone, Debug)]
pub(super) struct Client {
    agent: Agent,
    /// Without a slash at the end.
    endpoint: String,
    host: String,
    token: Option<String>,
}

/// What a repository holds at a revision.
#[derive(Debug)]
pub(super) struct Listing {
    pub commit: String,
    pub files: Vec<String>,
}

impl Client {
    pub(super) fn new(endpoint: &str, token: Option<String>) -> Result<Self, HubError> {
        let endpoint = endpoint.trim().trim_end_matches('/').to_owned();
        let uri: Option<Uri> = endpoint.parse().ok();
        let is_web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
        let host = uri.filter(is_web).and_then(|uri| uri.authority().map(ToString::to_string));
        let host = host.ok_or_else(|| HubError::Endpoint { value: endpoint.clone() })?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Redirects are followed by hand: the Hub's own headers are on the way, and the token stays with it.
            .max_redirects(0)
            .user_agent(concat!("gatescope/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_per_read(Some(STILL));
        Ok(Self { agent: config.build().into(), endpoint, host, token })
    }

    /// The files of a repository.
    pub(super) fn list(&self, reference: &Reference, watch: &Watch) -> Result<Listing, HubError> {
        let revision = encoded(reference.revision());
        let url = format!("{}/api/models/{}/revision/{revision}", self.endpoint, reference.repository);
        let transfer = self.request(reference, url, watch)?;
        self.refused(reference, None, &transfer.head)?;
        let mut text = Vec::new();
        while let Some(chunk) = transfer.next(watch.cancelled).map_err(|trouble| self.unreachable(trouble))? {
            text.extend_from_slice(&chunk);
            if text.len() > MAX_LISTING {
                return Err(self.malformed("a listing that does not end"));
            }
        }
        let info: RepoInfo =
            serde_json::from_slice(&text).map_err(|_| self.malformed("not the listing of a repository"))?;
        if !is_hash(&info.sha) {
            return Err(self.malformed("a listing without a commit"));
        }
        let mut files: Vec<String> = info.siblings.into_iter().map(|file| file.rfilename).collect();
        files.retain(|file| is_inside(file));
        Ok(Listing { commit: info.sha, files })
    }

    /// Downloads a file into the cache and gives its path there.
    pub(super) fn download(
        &self,
        reference: &Reference,
        commit: &str,
        name: &str,
        store: &Store,
        watch: &Watch,
    ) -> Result<PathBuf, HubError> {
        let path: Vec<String> = name.split('/').map(encoded).collect();
        let url = format!("{}/{}/resolve/{commit}/{}", self.endpoint, reference.repository, path.join("/"));
        let transfer = self.request(reference, url, watch)?;
        self.refused(reference, Some(name), &transfer.head)?;
        let etag = transfer.head.etag.as_deref().filter(|etag| is_etag(etag));
        let etag = etag.ok_or_else(|| self.malformed("a file without an ETag"))?.to_owned();
        let expected = transfer.head.bytes;
        if expected.is_some_and(|bytes| bytes > MAX_FILE) {
            return Err(self.malformed("a file larger than any network that is opened"));
        }
        let mut file = store.begin(name, expected.unwrap_or(0))?;
        let mut received = 0;
        let broken = |received, reason: String| {
            let expected = expected.map_or_else(|| "an unknown number".to_owned(), |bytes| bytes.to_string());
            HubError::BrokenOff { file: name.to_owned(), received, expected, reason }
        };
        (watch.progress)(0.0);
        while let Some(chunk) = transfer.next(watch.cancelled).map_err(|trouble| match trouble {
            Trouble::Cancelled => HubError::Cancelled,
            Trouble::Connection(reason) => broken(received, reason),
        })? {
            received += chunk.len() as u64;
            if received > expected.unwrap_or(MAX_FILE) {
                return Err(broken(received, "more came than was announced".to_owned()));
            }
            let written = file.write_all(&chunk);
            written.map_err(|error| HubError::disk(file.path(), name, expected.unwrap_or(received), error))?;
            if let Some(bytes) = expected.filter(|bytes| *bytes > 0) {
                (watch.progress)((received as f64 / bytes as f64) as f32);
            }
        }
        match expected {
            Some(bytes) if bytes != received => Err(broken(received, "the connection was closed".to_owned())),
            _ => store.keep(file, &etag, commit, name),
        }
    }

    /// Sends a request and waits for the head of the answer.
    fn request(&self, reference: &Reference, url: String, watch: &Watch) -> Result<Transfer, HubError> {
        log::debug!("{reference}: {url}");
        let token = self.token.clone();
        Transfer::start(&self.agent, url, token, watch.cancelled).map_err(|trouble| self.unreachable(trouble))
    }

    fn unreachable(&self, trouble: Trouble) -> HubError {
        match trouble {
            Trouble::Cancelled => HubError::Cancelled,
            Trouble::Connection(reason) => HubError::Unreachable { host: self.host.clone(), reason },
        }
    }

    fn malformed(&self, what: &str) -> HubError {
        HubError::Malformed { host: self.host.clone(), what: what.to_owned() }
    }

    /// Turns a refusal into what the user can do about it. The Hub says which in `X-Error-Code`; mirrors may not.
    fn refused(&self, reference: &Reference, file: Option<&str>, head: &Head) -> Result<(), HubError> {
        let repository = reference.repository.clone();
        let host = || self.host.clone();
        let said = head.message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
        let gated = || HubError::Gated {
            repository: repository.clone(),
            page: format!("{}/{}", self.endpoint, reference.repository),
        };
        let revision =
            || HubError::Revision { repository: repository.clone(), revision: reference.revision().to_owned() };
        Err(match (head.status, head.code.as_deref(), file) {
            (200..=299, ..) => return Ok(()),
            (401 | 403, Some("GatedRepo"), _) => gated(),
            // Without a token the Hub answers 401 for what is not there, so as not to tell what is private.
            (401 | 404, Some("RepoNotFound"), _) => HubError::Repository { repository, host: host() },
            (404, Some("RevisionNotFound"), _) => revision(),
            (404, _, Some(file)) => {
                HubError::File { repository, file: file.to_owned(), there: "it in its listing only".to_owned() }
            }
            (404, ..) if reference.revision.is_some() => revision(),
            (404, ..) => HubError::Repository { repository, host: host() },
            (401, ..) if self.token.is_none() => HubError::Repository { repository, host: host() },
            (status @ (401 | 403), ..) => HubError::Refused { repository, host: host(), status, said },
            (status, ..) => HubError::Server { host: host(), status, said },
        })
    }
}

/// Percent-encoded for one segment of a path.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_address() {
        for endpoint in ["", "huggingface.co", "ftp://hub", "file:///etc/passwd", "http://"] {
            assert!(Client::new(endpoint, None).is_err(), "{endpoint}");
        }
        assert_eq!(Client::new("https://hub.example:8080/", None).expect("one").host, "hub.example:8080");
    }

    #[test]
    fn a_branch_is_one_segment() {
        assert_eq!(encoded("refs/pr/1 #?"), "refs%2Fpr%2F1%20%23%3F");
    }
}
