//! Requests to the endpoints of an app's web server, which are next to its webhook.

use serde_json::{Value, json};

use crate::identity::UserSessionId;
use crate::protocol::PhotoError;

/// The picture that the glasses take: 64 × 48 pixels.
const PHOTO: &[u8] = include_bytes!("photo.jpg");

/// Length of the JPEG markers that must come first.
const JPEG_HEAD: usize = 20;

/// Longest id of a photo request, in bytes.
const MAX_REQUEST_ID: usize = 256;

/// Separates the fields of an upload. It follows a line break, and no field contains one followed by
/// this. Some parsers accept 27 to 70 characters only.
const BOUNDARY: &str = "----tpa-cloud-d8a5c1f07b3e2946";

/// An endpoint of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    PhotoUpload,
    Settings,
    Tool,
}

impl Endpoint {
    /// Name of the request in events and metrics.
    pub(crate) fn request(self) -> &'static str {
        match self {
            Self::PhotoUpload => "photo_upload",
            Self::Settings => "settings",
            Self::Tool => "tool_call",
        }
    }

    /// Returns the endpoint's URL: the last segment of the webhook's path is replaced, and the query
    /// stays, because it may contain a secret.
    pub(crate) fn url(self, webhook: &str) -> String {
        let segment = match self {
            Self::PhotoUpload => "photo-upload",
            Self::Settings => "settings",
            Self::Tool => "tool",
        };
        let webhook = webhook.split('#').next().unwrap_or_default();
        let path_end = webhook.find('?').unwrap_or(webhook.len());
        let (before, query) = webhook.split_at(path_end);
        let authority = before.find("://").map_or(0, |at| at + 3);
        let folder = match before[authority..].rfind('/') {
            Some(slash) => &before[..authority + slash],
            None => before,
        };
        format!("{folder}/{segment}{query}")
    }
}

/// Body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Content {
    fn json(body: &Value) -> Self {
        Self {
            content_type: "application/json".to_owned(),
            body: body.to_string().into_bytes(),
        }
    }

    /// The upload of a photo, or of the error in its place. The error is a sentence about an id that
    /// cannot be sent.
    pub(crate) fn photo(request_id: &str, failure: Option<PhotoError>) -> Result<Self, String> {
        if request_id.len() > MAX_REQUEST_ID || request_id.contains(char::is_control) {
            let allowed = format!("at most {MAX_REQUEST_ID} bytes without control characters");
            return Err(format!("`requestId`: expected {allowed}"));
        }
        let mut form = Form::default();
        form.field("requestId", request_id);
        if let Some(PhotoError { code, message }) = failure {
            form.field("type", "photo_error");
            form.field("success", "false");
            form.field("errorCode", code);
            form.field("errorMessage", message);
        } else {
            form.field("type", "photo_upload");
            form.field("success", "true");
            form.photo(&photo(request_id));
        }
        Ok(form.finish())
    }

    /// Settings of an app for a user.
    pub(crate) fn settings(user: &UserSessionId, settings: &[Value]) -> Self {
        Self::json(&json!({"userIdForSettings": user, "settings": settings}))
    }

    /// Call of a tool.
    pub(crate) fn tool_call(
        user: &UserSessionId,
        tool: &str,
        parameters: &Value,
        at: &str,
    ) -> Self {
        Self::json(&json!({
            "toolId": tool,
            "toolParameters": parameters,
            "userId": user,
            "timestamp": at,
        }))
    }
}

/// Returns the picture with a comment, so that each photo is another file.
fn photo(comment: &str) -> Vec<u8> {
    let (head, rest) = PHOTO.split_at(JPEG_HEAD);
    // The length includes its own two bytes.
    let length = (comment.len() + 2) as u16;
    let marker = [0xff, 0xfe];
    [
        head,
        &marker,
        &length.to_be_bytes(),
        comment.as_bytes(),
        rest,
    ]
    .concat()
}

/// `multipart/form-data`.
#[derive(Default)]
struct Form(Vec<u8>);

impl Form {
    fn field(&mut self, name: &str, value: &str) {
        self.part(&format!("name=\"{name}\"\r\n"), value.as_bytes());
    }

    fn photo(&mut self, bytes: &[u8]) {
        let more = "name=\"photo\"; filename=\"photo.jpg\"\r\nContent-Type: image/jpeg\r\n";
        self.part(more, bytes);
    }

    fn part(&mut self, more: &str, value: &[u8]) {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {more}\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(value);
        self.0.extend_from_slice(b"\r\n");
    }

    fn finish(mut self) -> Content {
        self.0
            .extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        Content {
            content_type: format!("multipart/form-data; boundary={BOUNDARY}"),
            body: self.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_next_to_the_webhook() {
        for (webhook, expected) in [
            ("http://h:1/webhook", "http://h:1/photo-upload"),
            (
                "http://h/api/_mentraos/webhook",
                "http://h/api/_mentraos/photo-upload",
            ),
            (
                "http://h/webhook?secret=a/b",
                "http://h/photo-upload?secret=a/b",
            ),
            (
                "http://h/s3cret/webhook#top",
                "http://h/s3cret/photo-upload",
            ),
            ("http://h", "http://h/photo-upload"),
            ("http://h?secret=a", "http://h/photo-upload?secret=a"),
        ] {
            assert_eq!(Endpoint::PhotoUpload.url(webhook), expected);
        }
    }

    #[test]
    fn each_photo_is_a_jpeg_of_its_own() {
        let (first, second) = (photo("p1"), photo("p2"));
        assert_ne!(first, second);
        assert_eq!(first[..4], [0xff, 0xd8, 0xff, 0xe0]);
        assert_eq!(first[JPEG_HEAD..][..6], [0xff, 0xfe, 0, 4, b'p', b'1']);
        // The segment after the comment begins with a marker too.
        assert_eq!(first[JPEG_HEAD + 6], 0xff);
        assert_eq!(first[first.len() - 2..], [0xff, 0xd9]);
    }

    #[test]
    fn the_boundary_cannot_occur_in_a_field() {
        let delimiter = format!("--{BOUNDARY}");
        assert!(
            !PHOTO
                .windows(delimiter.len())
                .any(|part| part == delimiter.as_bytes())
        );
        assert!(Content::photo(&format!("\r\n{delimiter}"), None).is_err());
        assert!(Content::photo(&"x".repeat(MAX_REQUEST_ID + 1), None).is_err());
        let content = Content::photo(&"x".repeat(MAX_REQUEST_ID), None).unwrap();
        assert!(
            content
                .body
                .ends_with(format!("\r\n{delimiter}--\r\n").as_bytes())
        );
    }
}
