//! Access control. Any web page can make the developer's browser send requests to this machine, so
//! the control interface checks the origin and the host. A server that other machines can reach
//! requires a token.

use std::net::{IpAddr, SocketAddr};

use serde_json::json;

use crate::constant_time;

/// Parameters of the access control.
#[derive(Clone)]
pub struct Access {
    /// Address of the server.
    addr: SocketAddr,
    /// Token that control requests must have, if any.
    token: Option<String>,
    /// Host of the public URL, if one is configured.
    public_host: Option<String>,
    /// Further origins whose pages are accepted, as browsers write them.
    origins: Vec<String>,
}

/// Purpose of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A served file, or the health check.
    File,
    /// A WebSocket of a TPA.
    Socket,
    /// The control interface.
    Control,
}

/// The parts of a request that decide about its access. A header that is not text is empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head<'a> {
    /// Method, in capitals.
    pub method: &'a str,
    /// Query without the question mark.
    pub query: Option<&'a str>,
    /// `Host`
    pub host: Option<&'a str>,
    /// `Origin`
    pub origin: Option<&'a str>,
    /// `Authorization`
    pub authorization: Option<&'a str>,
    /// `Sec-Fetch-Site`
    pub fetch_site: Option<&'a str>,
    /// `Sec-Fetch-Dest`
    pub fetch_dest: Option<&'a str>,
}

/// Decision about a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Status of the response, if the request is answered here.
    pub status: Option<u16>,
    /// Headers of the response, also of one that is made elsewhere.
    pub headers: Vec<(&'static str, String)>,
    /// Body of a response that is made here.
    pub body: String,
}

impl Access {
    /// Creates the access control of a server. The public URL may have a path.
    pub fn new(addr: SocketAddr, token: Option<String>, public_url: Option<&str>) -> Self {
        Self {
            addr,
            token,
            public_host: public_url.and_then(host_of_url).map(str::to_owned),
            origins: Vec::new(),
        }
    }

    /// Accepts the pages of further origins, which [`options::origin`](crate::options::origin) has
    /// read.
    #[must_use]
    pub fn with_origins(mut self, origins: Vec<String>) -> Self {
        self.origins = origins;
        self
    }

    /// Decides about a request of a peer.
    pub fn check(&self, scope: Scope, peer: IpAddr, head: &Head<'_>) -> Verdict {
        // On a loopback address the `Host` must be a loopback name.
        if self.addr.ip().is_loopback() && !is_loopback_host(head) {
            return forbidden(UNKNOWN_HOST);
        }
        match scope {
            Scope::File => Verdict::default(),
            Scope::Socket => self.check_socket(head),
            Scope::Control => self.check_control(peer, head),
        }
    }

    /// Rejects WebSockets that a foreign page opens. A browser sets `Origin` on every WebSocket of
    /// a page, and a page cannot change it; programs usually send none.
    fn check_socket(&self, head: &Head<'_>) -> Verdict {
        match head.origin {
            Some(origin) if !self.is_own_page(origin, head) && !self.is_listed(origin) => {
                forbidden(FOREIGN_PAGE)
            }
            Some(_) | None => Verdict::default(),
        }
    }

    /// Rejects control requests without the token or, if there is none, from other machines; and
    /// those of pages from other origins.
    fn check_control(&self, peer: IpAddr, head: &Head<'_>) -> Verdict {
        let is_preflight = head.method == "OPTIONS";
        if let Some(token) = &self.token {
            // Preflight requests have no token.
            if !is_preflight && !has_token(head, token) {
                return unauthorized();
            }
        } else if !peer.to_canonical().is_loopback() {
            return forbidden("the control interface can be used from this machine only");
        } else if !is_loopback_host(head) {
            return forbidden(UNKNOWN_HOST);
        }
        let Some(origin) = head.origin else {
            return match is_embedded(head) {
                true => forbidden(FOREIGN_PAGE),
                false => Verdict::default(),
            };
        };
        let is_listed = self.is_listed(origin);
        if !is_listed && !self.comes_from_this_server(origin, head) {
            return forbidden(FOREIGN_PAGE);
        }
        let mut verdict = Verdict::default();
        if is_preflight {
            let allowed = match self.token {
                Some(_) => "authorization, content-type",
                None => "content-type",
            };
            verdict.status = Some(204);
            verdict.add("access-control-allow-methods", "GET, POST, DELETE");
            verdict.add("access-control-allow-headers", allowed);
            verdict.add("access-control-max-age", "600");
            if is_listed {
                // Browsers may ask before a public page reaches this machine.
                verdict.add("access-control-allow-private-network", "true");
            }
        }
        verdict.add("access-control-allow-origin", origin);
        verdict.add("vary", "origin");
        verdict
    }

    fn is_listed(&self, origin: &str) -> bool {
        self.origins.iter().any(|listed| listed == origin)
    }

    /// Reports whether the origin is this machine or, with a token, this server.
    fn comes_from_this_server(&self, origin: &str, head: &Head<'_>) -> bool {
        let same_host = || origin.strip_prefix("http://") == head.host && head.host.is_some();
        is_loopback_origin(origin) || (self.token.is_some() && same_host())
    }

    /// Reports whether an origin is this machine or this server. A page can resolve its own name to
    /// any address, so the server's names are addresses and the name of its public URL.
    fn is_own_page(&self, origin: &str, head: &Head<'_>) -> bool {
        let Some((own, host)) = head.host.and_then(|own| Some((own, split(own)?.0))) else {
            return false;
        };
        let public = self.public_host.as_ref();
        let is_public = public.is_some_and(|public| public.eq_ignore_ascii_case(host));
        let is_address = host.parse::<IpAddr>().is_ok();
        is_loopback_origin(origin)
            || ((is_address || is_public) && authority_of(origin) == Some(own))
    }
}

impl Verdict {
    fn add(&mut self, name: &'static str, value: &str) {
        self.headers.push((name, value.to_owned()));
    }
}

const FOREIGN_PAGE: &str =
    "the page's origin must be this machine, this server or one of --allow-origin";

const UNKNOWN_HOST: &str = "the Host header must name this machine, such as 127.0.0.1 or localhost";

fn denied(status: u16, error: &str) -> Verdict {
    let mut verdict = Verdict {
        status: Some(status),
        body: json!({"error": error}).to_string(),
        ..Verdict::default()
    };
    verdict.add("content-type", "application/json");
    verdict
}

fn forbidden(error: &str) -> Verdict {
    denied(403, error)
}

fn unauthorized() -> Verdict {
    let error = "the control interface needs `Authorization: Bearer TOKEN`";
    let mut verdict = denied(401, error);
    verdict.add("www-authenticate", "Bearer");
    verdict
}

/// Reports whether a request has the token, in its header or, because an `EventSource` cannot set
/// headers, in its query.
fn has_token(head: &Head<'_>, token: &str) -> bool {
    let authorization = head.authorization;
    let in_header = authorization.and_then(|value| value.strip_prefix("Bearer "));
    let in_query = || {
        let mut pairs = head
            .query?
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(name, value)| (name == "access_token").then_some(value))
    };
    let given = in_header.or_else(in_query);
    given.is_some_and(|given| constant_time::eq(token, given))
}

/// Detects requests without `Origin` that a page of another site causes, such as those of its
/// images. The user may follow a link.
fn is_embedded(head: &Head<'_>) -> bool {
    head.fetch_site == Some("cross-site") && head.fetch_dest != Some("document")
}

/// Detects DNS rebinding: a page can resolve its own name to 127.0.0.1 and become same-origin, but
/// its requests carry that name.
fn is_loopback_host(head: &Head<'_>) -> bool {
    head.host.is_some_and(is_loopback_authority)
}

fn is_loopback_origin(origin: &str) -> bool {
    authority_of(origin).is_some_and(is_loopback_authority)
}

/// Reports whether `host` or `host:port` is a loopback name or address.
fn is_loopback_authority(authority: &str) -> bool {
    let Some((host, port)) = split(authority) else {
        return false;
    };
    let is_port_valid = port.is_none_or(|digits| digits.parse::<u16>().is_ok());
    let is_address = || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    is_port_valid && (host.eq_ignore_ascii_case("localhost") || is_address())
}

/// Returns `host` or `host:port` of a page's origin.
fn authority_of(origin: &str) -> Option<&str> {
    let http = origin.strip_prefix("http://");
    http.or_else(|| origin.strip_prefix("https://"))
}

/// Splits `host` or `host:port`. IPv6 addresses are in brackets, which are removed.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if port.is_empty() {
        return Some((host, None));
    }
    Some((host, Some(port.strip_prefix(':')?)))
}

/// Returns the host of a URL.
fn host_of_url(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    split(authority).map(|(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_accepted() {
        for good in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8002",
            "127.1.2.3",
            "[::1]",
            "[::1]:1",
        ] {
            assert!(is_loopback_authority(good), "{good}");
        }
        for bad in [
            "",
            ":80",
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "localhost:",
            "localhost:80.example.org",
            "localhost@example.org",
            "[::1",
            "[::1]80",
            "[::2]",
            "0.0.0.0",
            "localhost:99999",
        ] {
            assert!(!is_loopback_authority(bad), "{bad}");
        }
        assert!(is_loopback_origin("http://localhost:3000"));
        assert!(!is_loopback_origin("null"));
        assert!(!is_loopback_origin("http://evil.example"));
    }

    #[test]
    fn the_host_of_a_public_url_is_its_name() {
        for (url, host) in [
            ("wss://cloud.example:8002", Some("cloud.example")),
            ("ws://cloud.example/path?query", Some("cloud.example")),
            ("ws://user:secret@cloud.example", Some("cloud.example")),
            ("ws://[::1]:80", Some("::1")),
            ("cloud.example", None),
        ] {
            assert_eq!(host_of_url(url), host, "{url}");
        }
    }
}
