//! The imports between the crate's top-level modules form no cycle.
#![allow(clippy::unwrap_used, reason = "all of this is tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each top-level module with the modules that it imports.
type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_modules_form_no_cycle() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let graph = read_graph(&src);
    assert!(graph.len() > 10, "{graph:?}");
    assert_eq!(find_cycle(&graph), None);
}

#[test]
fn a_cycle_is_found() {
    let files = [
        ("a", "use crate::b::B;"),
        ("b", "use crate::{c, d::D};"),
        ("c", "fn f() -> crate::Root { todo() }"),
        ("d", "// use crate::b;\nuse crate::d::e;"),
    ];
    let root = BTreeMap::from([("Root".to_owned(), "a".to_owned())]);
    let mut graph = Graph::new();
    for (module, source) in files {
        add_imports(&mut graph, module, source, &root);
    }
    let cycle = ["a", "b", "c", "a"].map(str::to_owned);
    assert_eq!(find_cycle(&graph), Some(cycle.to_vec()));
    graph.remove("c");
    assert_eq!(find_cycle(&graph), None);
}

fn read_graph(src: &Path) -> Graph {
    let root = names_in_root(&fs::read_to_string(src.join("lib.rs")).unwrap());
    let mut graph = Graph::new();
    for file in rust_files(src) {
        let path = file.strip_prefix(src).unwrap().with_extension("");
        let module = path.iter().next().unwrap().to_str().unwrap();
        // `cli` is a module of the program, which uses the library from outside.
        if !["lib", "main", "cli"].contains(&module) {
            let source = fs::read_to_string(&file).unwrap();
            add_imports(&mut graph, module, &source, &root);
        }
    }
    graph
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The names that the crate's root re-exports, each with its module.
fn names_in_root(lib: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for export in lib.split("pub use ").skip(1) {
        let export = export.split(';').next().unwrap_or_default();
        let module = export.split("::").next().unwrap_or_default();
        let words = export.split(|c: char| !c.is_alphanumeric() && c != '_');
        for word in words.filter(|word| !word.is_empty()) {
            names.insert(word.to_owned(), module.to_owned());
        }
    }
    names
}

/// Adds an edge for each path in `source` that begins with `crate::`.
fn add_imports(graph: &mut Graph, module: &str, source: &str, root: &BTreeMap<String, String>) {
    let code: Vec<&str> = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let edges = graph.entry(module.to_owned()).or_default();
    for path in code.split("crate::").skip(1) {
        for name in first_names(path) {
            let target = root.get(&name).unwrap_or(&name);
            if target != module {
                edges.insert(target.clone());
            }
        }
    }
}

/// `a` of `a::B`; `a` and `b` of `{a, b::{C, D}}`.
fn first_names(path: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        let text = text.trim_start().chars();
        text.take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(list) = path.strip_prefix('{') else {
        return vec![word(path)];
    };
    let mut names = vec![word(list)];
    let mut depth = 0_u32;
    for (index, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(word(&list[index + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// A path from a module back to itself.
fn find_cycle(graph: &Graph) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    let starts = graph.keys();
    starts
        .filter_map(|start| search(graph, start, &mut Vec::new(), &mut done))
        .next()
}

fn search(
    graph: &Graph,
    module: &str,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(index) = path.iter().position(|visited| visited == module) {
        let mut cycle = path[index..].to_vec();
        cycle.push(module.to_owned());
        return Some(cycle);
    }
    if done.contains(module) {
        return None;
    }
    path.push(module.to_owned());
    for next in graph.get(module).into_iter().flatten() {
        if let Some(cycle) = search(graph, next, path, done) {
            return Some(cycle);
        }
    }
    path.pop();
    done.insert(module.to_owned());
    None
}
