//! A WebAssembly object file, as far as it is of interest here.
//!
//! The format is that of the specification ("Binary Format"), and of the tool conventions
//! ("Linking.md").

use std::ops::Range;

/// Ids of sections, and of a part of the section `linking`.
pub const CUSTOM: u8 = 0;
pub const CODE: u8 = 10;
const DATA: u8 = 11;
const SYMBOL_TABLE: u8 = 8;
/// Kinds of symbols.
pub const FUNCTION_SYMBOL: u8 = 0;
const DATA_SYMBOL: u8 = 1;
const SECTION_SYMBOL: u8 = 3;
/// Flags of a symbol.
pub const UNDEFINED: u32 = 0x10;
const EXPLICIT_NAME: u32 = 0x40;
/// Kinds of relocations: the function of a call; the address in a constant, and in data.
pub const CALL: u8 = 0;
pub const ADDRESS: u8 = 4;
pub const ADDRESS_IN_DATA: u8 = 5;

/// An object file, and where things are in it.
pub struct Object<'a> {
    pub bytes: &'a [u8],
    /// The bodies of the functions that are not imported.
    pub bodies: Vec<Range<usize>>,
    pub functions: Vec<Function>,
    pub data: Vec<Datum>,
    /// The sections of relocations, for code and for data.
    pub code_relocations: Option<Relocations>,
    pub data_relocations: Option<Relocations>,
}

/// A function that is not imported.
pub struct Function {
    /// Its index among the functions.
    pub number: u32,
    /// Its index among the symbols.
    pub symbol: u32,
    pub name: String,
}

/// A piece of data that has a symbol.
pub struct Datum {
    /// Its index among the symbols.
    pub symbol: u32,
    pub place: Range<usize>,
}

/// A section of relocations.
pub struct Relocations {
    /// All of it, its id included.
    pub whole: Range<usize>,
    pub name: String,
    /// The index of the section that they are for.
    pub section: u32,
    pub entries: Vec<Relocation>,
}

pub struct Relocation {
    pub kind: u8,
    /// Where the number is that the linker will write.
    pub at: usize,
    pub symbol: u32,
    /// All of the entry.
    pub entry: Range<usize>,
}

struct Section {
    id: u8,
    name: String,
    whole: Range<usize>,
    /// Its content, without the name.
    body: Range<usize>,
}

impl<'a> Object<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let sections = sections(bytes)?;
        let named = |name: &str| sections.iter().find(|section| section.name == name);
        let of = |id: u8| sections.iter().find(|section| section.id == id);
        let relocations = |name: &str, id: u8| match (named(name), of(id)) {
            (Some(section), Some(target)) => relocations(bytes, section, target).map(Some),
            _ => Ok(None),
        };
        let mut object = Self {
            bytes,
            bodies: of(CODE).map_or(Ok(Vec::new()), |code| bodies(bytes, code))?,
            functions: Vec::new(),
            data: Vec::new(),
            code_relocations: relocations("reloc.CODE", CODE)?,
            data_relocations: relocations("reloc.DATA", DATA)?,
        };
        if let Some(linking) = named("linking") {
            let segments = of(DATA).map_or(Ok(Vec::new()), |data| segments(bytes, data))?;
            object.read_symbols(linking, &segments)?;
        }
        Ok(object)
    }

    fn read_symbols(&mut self, linking: &Section, segments: &[usize]) -> Result<(), String> {
        let mut reader = Reader::new(self.bytes, linking.body.start);
        let _version = reader.number()?;
        while reader.at < linking.body.end {
            let part = reader.byte()?;
            let size = reader.number()? as usize;
            let end = reader.at + size;
            if part == SYMBOL_TABLE {
                for symbol in 0..reader.number()? {
                    self.read_symbol(&mut reader, symbol, segments)?;
                }
            }
            reader.at = end;
        }
        Ok(())
    }

    fn read_symbol(
        &mut self,
        reader: &mut Reader,
        symbol: u32,
        segments: &[usize],
    ) -> Result<(), String> {
        let kind = reader.byte()?;
        let flags = reader.number()?;
        let defined = flags & UNDEFINED == 0;
        if kind == SECTION_SYMBOL {
            reader.number()?;
        } else if kind == DATA_SYMBOL {
            reader.text()?;
            if defined {
                let segment = reader.number()? as usize;
                let offset = reader.number()? as usize;
                let size = reader.number()? as usize;
                let segment = segments.get(segment).ok_or("lacks a segment of data")?;
                let start = segment + offset;
                let place = start..start + size;
                self.data.push(Datum { symbol, place });
            }
        } else {
            let number = reader.number()?;
            if defined || flags & EXPLICIT_NAME != 0 {
                let name = reader.text()?;
                if kind == FUNCTION_SYMBOL && defined {
                    self.functions.push(Function {
                        number,
                        symbol,
                        name,
                    });
                }
            }
        }
        Ok(())
    }
}

fn sections(bytes: &[u8]) -> Result<Vec<Section>, String> {
    if !bytes.starts_with(b"\0asm\x01\0\0\0") {
        return Err("is not WebAssembly".into());
    }
    let mut sections = Vec::new();
    let mut reader = Reader::new(bytes, 8);
    while reader.at < bytes.len() {
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

fn bodies(bytes: &[u8], code: &Section) -> Result<Vec<Range<usize>>, String> {
    let mut reader = Reader::new(bytes, code.body.start);
    (0..reader.number()?)
        .map(|_| {
            let size = reader.number()? as usize;
            let start = reader.at;
            reader.at += size;
            Ok(start..reader.at)
        })
        .collect()
}

/// Where the content of each segment begins.
fn segments(bytes: &[u8], data: &Section) -> Result<Vec<usize>, String> {
    let mut reader = Reader::new(bytes, data.body.start);
    (0..reader.number()?)
        .map(|_| {
            if reader.number()? != 0 {
                return Err("has data in a form that is not known here".into());
            }
            // The address: a constant, its number, and the end.
            reader.byte()?;
            reader.number()?;
            reader.byte()?;
            let size = reader.number()? as usize;
            let start = reader.at;
            reader.at += size;
            Ok(start)
        })
        .collect()
}

fn relocations(bytes: &[u8], section: &Section, target: &Section) -> Result<Relocations, String> {
    let mut reader = Reader::new(bytes, section.body.start);
    let index = reader.number()?;
    let entries = (0..reader.number()?)
        .map(|_| {
            let start = reader.at;
            let kind = reader.byte()?;
            let at = target.body.start + reader.number()? as usize;
            let symbol = reader.number()?;
            match kind {
                // Indexes of functions, types, globals, tags and tables.
                CALL | 1 | 2 | 6 | 7 | 10 | 20 => {}
                // Addresses have an addend.
                3 | ADDRESS | ADDRESS_IN_DATA => _ = reader.number()?,
                _ => return Err(format!("has a relocation of the unknown kind {kind}")),
            }
            Ok(Relocation {
                kind,
                at,
                symbol,
                entry: start..reader.at,
            })
        })
        .collect::<Result<_, String>>()?;
    Ok(Relocations {
        whole: section.whole.clone(),
        name: section.name.clone(),
        section: index,
        entries,
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn byte(&mut self) -> Result<u8, String> {
        let byte = self.bytes.get(self.at).ok_or("ends too early")?;
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
        let bytes = self.bytes.get(self.at..self.at + size);
        self.at += size;
        bytes
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .ok_or_else(|| "ends too early".into())
    }
}

pub fn write_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

pub fn write_text(bytes: &mut Vec<u8>, text: &str) {
    write_number(bytes, text.len() as u32);
    bytes.extend_from_slice(text.as_bytes());
}
