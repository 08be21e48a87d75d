//! A TTree in memory: named columns of one length.

use monitasks::format::root;

/// One column's values.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// 32-bit whole numbers.
    I32(Vec<i32>),
    /// 64-bit whole numbers.
    I64(Vec<i64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
    /// Text.
    Text(Vec<String>),
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// Its name, with the unit at its end.
    pub name: String,
    /// Its values.
    pub values: Values,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// Its name.
    pub name: String,
    /// Its columns, all of one length.
    pub branches: Vec<Branch>,
}

impl Values {
    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Values::I32(values) => values.len(),
            Values::I64(values) => values.len(),
            Values::F32(values) => values.len(),
            Values::F64(values) => values.len(),
            Values::Text(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values read from a file; none when they are of a type that no column of ours has.
    pub(super) fn of(values: root::Values) -> Option<Values> {
        match values {
            root::Values::I32(values) => Some(Values::I32(values)),
            root::Values::I64(values) => Some(Values::I64(values)),
            root::Values::F32(values) => Some(Values::F32(values)),
            root::Values::F64(values) => Some(Values::F64(values)),
            root::Values::Text(values) => Some(Values::Text(values)),
            _ => None,
        }
    }
}

/// A type that a column can hold.
pub(super) trait Cell: Sized {
    fn wrap(values: Vec<Self>) -> Values;
    fn unwrap(values: Values) -> Option<Vec<Self>>;
}

macro_rules! cell {
    ($type:ty, $variant:ident) => {
        impl Cell for $type {
            fn wrap(values: Vec<Self>) -> Values {
                Values::$variant(values)
            }
            fn unwrap(values: Values) -> Option<Vec<Self>> {
                match values {
                    Values::$variant(values) => Some(values),
                    _ => None,
                }
            }
        }
    };
}

cell!(i32, I32);
cell!(i64, I64);
cell!(f32, F32);
cell!(f64, F64);
cell!(String, Text);
