//! Big-endian values into bytes, with the lengths and class tags that stand before objects.

use std::collections::HashMap;

use super::super::cursor::BYTE_COUNT;
use super::super::object::{CLASS_MASK, MAP_OFFSET, NEW_CLASS};

/// The bytes of one record's object.
pub(super) struct Out {
    pub(super) bytes: Vec<u8>,
    /// Added to places in the bytes to get those in tags: the key stands before them.
    shift: usize,
    /// Where each class was named first.
    classes: HashMap<&'static str, usize>,
}

/// What a `TObject` says of itself.
#[derive(Clone, Copy)]
pub(super) struct ObjectBits {
    /// A number, 0 for most; of a label, its bin.
    pub(super) number: u32,
    pub(super) bits: u32,
}

impl ObjectBits {
    /// Of a plain object that nobody refers to.
    pub(super) const PLAIN: ObjectBits = ObjectBits { number: 0, bits: 0x0300_0000 };
}

impl Out {
    pub(super) fn behind_key(key_bytes: usize) -> Self {
        Out { bytes: Vec::new(), shift: key_bytes, classes: HashMap::new() }
    }

    pub(super) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.bytes.extend(bytes);
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(super) fn i16(&mut self, value: i16) {
        self.put(value.to_be_bytes());
    }

    pub(super) fn i32(&mut self, value: i32) {
        self.put(value.to_be_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.put(value.to_be_bytes());
    }

    pub(super) fn f32(&mut self, value: f32) {
        self.put(value.to_be_bytes());
    }

    pub(super) fn f64(&mut self, value: f64) {
        self.put(value.to_be_bytes());
    }

    pub(super) fn numbers(&mut self, values: &[f64]) {
        values.iter().for_each(|value| self.f64(*value));
    }

    /// An array with its length before it.
    pub(super) fn array(&mut self, values: &[f64]) {
        self.i32(values.len() as i32);
        self.numbers(values);
    }

    /// A text with its length before it: one byte, or 255 and four.
    pub(super) fn text(&mut self, text: &str) {
        match u8::try_from(text.len()) {
            Ok(length) if length < 255 => self.u8(length),
            _ => {
                self.u8(255);
                self.i32(text.len() as i32);
            }
        }
        self.bytes.extend(text.as_bytes());
    }

    /// Bytes with their number before them.
    fn counted(&mut self, write: impl FnOnce(&mut Out)) {
        let at = self.bytes.len();
        self.u32(0);
        write(self);
        let count = (self.bytes.len() - at - 4) as u32 | BYTE_COUNT;
        self.bytes[at..at + 4].copy_from_slice(&count.to_be_bytes());
    }

    /// An object or a base class of one: length, version, members.
    pub(super) fn object(&mut self, version: i16, members: impl FnOnce(&mut Out)) {
        self.counted(|out| {
            out.i16(version);
            members(out);
        });
    }

    /// An object behind a pointer: its class, named or by the place where it was, then the object.
    pub(super) fn pointer(&mut self, class: &'static str, version: i16, members: impl FnOnce(&mut Out)) {
        self.counted(|out| {
            let at = out.bytes.len();
            match out.classes.get(class) {
                Some(known) => {
                    let tag = (known + out.shift + MAP_OFFSET) as u32;
                    out.u32(CLASS_MASK | tag);
                }
                None => {
                    out.classes.insert(class, at);
                    out.u32(NEW_CLASS);
                    out.bytes.extend(class.as_bytes());
                    out.u8(0);
                }
            }
            out.object(version, members);
        });
    }

    /// A pointer to nothing.
    pub(super) fn nothing(&mut self) {
        self.u32(0);
    }

    /// The base class of all.
    pub(super) fn root_object(&mut self, of: ObjectBits) {
        self.i16(1);
        self.u32(of.number);
        self.u32(of.bits);
    }

    /// The base class of all that has a name.
    pub(super) fn named(&mut self, bits: ObjectBits, name: &str, title: &str) {
        self.object(1, |out| {
            out.root_object(bits);
            out.text(name);
            out.text(title);
        });
    }

    /// What stands before the items of a list.
    pub(super) fn list_start(&mut self, count: usize) {
        self.root_object(ObjectBits { number: 0, bits: 0x0200_0000 });
        self.text("");
        self.i32(count as i32);
    }
}
