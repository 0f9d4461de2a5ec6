//! Log lines, on the console or to the app's own logger.

use wasm_bindgen::prelude::*;

use crate::session::{LogLevel, SocketId};

use super::options::SessionOptions;

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = writeLine)]
    fn write_line(
        logger: Option<&JsValue>,
        method: &str,
        package_name: &str,
        session_id: Option<&str>,
        connection: u32,
        text: &str,
    );
}

impl SessionOptions {
    /// Returns true if a line of this level is written.
    pub(super) fn writes(&self, level: LogLevel) -> bool {
        level <= self.options.log_level
    }

    /// Writes a line that names package, session and connection.
    pub(super) fn write_line(
        &self,
        level: LogLevel,
        session_id: Option<&str>,
        connection: SocketId,
        text: &str,
    ) {
        write_line(
            self.logger.as_ref(),
            level.name(),
            &self.options.package_name,
            session_id,
            connection.0,
            text,
        );
    }
}
