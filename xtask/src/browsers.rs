//! Browsers and their drivers.

use std::env;
use std::path::{Path, PathBuf};

use crate::{process, tools};

/// A program that is installed by the system's package manager.
pub struct Browser {
    /// Its name in messages.
    pub name: &'static str,
    /// Environment variable that overrides the search.
    variable: &'static str,
    /// Names it may have on `PATH`.
    names: &'static [&'static str],
    /// Other paths it may have.
    places: &'static [&'static str],
    /// Debian package.
    pub package: &'static str,
    /// Instruction for other systems.
    pub hint: &'static str,
}

/// Chromium or Chrome.
pub const CHROMIUM: Browser = Browser {
    name: "Chromium",
    variable: "CHROMIUM",
    names: &[
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "chrome",
    ],
    places: &[
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "C:/Program Files/Google/Chrome/Application/chrome.exe",
        "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    ],
    package: "chromium",
    hint: "install Chromium or Chrome, or set CHROMIUM to its path",
};

/// Chromium's WebDriver. Its major version must be that of Chromium.
pub const CHROMEDRIVER: Browser = Browser {
    name: "chromedriver",
    variable: "CHROMEDRIVER",
    names: &["chromedriver"],
    places: &["/usr/lib/chromium-browser/chromedriver"],
    package: "chromium-driver",
    hint: "install the chromedriver of your Chrome's version, or set CHROMEDRIVER to its path",
};

/// Firefox.
pub const FIREFOX: Browser = Browser {
    name: "Firefox",
    variable: "FIREFOX",
    names: &["firefox", "firefox-esr"],
    places: &[
        "/Applications/Firefox.app/Contents/MacOS/firefox",
        "C:/Program Files/Mozilla Firefox/firefox.exe",
    ],
    package: "firefox-esr",
    hint: "install Firefox, or set FIREFOX to its path",
};

/// WebDriver of WebKitGTK, which brings its own browser. The engine is that of Safari.
pub const WEBKIT_DRIVER: Browser = Browser {
    name: "WebKitWebDriver",
    variable: "WEBKIT_DRIVER",
    names: &["WebKitWebDriver"],
    places: &[],
    package: "webkit2gtk-driver",
    hint: "install the WebDriver of WebKitGTK, or set WEBKIT_DRIVER to its path",
};

/// Screen in memory, for browsers that need a screen.
pub const XVFB: Browser = Browser {
    name: "Xvfb",
    variable: "XVFB",
    names: &["Xvfb"],
    places: &[],
    package: "xvfb",
    hint: "install Xvfb, or set XVFB to its path",
};

/// Tests for a system on which WebKitGTK runs.
pub const fn has_webkit() -> bool {
    cfg!(target_os = "linux")
}

impl Browser {
    /// Path of the installed program.
    pub fn find(&self) -> Option<PathBuf> {
        path_in(self.variable).or_else(|| {
            let in_places = || {
                self.places
                    .iter()
                    .map(PathBuf::from)
                    .find(|path| path.is_file())
            };
            self.names
                .iter()
                .find_map(|name| process::find(name))
                .or_else(in_places)
        })
    }

    /// Path of the installed program, or an error that names the fix.
    pub fn get(&self) -> Result<PathBuf, String> {
        self.find()
            .ok_or_else(|| format!("{} was not found: {}", self.name, self.hint))
    }
}

/// Path of geckodriver, the WebDriver of every Firefox.
pub fn geckodriver() -> Result<PathBuf, String> {
    if let Some(path) = geckodriver_variable() {
        return Ok(path);
    }
    let folder = tools::geckodriver().get()?;
    Ok(folder.join(format!("geckodriver{}", env::consts::EXE_SUFFIX)))
}

/// The geckodriver that `GECKODRIVER` names.
pub fn geckodriver_variable() -> Option<PathBuf> {
    path_in("GECKODRIVER")
}

/// The path in an environment variable.
fn path_in(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// The version that a program reports. On Windows browsers open a window
/// instead, so there is none.
pub fn version(path: &Path) -> Option<String> {
    if cfg!(windows) {
        return None;
    }
    let answer = process::ask(process::command(path).arg("--version"))?;
    let number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    answer.split_whitespace().find(number).map(str::to_string)
}
