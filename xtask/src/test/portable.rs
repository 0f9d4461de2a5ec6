//! Portability of the repository: names of files, line endings, and code that only Linux or Unix
//! can run.
//!
//! The rules look at single lines, so they find what is usual and not everything.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::counts::Counts;
use super::report::Report;
use crate::{process, workspace};

/// Folders and files that are used on Unix only. Their tests say so where they are skipped.
const UNIX_ONLY: &[&str] = &[
    "tests/network/",
    // A Redis, and processes that are stopped.
    "tests/cluster/",
    // A program of a shell and its child, for signals.
    "xtask/src/process/children/tests.rs",
];

/// Files whose bytes are inputs of tests; `.gitattributes` excludes them from conversion.
const RAW: &[&str] = &["fuzz/corpus/"];

/// Characters that Windows forbids in names.
const FORBIDDEN: &str = "<>:\"\\|?*";

/// Names of devices, which Windows forbids with any extension.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul"];

/// Something that a line may not contain.
struct Rule {
    /// Extensions of the files to which it applies.
    extensions: &'static [&'static str],
    /// Texts that break it, in a line that has `also`.
    texts: &'static [&'static str],
    also: &'static str,
    /// Texts of a file that is guarded.
    unless: &'static [&'static str],
    advice: &'static str,
}

const JS: &[&str] = &["js", "mjs", "cjs", "jsx"];
const RUST: &[&str] = &["rs"];
const CODE: &[&str] = &["rs", "js", "mjs", "cjs", "jsx"];
const CFG_UNIX: &[&str] = &["cfg(unix)", "cfg(target_os = \"linux\")"];
const CFG_JS: &[&str] = &["process.platform", "isWindows"];

const RULES: &[Rule] = &[
    Rule {
        extensions: RUST,
        texts: &["\"/tmp"],
        also: "",
        unless: &[],
        advice: "use std::env::temp_dir()",
    },
    Rule {
        extensions: JS,
        texts: &["\"/tmp", "`/tmp", "'/tmp"],
        also: "",
        unless: &[],
        advice: "use tmpdir() of node:os",
    },
    Rule {
        extensions: RUST,
        texts: &["\"/proc", "\"/dev/", "os::unix", "os::linux"],
        also: "",
        unless: CFG_UNIX,
        advice: "guard it by #[cfg(unix)] or #[cfg(target_os = \"linux\")]",
    },
    Rule {
        extensions: JS,
        texts: &["\"/proc", "`/proc", "\"/dev/", "`/dev/"],
        also: "",
        unless: CFG_JS,
        advice: "guard it by process.platform",
    },
    Rule {
        extensions: CODE,
        texts: &["(\"bash\"", "(\"sh\"", "/bin/sh"],
        also: "",
        unless: CFG_UNIX,
        advice: "start the program itself, without a shell",
    },
    Rule {
        extensions: JS,
        texts: &[
            "spawn(\"npm\"",
            "spawn(\"npx\"",
            "Sync(\"npm\"",
            "Sync(\"npx\"",
        ],
        also: "",
        unless: CFG_JS,
        advice: "Windows starts npm.cmd by a shell only: set the option `shell` by process.platform",
    },
    Rule {
        extensions: JS,
        // SIGKILL ends a process on every system.
        texts: &[
            "(\"SIGTERM",
            "(\"SIGINT",
            "(\"SIGHUP",
            "(\"SIGSTOP",
            "(\"SIGCONT",
            "(\"SIGUSR",
            "pid, \"SIG",
            "kill(-",
        ],
        also: "",
        unless: CFG_JS,
        advice: "Windows ends a process at each signal: guard it by process.platform",
    },
    Rule {
        extensions: JS,
        texts: &["symlinkSync(", " symlink("],
        also: "",
        unless: CFG_JS,
        advice: "Windows makes only junctions for everyone: pass the type \"junction\"",
    },
    Rule {
        extensions: JS,
        texts: &["import.meta.url).pathname"],
        also: "",
        unless: &[],
        advice: "use fileURLToPath(): the path of C:\\a is /C:/a otherwise",
    },
    Rule {
        extensions: RUST,
        texts: &["{}/", "/{}"],
        also: ".display()",
        unless: &[],
        advice: "join paths with Path::join()",
    },
];

/// Texts that show a line of a broken rule to be right.
const FINE: &[&str] = &["\"junction\"", ".on(\"SIG", ".once(\"SIG", ".off(\"SIG"];

/// Checks all files that git knows or would add.
pub fn run(report: &mut Report) {
    let what = "portable files";
    let files = match files() {
        Some(files) => files,
        None => return process::skipped(what, "no git, which lists the files"),
    };
    let mut faults = names(&files);
    let root = workspace::root();
    for file in &files {
        let is_unix_only = UNIX_ONLY.iter().any(|folder| file.starts_with(folder));
        if fs::symlink_metadata(root.join(file)).is_ok_and(|found| found.is_symlink()) {
            faults.push(format!(
                "{file}: it is a symbolic link, which Windows may not make"
            ));
        }
        let Ok(bytes) = fs::read(root.join(file)) else {
            continue;
        };
        faults.extend(line_endings(file, &bytes));
        if let Ok(text) = String::from_utf8(bytes)
            && !is_unix_only
        {
            faults.extend(lines(file, &text));
        }
    }
    let attributes = fs::read_to_string(root.join(".gitattributes")).unwrap_or_default();
    faults.extend(attributes_faults(&attributes));
    let failure = (!faults.is_empty()).then(|| format!("{what}:\n{}", faults.join("\n")));
    report.add(what, Counts::one(failure.is_none()), failure);
}

fn files() -> Option<Vec<String>> {
    let mut git: Command = process::command("git");
    git.args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]);
    let listed = process::ask(&mut git)?;
    let files = listed.split('\0').filter(|file| !file.is_empty());
    Some(files.map(str::to_owned).collect())
}

/// Names that collide or are forbidden on other systems.
fn names(files: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen: HashMap<String, &str> = HashMap::new();
    for file in files {
        // Folders, too, may differ in their case only.
        let ends = file.match_indices('/').map(|(end, _)| end);
        for end in ends.chain([file.len()]) {
            let path = &file[..end];
            let known = seen.entry(path.to_lowercase()).or_insert(path);
            if *known != path {
                faults.push(format!("{path}: differs from {known} in case only"));
            }
        }
        for name in file.split('/') {
            let stem = name.split('.').next().unwrap_or_default().to_lowercase();
            let is_port = |device: &str| {
                let number = stem.strip_prefix(device).unwrap_or_default();
                number.len() == 1 && number.chars().all(|digit| digit.is_ascii_digit())
            };
            let is_device = DEVICES.contains(&&*stem) || is_port("com") || is_port("lpt");
            let is_forbidden = |c: char| FORBIDDEN.contains(c) || c.is_control();
            if is_device || name.contains(is_forbidden) || name.ends_with(['.', ' ']) {
                faults.push(format!("{file}: Windows forbids the name {name:?}"));
            }
        }
    }
    faults
}

fn line_endings(file: &str, bytes: &[u8]) -> Option<String> {
    let is_text = !bytes.contains(&0) && !RAW.iter().any(|folder| file.starts_with(folder));
    let has_crlf = || bytes.windows(2).any(|pair| pair == b"\r\n");
    (is_text && has_crlf()).then(|| format!("{file}: lines end with CRLF, not LF"))
}

/// Attributes without which git converts line endings on Windows.
fn attributes_faults(attributes: &str) -> Vec<String> {
    let raw = RAW.iter().map(|folder| format!("/{folder}** -text"));
    ["* text=auto eol=lf".to_owned()]
        .into_iter()
        .chain(raw)
        .filter(|needed| !attributes.lines().any(|line| line == needed))
        .map(|needed| format!(".gitattributes: the line `{needed}` is missing"))
        .collect()
}

/// Lines that break a rule.
fn lines(file: &str, text: &str) -> Vec<String> {
    // The texts of the rules are in it.
    if file == "xtask/src/test/portable.rs" {
        return Vec::new();
    }
    let extension = Path::new(file).extension().unwrap_or_default();
    let mut faults = Vec::new();
    for rule in RULES {
        let applies = rule.extensions.iter().any(|one| extension == *one);
        if !applies || rule.unless.iter().any(|guard| text.contains(guard)) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.trim_start();
            let is_comment = code.starts_with("//") || code.starts_with('*');
            let mut broken = rule.texts.iter().filter(|text| line.contains(**text));
            let found = broken.next().filter(|_| line.contains(rule.also));
            let is_fine = FINE.iter().any(|fine| line.contains(fine));
            if let Some(found) = found
                && !is_comment
                && !is_fine
            {
                let number = number + 1;
                faults.push(format!("{file}:{number}: {found}: {}", rule.advice));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(files: &[&str]) -> Vec<String> {
        let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
        names(&files)
    }

    #[test]
    fn names_that_windows_forbids_are_found() {
        let good = [
            "src/a.rs",
            "src/b/a.rs",
            "com.rs",
            "console.rs",
            ".github/ci.yml",
            "a b.md",
        ];
        assert!(all(&good).is_empty(), "{:?}", all(&good));
        for bad in [
            "a:b.txt",
            "a/b?.txt",
            "a\\b",
            "nul",
            "aux.rs",
            "src/COM1.txt",
            "a.",
            "b /c",
            "tab\t",
        ] {
            assert_eq!(all(&[bad]).len(), 1, "{bad}");
        }
    }

    #[test]
    fn names_that_differ_in_case_only_are_found() {
        assert_eq!(all(&["docs/Guide.md", "docs/guide.md"]).len(), 1);
        assert_eq!(all(&["Docs/a.md", "docs/b.md"]).len(), 1);
        assert!(all(&["docs/a.md", "docs/b.md", "Docs.md"]).is_empty());
    }

    #[test]
    fn line_endings_of_windows_are_found() {
        assert!(line_endings("a.md", b"a\r\nb\r\n").is_some());
        assert!(line_endings("a.md", b"a\nb\r").is_none());
        assert!(line_endings("a.png", b"\0\r\n").is_none());
        assert!(line_endings("fuzz/corpus/frames/a", b"a\r\n").is_none());
        assert_eq!(attributes_faults("").len(), 1 + RAW.len());
        let attributes = "* text=auto eol=lf\n/fuzz/corpus/** -text\n";
        assert!(attributes_faults(attributes).is_empty());
    }

    #[test]
    fn each_text_of_each_rule_is_found_in_unguarded_code_only() {
        for rule in RULES {
            for extension in rule.extensions {
                let file = format!("a.{extension}");
                for text in rule.texts {
                    let planted = format!("one();\n  two({text}{});\n", rule.also);
                    let found = lines(&file, &planted);
                    let place = format!("{file}:2: {text}: ");
                    assert!(
                        found.iter().any(|fault| fault.starts_with(&place)),
                        "{text}"
                    );
                    assert!(lines("a.md", &planted).is_empty());
                    let comment = format!("  // two({text}{});\n", rule.also);
                    assert!(lines(&file, &comment).is_empty(), "{text}");

                    for guard in rule.unless {
                        let guarded = format!("{guard}\n{planted}");
                        let found = lines(&file, &guarded);
                        assert!(
                            !found.iter().any(|fault| fault.ends_with(rule.advice)),
                            "{text}"
                        );
                    }
                }
            }
        }
        assert!(lines("a.mjs", "symlinkSync(from, to, \"junction\");").is_empty());
        assert!(lines("a.mjs", "process.once(\"SIGINT\", end);").is_empty());
    }

    #[test]
    fn what_is_excepted_exists() {
        for path in UNIX_ONLY.iter().chain(RAW) {
            assert!(workspace::root().join(path).exists(), "{path}");
        }
    }
}
