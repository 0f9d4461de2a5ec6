//! URLs of clouds.

/// Default URL: a cloud on the developer's machine.
pub const DEFAULT_URL: &str = "ws://localhost:8002/tpa-ws";

/// Names of the option for the URL. The first one that is given counts.
pub const URL_OPTIONS: [&str; 2] = ["augmentOSWebsocketUrl", "mentraOSWebsocketUrl"];

/// Allowed values of the option for the URL.
pub const URL_ALLOWED: &str = "a ws:, wss:, http: or https: URL, or a function that gives one";

/// Converts a URL to one for a WebSocket: `http` becomes `ws`, `https` becomes `wss`. `None` for
/// other schemes, and for a URL without a host.
pub fn websocket_url(url: &str) -> Option<String> {
    let (scheme, rest) = split_once(url.trim_ascii(), b':')?;
    let rest = rest.strip_prefix("//")?;
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    let scheme = if is("ws") || is("http") {
        "ws"
    } else if is("wss") || is("https") {
        "wss"
    } else {
        return None;
    };
    // WebSocket constructors refuse a fragment (WHATWG WebSockets, "new WebSocket").
    let rest = split_once(rest, b'#').map_or(rest, |(rest, _)| rest);
    let has_host = !matches!(rest.bytes().next(), None | Some(b'/' | b'?' | b':'));
    let has_blank = rest.bytes().any(|byte| byte <= b' ');
    (has_host && !has_blank).then(|| [scheme, "://", rest].concat())
}

/// `str::split_once` without its search tables, which would be larger than this module.
fn split_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|b| b == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// True if a `ws:` or `wss:` URL leads to the same machine: to `localhost`, `127.0.0.0/8` or
/// `[::1]`.
pub fn is_loopback(url: &str) -> bool {
    let rest = url.strip_prefix("ws://").or(url.strip_prefix("wss://"));
    let rest = rest.unwrap_or_default();
    let mut authority = rest.bytes().take_while(|byte| !matches!(byte, b'/' | b'?'));
    if authority.any(|byte| byte == b'@') {
        // What precedes it is a user name and a password.
        return false;
    }
    let ends = |at: usize| matches!(rest.as_bytes().get(at), None | Some(b':' | b'/' | b'?'));
    let is_numeric = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    // One that ends with a dot is a name, or another address.
    let address = rest.bytes().take_while(is_numeric).count();
    let is_address = rest.as_bytes().get(address.wrapping_sub(1)) != Some(&b'.');
    rest.starts_with("localhost") && ends("localhost".len())
        || rest.starts_with("[::1]") && ends("[::1]".len())
        || rest.starts_with("127.") && is_address && ends(address)
}
