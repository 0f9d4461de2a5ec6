//! Empties functions that never run, in a WebAssembly object file.
//!
//! The format is that of the WebAssembly tool conventions, "Linking.md". A body keeps its length,
//! so that nothing moves. What it referred to is forgotten, and so are the constants that it is
//! called with, the texts of panics and the places where they happen: the linker leaves out what
//! nothing refers to.

use std::ops::Range;

/// Ids of sections, and of a part of the section `linking`.
const CUSTOM: u8 = 0;
const CODE: u8 = 10;
const SYMBOL_TABLE: u8 = 8;
/// Kinds of symbols.
const FUNCTION: u8 = 0;
const DATA: u8 = 1;
const SECTION: u8 = 3;
/// Flags of a symbol.
const UNDEFINED: u32 = 0x10;
const EXPLICIT_NAME: u32 = 0x40;
/// Types of relocations: the function of a call, the address in a constant.
const CALL: u8 = 0;
const ADDRESS: u8 = 4;
/// Instructions.
const UNREACHABLE: u8 = 0x00;
const END: u8 = 0x0b;
const CONSTANT: u8 = 0x41;

/// The object with every function emptied whose path is, or lies below, one of `paths`.
pub fn snip(object: &[u8], paths: &[&str]) -> Result<Vec<u8>, String> {
    let sections = sections(object)?;
    let section = |name: &str| sections.iter().find(|section| section.name == name);
    let code = sections.iter().find(|section| section.id == CODE);
    let (Some(code), Some(linking), Some(relocations)) =
        (code, section("linking"), section("reloc.CODE"))
    else {
        return Ok(object.to_vec());
    };
    let bodies = bodies(object, code)?;
    let functions = functions(object, linking)?;
    // Functions that are imported have the first numbers, and each other one has a symbol.
    let imported = functions.iter().map(|function| function.number).min();
    let imported = imported.unwrap_or_default();
    let marks: Vec<String> = paths.iter().map(|path| mangled(path)).collect();

    let mut emptied = Emptied::default();
    let mut snipped = object.to_vec();
    for function in functions {
        let body = bodies.get((function.number - imported) as usize);
        let body = body.ok_or_else(|| format!("{} has no body", function.name))?;
        // A shorter one has no place for an instruction.
        if body.len() < 3 || !marks.iter().any(|mark| function.name.contains(mark)) {
            continue;
        }
        // No locals, then nothing but traps.
        snipped[body.clone()].fill(UNREACHABLE);
        snipped[body.end - 1] = END;
        emptied.bodies.push(body.clone());
        emptied.symbols.push(function.symbol);
    }
    forget(&snipped, code, relocations, &emptied)
}

#[derive(Default)]
struct Emptied {
    bodies: Vec<Range<usize>>,
    symbols: Vec<u32>,
}

/// How a path appears in a symbol, in both of rustc's manglings.
fn mangled(path: &str) -> String {
    let names = path.split("::");
    names.map(|name| format!("{}{name}", name.len())).collect()
}

struct Section {
    id: u8,
    name: String,
    /// All of it, its id included.
    whole: Range<usize>,
    /// Its content, without the name.
    body: Range<usize>,
}

fn sections(object: &[u8]) -> Result<Vec<Section>, String> {
    if !object.starts_with(b"\0asm\x01\0\0\0") {
        return Err("not WebAssembly".into());
    }
    let mut sections = Vec::new();
    let mut reader = Reader { object, at: 8 };
    while reader.at < object.len() {
        let start = reader.at;
        let id = reader.byte()?;
        let size = reader.number()? as usize;
        let end = reader.at + size;
        let name = if id == CUSTOM {
            reader.text()?
        } else {
            String::new()
        };
        sections.push(Section {
            id,
            name,
            whole: start..end,
            body: reader.at..end,
        });
        reader.at = end;
    }
    Ok(sections)
}

fn bodies(object: &[u8], code: &Section) -> Result<Vec<Range<usize>>, String> {
    let mut reader = Reader {
        object,
        at: code.body.start,
    };
    (0..reader.number()?)
        .map(|_| {
            let size = reader.number()? as usize;
            let start = reader.at;
            reader.at += size;
            Ok(start..reader.at)
        })
        .collect()
}

struct Function {
    /// Its index among the functions.
    number: u32,
    /// Its index among the symbols.
    symbol: u32,
    name: String,
}

/// The functions that are not imported.
fn functions(object: &[u8], linking: &Section) -> Result<Vec<Function>, String> {
    let mut functions = Vec::new();
    let mut reader = Reader {
        object,
        at: linking.body.start,
    };
    let _version = reader.number()?;
    while reader.at < linking.body.end {
        let part = reader.byte()?;
        let size = reader.number()? as usize;
        let end = reader.at + size;
        let symbols = if part == SYMBOL_TABLE {
            reader.number()?
        } else {
            0
        };
        for symbol in 0..symbols {
            let kind = reader.byte()?;
            let flags = reader.number()?;
            let defined = flags & UNDEFINED == 0;
            if kind == SECTION {
                reader.number()?;
            } else if kind == DATA {
                reader.text()?;
                if defined {
                    for _segment_offset_size in 0..3 {
                        reader.number()?;
                    }
                }
            } else {
                let number = reader.number()?;
                if defined || flags & EXPLICIT_NAME != 0 {
                    let name = reader.text()?;
                    if kind == FUNCTION && defined {
                        functions.push(Function {
                            number,
                            symbol,
                            name,
                        });
                    }
                }
            }
        }
        reader.at = end;
    }
    Ok(functions)
}

struct Relocation {
    kind: u8,
    /// Where the number is that the linker will write.
    at: usize,
    symbol: u32,
    /// All of the entry.
    entry: Range<usize>,
}

/// The object without the relocations that nothing needs any more.
fn forget(
    object: &[u8],
    code: &Section,
    relocations: &Section,
    emptied: &Emptied,
) -> Result<Vec<u8>, String> {
    let mut reader = Reader {
        object,
        at: relocations.body.start,
    };
    let section = reader.number()?;
    let mut entries = Vec::new();
    for _ in 0..reader.number()? {
        let start = reader.at;
        let kind = reader.byte()?;
        let at = code.body.start + reader.number()? as usize;
        let symbol = reader.number()?;
        match kind {
            // Indexes of functions, types, globals, tags and tables.
            CALL | 1 | 6 | 7 | 10 | 20 => {}
            // Addresses have an addend.
            3 | ADDRESS => _ = reader.number()?,
            _ => return Err(format!("relocation of the unknown type {kind}")),
        }
        entries.push(Relocation {
            kind,
            at,
            symbol,
            entry: start..reader.at,
        });
    }
    let mut kept: Vec<&Relocation> = Vec::new();
    for relocation in &entries {
        if relocation.kind == CALL && emptied.symbols.contains(&relocation.symbol) {
            forget_arguments(object, relocation.at - 1, &mut kept);
        }
        if !emptied
            .bodies
            .iter()
            .any(|body| body.contains(&relocation.at))
        {
            kept.push(relocation);
        }
    }

    let mut body = Vec::new();
    write_text(&mut body, &relocations.name);
    write_number(&mut body, section);
    write_number(&mut body, kept.len() as u32);
    for relocation in kept {
        body.extend_from_slice(&object[relocation.entry.clone()]);
    }
    let mut result = object[..relocations.whole.start].to_vec();
    result.push(CUSTOM);
    write_number(&mut result, body.len() as u32);
    result.extend(body);
    result.extend_from_slice(&object[relocations.whole.end..]);
    Ok(result)
}

/// Forgets the addresses among the constants that come right before the call at `at`, which
/// never returns: whatever they are meant for, nobody will use them.
fn forget_arguments(object: &[u8], mut at: usize, kept: &mut Vec<&Relocation>) {
    loop {
        let is_constant = |size: usize| object[at - size - 1] == CONSTANT;
        let last = kept.last().filter(|last| last.kind == ADDRESS);
        if last.is_some_and(|last| last.at + 5 == at) && is_constant(5) {
            kept.pop();
            at -= 6;
        } else if object[at - 1] < 0x80 && is_constant(1) {
            at -= 2;
        } else if object[at - 1] < 0x80 && object[at - 2] >= 0x80 && is_constant(2) {
            at -= 3;
        } else {
            return;
        }
    }
}

struct Reader<'a> {
    object: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, String> {
        let byte = self.object.get(self.at).ok_or("ends too early")?;
        self.at += 1;
        Ok(*byte)
    }

    /// LEB128; of a signed number only the length is of interest here.
    fn number(&mut self) -> Result<u32, String> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("has a number that does not end".into())
    }

    fn text(&mut self) -> Result<String, String> {
        let size = self.number()? as usize;
        let bytes = self.object.get(self.at..self.at + size);
        self.at += size;
        bytes
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .ok_or_else(|| "ends too early".into())
    }
}

fn write_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn write_text(bytes: &mut Vec<u8>, text: &str) {
    write_number(bytes, text.len() as u32);
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
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

        let mut symbols = vec![3, FUNCTION, UNDEFINED as u8, 0];
        for (number, name) in [(1, second), (2, "last")] {
            symbols.extend([FUNCTION, 0, number]);
            write_text(&mut symbols, name);
        }
        let mut linking = vec![2, SYMBOL_TABLE];
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
