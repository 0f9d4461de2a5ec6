//! Empties functions that never run, in a WebAssembly object file.
//!
//! The format is that of the WebAssembly tool conventions, "Linking.md". A body keeps its length,
//! so that nothing moves; what it referred to is forgotten, so that the linker leaves it out.

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
/// Instructions.
const UNREACHABLE: u8 = 0x00;
const END: u8 = 0x0b;

/// The object with every function emptied whose path is, or lies below, one of `paths`.
pub fn snip(object: &[u8], paths: &[&str]) -> Result<Vec<u8>, String> {
    let sections = sections(object)?;
    let section = |name: &str| sections.iter().find(|section| section.name == name);
    let code = sections.iter().find(|section| section.id == CODE);
    let (Some(code), Some(linking)) = (code, section("linking")) else {
        return Ok(object.to_vec());
    };
    let bodies = bodies(object, code)?;
    let functions = functions(object, linking)?;
    // Functions that are imported have the first numbers, and each other one has a symbol.
    let imported = functions.iter().map(|&(number, _)| number).min();
    let imported = imported.unwrap_or_default() as usize;
    let marks: Vec<String> = paths.iter().map(|path| mangled(path)).collect();

    let mut emptied = Vec::new();
    let mut snipped = object.to_vec();
    for (number, symbol) in functions {
        let body = bodies.get(number as usize - imported);
        let body = body.ok_or_else(|| format!("the function {symbol} has no body"))?;
        if body.len() >= 3 && marks.iter().any(|mark| symbol.contains(mark)) {
            // No locals, then nothing but traps.
            snipped[body.clone()].fill(UNREACHABLE);
            snipped[body.end - 1] = END;
            emptied.push(body.start - code.body.start..body.end - code.body.start);
        }
    }
    match section("reloc.CODE") {
        Some(relocations) => forget(&snipped, relocations, &emptied),
        None => Ok(snipped),
    }
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

/// Number and symbol of each function that is not imported.
fn functions(object: &[u8], linking: &Section) -> Result<Vec<(u32, String)>, String> {
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
        for _ in 0..symbols {
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
                    let symbol = reader.text()?;
                    if kind == FUNCTION && defined {
                        functions.push((number, symbol));
                    }
                }
            }
        }
        reader.at = end;
    }
    Ok(functions)
}

/// The object without the relocations that lie in `emptied`.
fn forget(
    object: &[u8],
    relocations: &Section,
    emptied: &[Range<usize>],
) -> Result<Vec<u8>, String> {
    let mut reader = Reader {
        object,
        at: relocations.body.start,
    };
    let section = reader.number()?;
    let mut kept = 0;
    let mut entries = Vec::new();
    for _ in 0..reader.number()? {
        let start = reader.at;
        let kind = reader.byte()?;
        let offset = reader.number()? as usize;
        reader.number()?;
        match kind {
            // Indexes of functions, types, globals, tags and tables.
            0 | 1 | 6 | 7 | 10 | 20 => {}
            // Addresses have an addend.
            3 | 4 => _ = reader.number()?,
            _ => return Err(format!("relocation of the unknown type {kind}")),
        }
        if !emptied.iter().any(|body| body.contains(&offset)) {
            kept += 1;
            entries.extend_from_slice(&object[start..reader.at]);
        }
    }
    let mut body = Vec::new();
    write_text(&mut body, &relocations.name);
    write_number(&mut body, section);
    write_number(&mut body, kept);
    body.extend(entries);

    let mut result = object[..relocations.whole.start].to_vec();
    result.push(CUSTOM);
    write_number(&mut result, body.len() as u32);
    result.extend(body);
    result.extend_from_slice(&object[relocations.whole.end..]);
    Ok(result)
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

    /// One imported function and two bodies, which call it.
    fn object(first: &str, second: &str) -> Vec<u8> {
        let call = [0x06, 0x00, 0x10, 0x80, 0x80, 0x00, END];
        let code = [&[2][..], &call, &call].concat();
        let mut symbols = vec![3];
        symbols.extend([FUNCTION, UNDEFINED as u8, 0]);
        for (number, name) in [(1, first), (2, second)] {
            symbols.extend([FUNCTION, 0, number]);
            write_text(&mut symbols, name);
        }
        let mut linking = vec![2, SYMBOL_TABLE];
        write_number(&mut linking, symbols.len() as u32);
        linking.extend(symbols);
        let relocations = [3, 2, 0, 4, 0, 0, 11, 0];
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
        let names = [
            "_ZN4core9panicking9panic_fmt17h1E",
            "_RNvC1_4core9panicking5panic",
        ];
        for name in names {
            let snipped = snip(&object(name, "other"), &["core::panicking"]).unwrap();
            let code = [2, 6, 0, 0, 0, 0, 0, END, 6, 0, 0x10, 0x80, 0x80, 0, END];
            assert_eq!(snipped[10..25], code);
            assert_eq!(snipped[snipped.len() - 5..], [3, 1, 0, 11, 0]);
        }
    }

    #[test]
    fn an_object_without_such_a_function_stays_as_it_is() {
        let object = object("_ZN4core9panicked9panic_fmt17h1E", "panicking");
        assert_eq!(snip(&object, &["core::panicking"]).unwrap(), object);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(snip(b"!<arch>\n", &[]).is_err());
        let object = object("a", "b");
        assert!(snip(&object[..object.len() - 3], &["a"]).is_err());
    }
}
