//! Browsers and their drivers.

use std::env;
use std::path::{Path, PathBuf};

use crate::{apt, process, tools};

/// A program that comes with the system, not with cargo or npm.
pub struct Browser {
    /// What it is called here.
    pub name: &'static str,
    /// The variable that overrides the search.
    variable: &'static str,
    /// Its possible names on `PATH`.
    names: &'static [&'static str],
    /// Other places where it may be.
    places: &'static [&'static str],
    /// Debian's package of it.
    pub package: &'static str,
    /// What to do where it cannot be installed from here.
    pub mend: &'static str,
}

/// Chromium, or a Chrome.
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
    mend: "install Chromium or Chrome, or set CHROMIUM to its path",
};

/// Chromium's WebDriver, which must be as new as Chromium.
pub const CHROMEDRIVER: Browser = Browser {
    name: "chromedriver",
    variable: "CHROMEDRIVER",
    names: &["chromedriver"],
    places: &["/usr/lib/chromium-browser/chromedriver"],
    package: "chromium-driver",
    mend: "install the chromedriver of your Chrome's version, or set CHROMEDRIVER to its path",
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
    mend: "install Firefox, or set FIREFOX to its path",
};

/// All that the tests need.
pub const ALL: [&Browser; 3] = [&CHROMIUM, &CHROMEDRIVER, &FIREFOX];

impl Browser {
    /// Where it is, if it is here.
    pub fn find(&self) -> Option<PathBuf> {
        named(self.variable).or_else(|| {
            let place = || {
                self.places
                    .iter()
                    .map(PathBuf::from)
                    .find(|path| path.is_file())
            };
            self.names
                .iter()
                .find_map(|name| process::find(name))
                .or_else(place)
        })
    }

    /// Where it is; installed first if need be and if that can be done.
    pub fn get(&self) -> Result<PathBuf, String> {
        if let Some(path) = self.find() {
            return Ok(path);
        }
        if apt::available() {
            // One call of apt for all that is missing.
            let missing: Vec<_> = ALL
                .iter()
                .filter(|browser| browser.find().is_none())
                .map(|browser| browser.package)
                .collect();
            apt::install(&missing)?;
        }
        self.find()
            .ok_or_else(|| format!("{} was not found: {}", self.name, self.mend))
    }
}

/// Firefox's WebDriver, which runs with any Firefox.
pub fn geckodriver() -> Result<PathBuf, String> {
    if let Some(path) = named_geckodriver() {
        return Ok(path);
    }
    let folder = tools::geckodriver().get()?;
    Ok(folder.join(format!("geckodriver{}", env::consts::EXE_SUFFIX)))
}

/// The geckodriver that the environment names.
pub fn named_geckodriver() -> Option<PathBuf> {
    named("GECKODRIVER")
}

/// The path that a variable holds.
fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// What it says of its version. Not asked on Windows, where browsers open a window instead.
pub fn version(path: &Path) -> Option<String> {
    if cfg!(windows) {
        return None;
    }
    let answer = process::ask(process::command(path).arg("--version"))?;
    let number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    answer.split_whitespace().find(number).map(str::to_string)
}
