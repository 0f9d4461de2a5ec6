//! Responses of the simulated glasses.

use serde_json::{Value, json};

use crate::identity::Identity;
use crate::protocol::{self, AppRequest, PhotoError};
use crate::session::streams;

/// Duration of every sound that an app plays, in ms.
const SOUND_MS: u64 = 1_200;

/// Returns the frames that answer a request. `nth` is the number of earlier frames, for answers
/// that vary; `failure` is the error in place of a photo.
pub(crate) fn answer(
    request: &AppRequest,
    failure: Option<PhotoError>,
    who: &Identity,
    nth: u64,
    at: &str,
) -> Vec<String> {
    let session = who.session_id.as_deref().unwrap_or_default();
    let stream = format!("stream-{}", who.connection_id);
    let frame = |kind: &str, fields: Value| {
        let mut frame = json!({"type": kind, "sessionId": session, "timestamp": at});
        if let (Value::Object(frame), Value::Object(fields)) = (&mut frame, fields) {
            frame.extend(fields);
        }
        frame.to_string()
    };
    let stream_status = |id: &str, status: &str| {
        let app = &who.package_name;
        let fields = json!({"streamId": id, "status": status, "appId": app});
        frame("rtmp_stream_status", fields)
    };
    match request {
        AppRequest::Photo {
            request_id,
            save_to_gallery,
        } => {
            if let Some(PhotoError { code, message }) = failure {
                let error = json!({"code": code, "message": message});
                let fields = json!({"requestId": request_id, "success": false, "error": error});
                return vec![frame("photo_response", fields)];
            }
            let url = format!("data:image/png;base64,{}", streams::PHOTO);
            vec![frame(
                "photo_response",
                json!({"requestId": request_id, "success": true, "photoUrl": url,
                       "savedToGallery": save_to_gallery}),
            )]
        }
        AppRequest::PlayAudio { request_id } => vec![frame(
            "audio_play_response",
            json!({"requestId": request_id, "success": true, "duration": SOUND_MS}),
        )],
        AppRequest::PollLocation { correlation_id } => {
            let mut data = streams::location(nth);
            data["correlationId"] = json!(correlation_id);
            vec![protocol::data_stream(session, "location_update", &data, at)]
        }
        AppRequest::StartStream => ["initializing", "connecting", "active"]
            .map(|status| stream_status(&stream, status))
            .to_vec(),
        AppRequest::StopStream { stream_id } => {
            let id = stream_id.as_deref().unwrap_or(&stream);
            ["stopping", "stopped"]
                .map(|status| stream_status(id, status))
                .to_vec()
        }
    }
}
