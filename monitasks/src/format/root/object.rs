//! Objects of any class as named values, read by the layouts that the file brings along.
//!
//! Every step takes bytes, depth is bounded, and an array is never longer than the bytes that are there; so time and memory stay
//! in proportion to the object.

use std::collections::HashMap;
use std::sync::Arc;

use super::cursor::{BYTE_COUNT, Cursor, ObjectHeader};
use super::error::RootError;
use super::layout::{Basic, Kind, Layout, Layouts, is_of_the_list};

/// Objects in objects that are followed.
const MOST_DEPTH: usize = 60;

/// Members and items of one record that are taken, so that small ones do not grow large in memory.
const MOST_VALUES: usize = 2_000_000;

/// Members searched that count as one value.
const SEARCHED_FOR_ONE_VALUE: usize = 16;

/// Says in a class tag that a new class follows.
pub(super) const NEW_CLASS: u32 = 0xFFFF_FFFF;
/// Marks a tag of a class that was named before.
pub(super) const CLASS_MASK: u32 = 0x8000_0000;
/// Added to places in tags.
pub(super) const MAP_OFFSET: usize = 2;

/// An object: the members of its class and of all its base classes, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Object {
    pub(super) class: Arc<str>,
    /// What others call it by, 0 for none.
    pub(super) tag: u32,
    members: Vec<(Arc<str>, Value)>,
}

/// A member's value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Integer(i64),
    Number(f64),
    Text(String),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Bytes(Vec<u8>),
    Object(Box<Object>),
    List(Vec<Value>),
    /// An object that was read before, by its tag; 0 for none.
    Reference(u32),
    /// Passed over: of which class or type.
    Skipped(String),
}

impl Value {
    pub(super) fn object(&self) -> Option<&Object> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl Object {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }

    pub(super) fn value(&self, name: &str) -> Result<&Value, RootError> {
        self.get(name).ok_or_else(|| RootError::Unsupported(format!("{} without the member {name}", self.class)))
    }

    fn other(&self, name: &str, wanted: &str) -> RootError {
        RootError::Unsupported(format!("member {name} of {} is no {wanted}", self.class))
    }

    pub(super) fn integer(&self, name: &str) -> Result<i64, RootError> {
        match self.value(name)? {
            Value::Integer(value) => Ok(*value),
            _ => Err(self.other(name, "whole number")),
        }
    }

    /// A whole number that is not below zero.
    pub(super) fn count(&self, name: &str) -> Result<usize, RootError> {
        usize::try_from(self.integer(name)?).map_err(|_| self.other(name, "number of things"))
    }

    pub(super) fn number(&self, name: &str) -> Result<f64, RootError> {
        match self.value(name)? {
            Value::Integer(value) => Ok(*value as f64),
            Value::Number(value) => Ok(*value),
            _ => Err(self.other(name, "number")),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<&str, RootError> {
        match self.value(name)? {
            Value::Text(text) => Ok(text),
            _ => Err(self.other(name, "text")),
        }
    }

    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>, RootError> {
        match self.value(name)? {
            Value::Numbers(values) => Ok(values.clone()),
            Value::Integers(values) => Ok(values.iter().map(|value| *value as f64).collect()),
            _ => Err(self.other(name, "row of numbers")),
        }
    }

    pub(super) fn integers(&self, name: &str) -> Result<&[i64], RootError> {
        match self.value(name)? {
            Value::Integers(values) => Ok(values),
            _ => Err(self.other(name, "row of whole numbers")),
        }
    }

    pub(super) fn list(&self, name: &str) -> Result<&[Value], RootError> {
        match self.value(name)? {
            Value::List(values) => Ok(values),
            Value::Object(list) if name != "items" => list.list("items"),
            _ => Err(self.other(name, "list")),
        }
    }

    pub(super) fn inside(&self, name: &str) -> Result<&Object, RootError> {
        self.value(name)?.object().ok_or_else(|| self.other(name, "object"))
    }
}

/// Reads the objects of one record.
pub(super) struct Reader<'l> {
    layouts: &'l Layouts,
    /// Added to places in the record to get those in tags: its key stands before it.
    shift: usize,
    /// The names of the classes by the tags that stand for them.
    classes: HashMap<u32, String>,
    depth: usize,
    /// Values that may still be read.
    values_left: usize,
}

impl<'l> Reader<'l> {
    pub(super) fn new(layouts: &'l Layouts, key_bytes: usize) -> Self {
        Reader { layouts, shift: key_bytes, classes: HashMap::new(), depth: 0, values_left: MOST_VALUES }
    }

    /// Whether a class is read without a layout.
    pub(super) fn reads_by_itself(class: &str) -> bool {
        array_of(class).is_some()
            || matches!(class, "TObject" | "TNamed" | "TString" | "TList" | "THashList" | "TObjArray" | "TBasket")
    }

    /// An object of a class at the cursor.
    pub(super) fn read(&mut self, class: &str, cursor: &mut Cursor) -> Result<Object, RootError> {
        let mut object = Object { class: class.into(), tag: 0, members: Vec::new() };
        self.members(class, cursor, &mut object.members)?;
        Ok(object)
    }

    fn count_values(&mut self, count: usize, cursor: &Cursor) -> Result<(), RootError> {
        let left = self.values_left.checked_sub(count);
        self.values_left = left.ok_or_else(|| cursor.wrong("values of one object", "more", format!("at most {MOST_VALUES}")))?;
        Ok(())
    }

    /// Adds the members of a class to an object.
    fn members(&mut self, class: &str, cursor: &mut Cursor, into: &mut Vec<(Arc<str>, Value)>) -> Result<(), RootError> {
        self.count_values(1, cursor)?;
        if self.depth >= MOST_DEPTH {
            return Err(cursor.wrong("objects inside objects", format!("more than {MOST_DEPTH}"), "fewer"));
        }
        self.depth += 1;
        let done = self.members_of(class, cursor, into);
        self.depth -= 1;
        done
    }

    fn members_of(&mut self, class: &str, cursor: &mut Cursor, into: &mut Vec<(Arc<str>, Value)>) -> Result<(), RootError> {
        if let Some(basic) = array_of(class) {
            let count = cursor.count("an array's length")?;
            into.push(("fArray".into(), values(basic, count, cursor)?));
            return Ok(());
        }
        match class {
            "TObject" => return root_object(cursor, into),
            "TString" => {
                into.push(("text".into(), Value::Text(cursor.text()?)));
                return Ok(());
            }
            // A key of its own and the values: what a branch makes of them. The pointer to it said how long it is.
            "TBasket" => {
                into.push(("basket".into(), Value::Bytes(cursor.take(cursor.left())?.to_vec())));
                return Ok(());
            }
            _ => {}
        }
        let header = cursor.object_header()?;
        // What a class says of its length bounds all that is read of it.
        let mut inner = header.end.map_or_else(|| cursor.clone(), |end| cursor.until(end));
        match class {
            "TNamed" => {
                root_object(&mut inner, into)?;
                into.push(("fName".into(), Value::Text(inner.text()?)));
                into.push(("fTitle".into(), Value::Text(inner.text()?)));
            }
            "TList" | "THashList" => into.push(("items".into(), self.list(&mut inner)?)),
            "TObjArray" => into.push(("items".into(), self.array(header, &mut inner)?)),
            _ => self.by_layout(class, header, &mut inner, into)?,
        }
        cursor.at = header.end.unwrap_or(inner.at);
        Ok(())
    }

    /// Adds the members that a layout names.
    fn by_layout(
        &mut self,
        class: &str,
        header: ObjectHeader,
        cursor: &mut Cursor,
        into: &mut Vec<(Arc<str>, Value)>,
    ) -> Result<(), RootError> {
        let layout = if header.version > 0 {
            self.layouts.get(class, header.version)
        } else {
            let checksum = cursor.u32()?;
            self.layouts.of_checksum(class, checksum).or_else(|| self.layouts.get(class, header.version))
        };
        let Some(layout) = layout else {
            return match header.end {
                // A part of an object may be passed over, the object itself not.
                Some(_) if self.depth > 1 => {
                    into.push((class.into(), Value::Skipped(class.to_owned())));
                    Ok(())
                }
                _ => {
                    Err(RootError::Unsupported(format!("the file has no layout of version {} of class {class}", header.version)))
                }
            };
        };
        let first = into.len();
        self.by_members(class, &layout, cursor, into, first)?;
        match header.end {
            Some(end) if end != cursor.at && !is_of_the_list(class) => {
                Err(cursor.wrong(&format!("the end of {class}"), format!("{} bytes left over", end - cursor.at), "none"))
            }
            _ => Ok(()),
        }
    }

    fn by_members(
        &mut self,
        class: &str,
        layout: &Layout,
        cursor: &mut Cursor,
        into: &mut Vec<(Arc<str>, Value)>,
        first: usize,
    ) -> Result<(), RootError> {
        for member in &layout.members {
            self.count_values(1, cursor)?;
            let value = match &member.kind {
                Kind::Base(base) => {
                    self.members(base, cursor, into)?;
                    continue;
                }
                Kind::One(basic) => one(*basic, cursor)?,
                Kind::Fixed(basic, count) => values(*basic, *count, cursor)?,
                Kind::Counted(basic, counter) => {
                    // The search is work too.
                    self.count_values((into.len() - first) / SEARCHED_FOR_ONE_VALUE, cursor)?;
                    let count = into[first..].iter().find(|(name, _)| **name == **counter);
                    let count = match count {
                        Some((_, Value::Integer(count))) => usize::try_from(*count).unwrap_or(0),
                        _ => return Err(RootError::Unsupported(format!("{class} counts {} by no member", member.name))),
                    };
                    // A byte says whether there are any.
                    let count = if cursor.u8()? == 0 { 0 } else { count };
                    values(*basic, count, cursor)?
                }
                Kind::Text => Value::Text(cursor.text()?),
                Kind::Inside(inside) => self.inside(inside, cursor)?,
                Kind::Pointer => self.pointer(cursor)?,
                Kind::Other(type_name) => skip(class, &member.name, type_name, cursor)?,
            };
            into.push((member.name.clone(), value));
        }
        Ok(())
    }

    /// An object inside another; arrays and texts as what they are.
    fn inside(&mut self, class: &str, cursor: &mut Cursor) -> Result<Value, RootError> {
        if let Some(basic) = array_of(class) {
            let count = cursor.count("an array's length")?;
            return values(basic, count, cursor);
        }
        Ok(Value::Object(Box::new(self.read(class, cursor)?)))
    }

    /// An object behind a pointer: none, one that was there before, or one with its class before it.
    fn pointer(&mut self, cursor: &mut Cursor) -> Result<Value, RootError> {
        self.count_values(1, cursor)?;
        let start = cursor.at;
        let word = cursor.u32()?;
        let (tag, tag_at, end) = if word & BYTE_COUNT == 0 || word == NEW_CLASS {
            (word, start, None)
        } else {
            let count = (word & !BYTE_COUNT) as usize;
            if count < 4 || count > cursor.left() {
                return Err(cursor.wrong("an object's length", count, format!("4 to {}", cursor.left())));
            }
            let (tag_at, end) = (cursor.at, cursor.at + count);
            (cursor.u32()?, tag_at, Some(end))
        };
        if tag & CLASS_MASK == 0 {
            cursor.at = end.unwrap_or(cursor.at);
            return Ok(Value::Reference(tag));
        }
        let mut inner = end.map_or_else(|| cursor.clone(), |end| cursor.until(end));
        let class = if tag == NEW_CLASS {
            let class = inner.zero_ended()?;
            self.classes.insert((tag_at + self.shift + MAP_OFFSET) as u32, class.clone());
            class
        } else {
            let known = self.classes.get(&(tag & !CLASS_MASK)).cloned();
            known.ok_or_else(|| inner.wrong("a class tag", tag & !CLASS_MASK, "one of a class named before"))?
        };
        let read = if self.layouts.knows(&class) || end.is_none() {
            self.read(&class, &mut inner)
        } else {
            Err(RootError::Unsupported(class.clone()))
        };
        let value = match read {
            Ok(mut object) => {
                object.tag = (start + self.shift + MAP_OFFSET) as u32;
                Value::Object(Box::new(object))
            }
            // What is told of its length lets it be passed over, and what is around it is read.
            Err(RootError::Unsupported(_)) if end.is_some() => Value::Skipped(class),
            Err(error) => return Err(error),
        };
        cursor.at = end.unwrap_or(inner.at);
        Ok(value)
    }

    /// What a `TList` holds.
    fn list(&mut self, cursor: &mut Cursor) -> Result<Value, RootError> {
        root_object(cursor, &mut Vec::new())?;
        cursor.text()?;
        let count = cursor.count("a list's length")?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.pointer(cursor)?);
            cursor.text_bytes()?; // how to draw it
        }
        Ok(Value::List(items))
    }

    /// What a `TObjArray` holds.
    fn array(&mut self, header: ObjectHeader, cursor: &mut Cursor) -> Result<Value, RootError> {
        if header.version > 2 {
            root_object(cursor, &mut Vec::new())?;
        }
        if header.version > 1 {
            cursor.text()?;
        }
        let count = cursor.count("an array's length")?;
        cursor.take(4)?; // index of the first
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.pointer(cursor)?);
        }
        Ok(Value::List(items))
    }
}

/// The members of a `TObject`: a number and bits; it has no length before it.
fn root_object(cursor: &mut Cursor, into: &mut Vec<(Arc<str>, Value)>) -> Result<(), RootError> {
    const IS_REFERENCED: u32 = 1 << 4;
    if cursor.i16()? & 0x4000 != 0 {
        cursor.take(2 + 2)?; // it was no version but half of a length, as some writers have it; the version follows
    }
    into.push(("fUniqueID".into(), Value::Integer(cursor.u32()?.into())));
    let bits = cursor.u32()?;
    into.push(("fBits".into(), Value::Integer(bits.into())));
    if bits & IS_REFERENCED != 0 {
        cursor.take(2)?;
    }
    Ok(())
}

/// Passes over a member that is not read here, by its length.
fn skip(class: &str, name: &str, type_name: &str, cursor: &mut Cursor) -> Result<Value, RootError> {
    match cursor.object_header()?.end {
        Some(end) => cursor.at = end,
        None => return Err(RootError::Unsupported(format!("member {name} of {class} is a {type_name}"))),
    }
    Ok(Value::Skipped(type_name.to_owned()))
}

/// What the array classes hold.
fn array_of(class: &str) -> Option<Basic> {
    Some(match class {
        "TArrayC" => Basic::I8,
        "TArrayS" => Basic::I16,
        "TArrayI" => Basic::I32,
        "TArrayL" | "TArrayL64" => Basic::I64,
        "TArrayF" => Basic::F32,
        "TArrayD" => Basic::F64,
        _ => return None,
    })
}

fn one(basic: Basic, cursor: &mut Cursor) -> Result<Value, RootError> {
    Ok(match values(basic, 1, cursor)? {
        Value::Integers(values) => Value::Integer(values[0]),
        Value::Numbers(values) => Value::Number(values[0]),
        other => other,
    })
}

/// `count` numbers; those of 64 bits without sign keep their bits.
fn values(basic: Basic, count: usize, cursor: &mut Cursor) -> Result<Value, RootError> {
    let bytes = cursor.take_values(count, basic.size())?;
    Ok(match basic {
        Basic::I8 => Value::Integers(bytes.iter().map(|byte| i64::from(*byte as i8)).collect()),
        Basic::U8 | Basic::Bool => Value::Integers(bytes.iter().map(|byte| i64::from(*byte)).collect()),
        Basic::I16 => Value::Integers(wide(bytes, |bytes| i16::from_be_bytes(bytes).into())),
        Basic::U16 => Value::Integers(wide(bytes, |bytes| u16::from_be_bytes(bytes).into())),
        Basic::I32 => Value::Integers(wide(bytes, |bytes| i32::from_be_bytes(bytes).into())),
        Basic::U32 => Value::Integers(wide(bytes, |bytes| u32::from_be_bytes(bytes).into())),
        Basic::I64 | Basic::U64 => Value::Integers(wide(bytes, i64::from_be_bytes)),
        Basic::F32 => Value::Numbers(wide(bytes, |bytes| f32::from_be_bytes(bytes).into())),
        Basic::F64 => Value::Numbers(wide(bytes, f64::from_be_bytes)),
    })
}

fn wide<T, const N: usize>(bytes: &[u8], read: fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| read(*chunk)).collect()
}
