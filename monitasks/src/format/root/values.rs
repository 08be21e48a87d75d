//! The values of a branch: numbers of one type or texts, one or several to an entry.

use super::error::RootError;
use super::layout::Basic;

/// Values of one type.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// True and false.
    Bool(Vec<bool>),
    /// 8-bit whole numbers.
    I8(Vec<i8>),
    /// 8-bit whole numbers from 0.
    U8(Vec<u8>),
    /// 16-bit whole numbers.
    I16(Vec<i16>),
    /// 16-bit whole numbers from 0.
    U16(Vec<u16>),
    /// 32-bit whole numbers.
    I32(Vec<i32>),
    /// 32-bit whole numbers from 0.
    U32(Vec<u32>),
    /// 64-bit whole numbers.
    I64(Vec<i64>),
    /// 64-bit whole numbers from 0.
    U64(Vec<u64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
    /// Text.
    Text(Vec<String>),
}

/// How many values belong to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PerEntry {
    /// As many for each.
    Fixed(usize),
    /// The place behind each entry's last value, counted over the whole column: an entry's values end there and begin where those
    /// of the entry before it end.
    Ends(Vec<usize>),
}

/// A branch's values.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// All values, entry after entry.
    pub values: Values,
    /// Which of them are whose.
    pub per_entry: PerEntry,
}

/// Runs an expression for the vector inside, whatever its type.
macro_rules! of_each {
    ($values:expr, $inner:ident => $result:expr) => {
        match $values {
            Values::Bool($inner) => $result,
            Values::I8($inner) => $result,
            Values::U8($inner) => $result,
            Values::I16($inner) => $result,
            Values::U16($inner) => $result,
            Values::I32($inner) => $result,
            Values::U32($inner) => $result,
            Values::I64($inner) => $result,
            Values::U64($inner) => $result,
            Values::F32($inner) => $result,
            Values::F64($inner) => $result,
            Values::Text($inner) => $result,
        }
    };
}

impl Values {
    /// No values yet.
    pub(super) fn empty(basic: Basic) -> Values {
        match basic {
            Basic::Bool => Values::Bool(Vec::new()),
            Basic::I8 => Values::I8(Vec::new()),
            Basic::U8 => Values::U8(Vec::new()),
            Basic::I16 => Values::I16(Vec::new()),
            Basic::U16 => Values::U16(Vec::new()),
            Basic::I32 => Values::I32(Vec::new()),
            Basic::U32 => Values::U32(Vec::new()),
            Basic::I64 => Values::I64(Vec::new()),
            Basic::U64 => Values::U64(Vec::new()),
            Basic::F32 => Values::F32(Vec::new()),
            Basic::F64 => Values::F64(Vec::new()),
        }
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        of_each!(self, values => values.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type's name: `bool`, `int8` to `int64`, `uint8` to `uint64`, `float32`, `float64`, `text`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Values::Bool(_) => "bool",
            Values::I8(_) => "int8",
            Values::U8(_) => "uint8",
            Values::I16(_) => "int16",
            Values::U16(_) => "uint16",
            Values::I32(_) => "int32",
            Values::U32(_) => "uint32",
            Values::I64(_) => "int64",
            Values::U64(_) => "uint64",
            Values::F32(_) => "float32",
            Values::F64(_) => "float64",
            Values::Text(_) => "text",
        }
    }

    /// The values in double precision; of a text, its length in bytes.
    pub fn numbers(&self) -> Box<dyn Iterator<Item = f64> + '_> {
        match self {
            Values::Bool(values) => Box::new(values.iter().map(|value| f64::from(u8::from(*value)))),
            Values::I8(values) => Box::new(values.iter().map(|value| f64::from(*value))),
            Values::U8(values) => Box::new(values.iter().map(|value| f64::from(*value))),
            Values::I16(values) => Box::new(values.iter().map(|value| f64::from(*value))),
            Values::U16(values) => Box::new(values.iter().map(|value| f64::from(*value))),
            Values::I32(values) => Box::new(values.iter().map(|value| f64::from(*value))),
            Values::U32(values) => Box::new(values.iter().map(|value| f64::from(*value))),
            Values::I64(values) => Box::new(values.iter().map(|value| *value as f64)),
            Values::U64(values) => Box::new(values.iter().map(|value| *value as f64)),
            Values::F32(values) => Box::new(values.iter().map(|value| f64::from(*value))),
            Values::F64(values) => Box::new(values.iter().copied()),
            Values::Text(values) => Box::new(values.iter().map(|value| value.len() as f64)),
        }
    }

    /// The sum in double precision; of texts, their length in bytes.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.numbers().sum()
    }

    /// Adds values of the same type; others are left out.
    fn append(&mut self, more: Values) {
        match (self, more) {
            (Values::Bool(values), Values::Bool(mut more)) => values.append(&mut more),
            (Values::I8(values), Values::I8(mut more)) => values.append(&mut more),
            (Values::U8(values), Values::U8(mut more)) => values.append(&mut more),
            (Values::I16(values), Values::I16(mut more)) => values.append(&mut more),
            (Values::U16(values), Values::U16(mut more)) => values.append(&mut more),
            (Values::I32(values), Values::I32(mut more)) => values.append(&mut more),
            (Values::U32(values), Values::U32(mut more)) => values.append(&mut more),
            (Values::I64(values), Values::I64(mut more)) => values.append(&mut more),
            (Values::U64(values), Values::U64(mut more)) => values.append(&mut more),
            (Values::F32(values), Values::F32(mut more)) => values.append(&mut more),
            (Values::F64(values), Values::F64(mut more)) => values.append(&mut more),
            (Values::Text(values), Values::Text(mut more)) => values.append(&mut more),
            _ => {}
        }
    }

    /// Adds the numbers that big-endian bytes hold; what is left over behind the last whole one is not taken.
    pub(super) fn extend_from_bytes(&mut self, bytes: &[u8]) {
        fn extend<T, const N: usize>(values: &mut Vec<T>, bytes: &[u8], read: fn([u8; N]) -> T) {
            values.extend(bytes.as_chunks::<N>().0.iter().map(|chunk| read(*chunk)));
        }
        match self {
            Values::Bool(values) => values.extend(bytes.iter().map(|byte| *byte != 0)),
            Values::I8(values) => extend(values, bytes, i8::from_be_bytes),
            Values::U8(values) => values.extend(bytes),
            Values::I16(values) => extend(values, bytes, i16::from_be_bytes),
            Values::U16(values) => extend(values, bytes, u16::from_be_bytes),
            Values::I32(values) => extend(values, bytes, i32::from_be_bytes),
            Values::U32(values) => extend(values, bytes, u32::from_be_bytes),
            Values::I64(values) => extend(values, bytes, i64::from_be_bytes),
            Values::U64(values) => extend(values, bytes, u64::from_be_bytes),
            Values::F32(values) => extend(values, bytes, f32::from_be_bytes),
            Values::F64(values) => extend(values, bytes, f64::from_be_bytes),
            Values::Text(_) => {}
        }
    }
}

impl Column {
    /// Number of entries.
    #[must_use]
    pub fn entries(&self) -> usize {
        match &self.per_entry {
            PerEntry::Fixed(count) => self.values.len() / (*count).max(1),
            PerEntry::Ends(ends) => ends.len(),
        }
    }

    /// Where an entry's values stand among all; none when there is no such entry.
    #[must_use]
    pub fn entry(&self, index: usize) -> Option<std::ops::Range<usize>> {
        match &self.per_entry {
            PerEntry::Fixed(count) => (index < self.entries()).then_some(index * count..(index + 1) * count),
            PerEntry::Ends(ends) => {
                let end = *ends.get(index)?;
                Some(index.checked_sub(1).map_or(0, |before| ends[before])..end)
            }
        }
    }

    /// Adds the entries of another basket.
    pub(super) fn append(&mut self, more: Column) {
        let before = self.values.len();
        if let (PerEntry::Ends(ends), PerEntry::Ends(others)) = (&mut self.per_entry, more.per_entry) {
            ends.extend(others.into_iter().map(|end| before + end));
        }
        self.values.append(more.values);
    }

    /// Refused unless there is one value for each entry.
    ///
    /// # Errors
    /// When entries hold several.
    pub fn one_each(self) -> Result<Values, RootError> {
        match self.per_entry {
            PerEntry::Fixed(1) => Ok(self.values),
            PerEntry::Fixed(count) => Err(RootError::Unsupported(format!("{count} values to an entry, wanted was one"))),
            PerEntry::Ends(_) => Err(RootError::Unsupported("several values to an entry, wanted was one".into())),
        }
    }
}
