//! One request on a thread of its own: its head, then its body in chunks, cancellable while either is awaited.

use std::io::Read;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use ureq::http::header::{AUTHORIZATION, CONTENT_LENGTH, ETAG, LOCATION};
use ureq::http::{HeaderMap, Response, Uri};
use ureq::{Agent, Body};

/// How often a waiting transfer asks whether it is still wanted.
const PATIENCE: Duration = Duration::from_millis(50);
const CHUNK: usize = 128 * 1024;
/// How many chunks wait to be written.
const AHEAD: usize = 8;
const MAX_REDIRECTS: usize = 10;
/// The longest words of a server that are repeated.
const MAX_SAID: usize = 200;

/// What is known of an answer before its body.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub status: u16,
    /// The content's name, without quotes; the Hub's own, not that of the storage it redirects to.
    pub etag: Option<String>,
    /// The length of the body.
    pub bytes: Option<u64>,
    /// `X-Error-Code`: which refusal it is.
    pub code: Option<String>,
    /// `X-Error-Message`: the same in words.
    pub message: Option<String>,
}

/// Why nothing more comes.
#[derive(Debug)]
pub(super) enum Trouble {
    Cancelled,
    Connection(String),
}

enum News {
    Head(Head),
    Chunk(Vec<u8>),
    End,
    Broken(String),
}

/// An answer whose body is still to come.
pub(super) struct Transfer {
    pub head: Head,
    inbox: Receiver<News>,
}

impl Transfer {
    /// Sends a GET and waits for its head, over redirects; the token goes to the first host only.
    pub(super) fn start(
        agent: &Agent,
        url: String,
        token: Option<String>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, Trouble> {
        let (outbox, inbox) = sync_channel(AHEAD);
        let agent = agent.clone();
        let run = move || {
            let end = match request(&agent, url, token.as_deref()) {
                Ok((head, body)) => send_body(head, body, &outbox),
                Err(reason) => News::Broken(reason),
            };
            // Nobody listens any more once it was cancelled.
            let _ = outbox.send(end);
        };
        let started = std::thread::Builder::new().name("gatescope-transfer".to_owned()).spawn(run);
        started.map_err(|error| Trouble::Connection(error.to_string()))?;
        match wait(&inbox, cancelled)? {
            News::Head(head) => Ok(Self { head, inbox }),
            News::Broken(reason) => Err(Trouble::Connection(reason)),
            News::Chunk(_) | News::End => Err(Trouble::Connection("an answer without a head".to_owned())),
        }
    }

    /// The next part of the body; none at its end.
    pub(super) fn next(&self, cancelled: &dyn Fn() -> bool) -> Result<Option<Vec<u8>>, Trouble> {
        match wait(&self.inbox, cancelled)? {
            News::Chunk(chunk) => Ok(Some(chunk)),
            News::End => Ok(None),
            News::Broken(reason) => Err(Trouble::Connection(reason)),
            News::Head(_) => Err(Trouble::Connection("a second head".to_owned())),
        }
    }
}

fn wait(inbox: &Receiver<News>, cancelled: &dyn Fn() -> bool) -> Result<News, Trouble> {
    loop {
        if cancelled() {
            return Err(Trouble::Cancelled);
        }
        match inbox.recv_timeout(PATIENCE) {
            Ok(news) => return Ok(news),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Trouble::Connection("the transfer broke off unexpectedly".to_owned()));
            }
        }
    }
}

/// Passes the head and the body on; what is to be said at the end.
fn send_body(head: Head, body: Body, outbox: &SyncSender<News>) -> News {
    if outbox.send(News::Head(head)).is_err() {
        return News::End;
    }
    let mut reader = body.into_reader();
    loop {
        let mut chunk = vec![0; CHUNK];
        match reader.read(&mut chunk) {
            Ok(0) => return News::End,
            Ok(length) => {
                chunk.truncate(length);
                if outbox.send(News::Chunk(chunk)).is_err() {
                    return News::End;
                }
            }
            Err(error) => return News::Broken(in_words(&ureq::Error::from(error))),
        }
    }
}

/// Follows redirects by hand, keeping what the Hub says about the file on the way.
fn request(agent: &Agent, url: String, token: Option<&str>) -> Result<(Head, Body), String> {
    let mut head = Head::default();
    let mut linked_bytes = None;
    let home = origin(&url);
    let mut url = url;
    for _ in 0..=MAX_REDIRECTS {
        let mut request = agent.get(&url);
        if let Some(token) = token.filter(|_| origin(&url) == home) {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = request.call().map_err(|error| in_words(&error))?;
        let next = redirection(&url, &answer)?;
        // A relative redirect leads to the repository's present name and says nothing about the file.
        if next.as_ref().is_none_or(|next| !next.is_relative) {
            let headers = answer.headers();
            let etag = text(headers, "x-linked-etag").or_else(|| text(headers, ETAG.as_str()));
            head.etag = head.etag.or(etag.map(|etag| etag.trim_start_matches("W/").replace('"', "")));
            linked_bytes = linked_bytes.or(number(headers, "x-linked-size"));
        }
        match next {
            Some(next) => url = next.url,
            None => {
                let headers = answer.headers();
                head.status = answer.status().as_u16();
                head.bytes = linked_bytes.or(number(headers, CONTENT_LENGTH.as_str()));
                head.code = text(headers, "x-error-code");
                head.message = text(headers, "x-error-message");
                return Ok((head, answer.into_body()));
            }
        }
    }
    Err(format!("more than {MAX_REDIRECTS} redirects"))
}

struct Next {
    url: String,
    is_relative: bool,
}

fn redirection(url: &str, answer: &Response<Body>) -> Result<Option<Next>, String> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = text(answer.headers(), LOCATION.as_str()).ok_or("a redirect to nowhere")?;
    let is_relative = location.starts_with('/') && !location.starts_with("//");
    let url = match origin(url) {
        Some(origin) if is_relative => format!("{origin}{location}"),
        _ => location,
    };
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if is_web { Ok(Some(Next { url, is_relative })) } else { Err("a redirect to another protocol".to_owned()) }
}

/// `https://host:port`.
fn origin(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned();
    Some(
        value
            .chars()
            .filter(|c| !c.is_control())
            .take(if name == "location" { usize::MAX } else { MAX_SAID })
            .collect(),
    )
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.trim().parse().ok()
}

/// What went wrong, as people say it.
fn in_words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "there is no such host, or no network".to_owned(),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::Timeout(_) => "it does not answer in time".to_owned(),
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the connection was closed".to_owned()
        }
        ureq::Error::Io(error) => {
            let text = error.to_string();
            text.find(" (os error").map_or(text.clone(), |end| text[..end].to_lowercase())
        }
        other => other.to_string(),
    }
}
