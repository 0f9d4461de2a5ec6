//! Empties functions that never run, in a WebAssembly object file.
//!
//! A body keeps its length, so that nothing moves. What it referred to is forgotten, and so are
//! the constants that it is called with, and where panics happen: the linker leaves out what
//! nothing refers to.

mod object;

use std::collections::HashSet;
use std::ops::Range;

use object::{ADDRESS, ADDRESS_IN_DATA, CALL, CUSTOM, Object, Relocation, Relocations};
use object::{write_number, write_text};

/// Instructions.
const UNREACHABLE: u8 = 0x00;
const END: u8 = 0x0b;
const CONSTANT: u8 = 0x41;
/// An address that is nowhere, as long as one that the linker writes: all that are forgotten look
/// the same, so that later tools see that they need not be handed over.
const NULL: [u8; 5] = [0x80, 0x80, 0x80, 0x80, 0x00];

/// The object with every function emptied whose path is, or lies below, one of `paths`.
pub fn snip(bytes: &[u8], paths: &[&str]) -> Result<Vec<u8>, String> {
    let object = Object::read(bytes)?;
    // Functions that are imported have the first numbers, and each other one has a symbol.
    let functions = &object.functions;
    let imported = functions.iter().map(|function| function.number).min();
    let imported = imported.unwrap_or_default();
    let marks: Vec<String> = paths.iter().map(|path| mangled(path)).collect();

    let mut snipped = bytes.to_vec();
    let mut forgotten = Forgotten {
        locations: locations(&object),
        ..Forgotten::default()
    };
    for function in functions {
        let body = object.bodies.get((function.number - imported) as usize);
        let body = body.ok_or_else(|| format!("{} has no body", function.name))?;
        // A shorter one has no place for an instruction.
        if body.len() < 3 || !marks.iter().any(|mark| function.name.contains(mark)) {
            continue;
        }
        // No locals, then nothing but traps.
        snipped[body.clone()].fill(UNREACHABLE);
        snipped[body.end - 1] = END;
        forgotten.bodies.push(body.clone());
        forgotten.functions.insert(function.symbol);
    }
    Ok(match &object.code_relocations {
        Some(relocations) => forget(&snipped, relocations, &forgotten),
        None => snipped,
    })
}

/// What nothing needs to refer to any more.
#[derive(Default)]
struct Forgotten {
    bodies: Vec<Range<usize>>,
    /// Symbols of functions.
    functions: HashSet<u32>,
    /// Symbols of data.
    locations: HashSet<u32>,
}

/// How a path appears in a symbol, in both of rustc's manglings.
fn mangled(path: &str) -> String {
    let names = path.split("::");
    names.map(|name| format!("{}{name}", name.len())).collect()
}

/// The places in the sources (`core::panic::Location`) that panics would name: the address and
/// the length of a file's name, line and column.
fn locations(object: &Object) -> HashSet<u32> {
    let Some(relocations) = &object.data_relocations else {
        return HashSet::new();
    };
    let names_of_files: HashSet<u32> = object
        .data
        .iter()
        .filter(|datum| {
            let content = object.bytes.get(datum.place.clone()).unwrap_or_default();
            content.ends_with(b".rs") || content.ends_with(b".rs\0")
        })
        .map(|datum| datum.symbol)
        .collect();
    let points_to_name: HashSet<usize> = relocations
        .entries
        .iter()
        .filter(|r| r.kind == ADDRESS_IN_DATA && names_of_files.contains(&r.symbol))
        .map(|r| r.at)
        .collect();
    object
        .data
        .iter()
        .filter(|datum| datum.place.len() == 16 && points_to_name.contains(&datum.place.start))
        .map(|datum| datum.symbol)
        .collect()
}

/// The object without the relocations that nothing needs any more.
fn forget(bytes: &[u8], relocations: &Relocations, forgotten: &Forgotten) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut kept: Vec<&Relocation> = Vec::new();
    for relocation in &relocations.entries {
        if relocation.kind == CALL && forgotten.functions.contains(&relocation.symbol) {
            forget_arguments(&mut bytes, relocation.at - 1, &mut kept);
        }
        let in_body = |body: &Range<usize>| body.contains(&relocation.at);
        let is_location =
            relocation.kind == ADDRESS && forgotten.locations.contains(&relocation.symbol);
        if is_location {
            bytes[relocation.at..relocation.at + 5].copy_from_slice(&NULL);
        } else if !forgotten.bodies.iter().any(in_body) {
            kept.push(relocation);
        }
    }
    let mut section = Vec::new();
    write_text(&mut section, &relocations.name);
    write_number(&mut section, relocations.section);
    write_number(&mut section, kept.len() as u32);
    for relocation in kept {
        section.extend_from_slice(&bytes[relocation.entry.clone()]);
    }
    let mut result = bytes[..relocations.whole.start].to_vec();
    result.push(CUSTOM);
    write_number(&mut result, section.len() as u32);
    result.extend(section);
    result.extend_from_slice(&bytes[relocations.whole.end..]);
    result
}

/// Forgets the addresses among the constants that come right before the call at `at`, which
/// never returns: whatever they are meant for, nobody will use them.
fn forget_arguments(bytes: &mut [u8], mut at: usize, kept: &mut Vec<&Relocation>) {
    loop {
        let is_constant = |size: usize| bytes[at - size - 1] == CONSTANT;
        let last = kept.last().filter(|last| last.kind == ADDRESS);
        if last.is_some_and(|last| last.at + 5 == at) && is_constant(5) {
            bytes[at - 5..at].copy_from_slice(&NULL);
            kept.pop();
            at -= 6;
        } else if bytes[at - 1] < 0x80 && is_constant(1) {
            at -= 2;
        } else if bytes[at - 1] < 0x80 && bytes[at - 2] >= 0x80 && is_constant(2) {
            at -= 3;
        } else {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::object::{CODE, FUNCTION_SYMBOL, UNDEFINED};
    use super::*;

    fn section(id: u8, name: Option<&str>, content: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        if let Some(name) = name {
            write_text(&mut body, name);
        }
        body.extend_from_slice(content);
        let mut section = vec![id];
        write_number(&mut section, body.len() as u32);
        section.extend(body);
        section
    }

    /// A function that is imported, one that calls it, and one that calls the second with an
    /// address, a small number and an address.
    fn object(second: &str) -> Vec<u8> {
        let address = [CONSTANT, 0x80, 0x80, 0x80, 0x80, 0x00];
        let call = [0x10, 0x80, 0x80, 0x80, 0x80, 0x00, END];
        let first = [&[0][..], &call].concat();
        let last = [&[0][..], &address, &[CONSTANT, 65], &address, &call].concat();
        let mut code = vec![2, first.len() as u8];
        code.extend(first);
        code.push(last.len() as u8);
        code.extend(last);

        let mut symbols = vec![3, FUNCTION_SYMBOL, UNDEFINED as u8, 0];
        for (number, name) in [(1, second), (2, "last")] {
            symbols.extend([FUNCTION_SYMBOL, 0, number]);
            write_text(&mut symbols, name);
        }
        let mut linking = vec![2, 8];
        write_number(&mut linking, symbols.len() as u32);
        linking.extend(symbols);

        let mut relocations = vec![3, 4, CALL, 4, 0];
        relocations.extend([ADDRESS, 13, 7, 0, ADDRESS, 21, 8, 0, CALL, 27, 1]);
        [
            b"\0asm\x01\0\0\0".to_vec(),
            section(CODE, None, &code),
            section(CUSTOM, Some("linking"), &linking),
            section(CUSTOM, Some("reloc.CODE"), &relocations),
        ]
        .concat()
    }

    #[test]
    fn a_function_that_never_runs_traps_and_refers_to_nothing() {
        for name in [
            "_ZN4core9panicking9panic_fmt17h1E",
            "_RNvC1_4core9panicking5panic",
        ] {
            let snipped = snip(&object(name), &["core::panicking"]).unwrap();
            assert_eq!(snipped[10..20], [2, 8, 0, 0, 0, 0, 0, 0, 0, END]);
            assert!(snipped.ends_with(&[3, 1, CALL, 27, 1]));
        }
    }

    #[test]
    fn an_object_without_such_a_function_stays_as_it_is() {
        let object = object("_ZN4core9panicked9panic_fmt17h1E");
        assert_eq!(snip(&object, &["core::panicking"]).unwrap(), object);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(snip(b"!<arch>\n", &[]).is_err());
        let object = object("a");
        assert!(snip(&object[..object.len() - 3], &["a"]).is_err());
    }
}
