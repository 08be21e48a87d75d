//! A TTree in memory: named columns of one length.

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

    /// The type's name: `int32`, `int64`, `float32`, `float64`, `text`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Values::I32(_) => "int32",
            Values::I64(_) => "int64",
            Values::F32(_) => "float32",
            Values::F64(_) => "float64",
            Values::Text(_) => "text",
        }
    }

    /// The sum in double precision; of text, its length in bytes.
    #[must_use]
    pub fn sum(&self) -> f64 {
        match self {
            Values::I32(values) => values.iter().map(|value| f64::from(*value)).sum(),
            Values::I64(values) => values.iter().map(|value| *value as f64).sum(),
            Values::F32(values) => values.iter().map(|value| f64::from(*value)).sum(),
            Values::F64(values) => values.iter().sum(),
            Values::Text(values) => values.iter().map(|value| value.len() as f64).sum(),
        }
    }

    /// An empty column of the same type.
    #[must_use]
    pub(super) fn empty_like(&self) -> Values {
        match self {
            Values::I32(_) => Values::I32(Vec::new()),
            Values::I64(_) => Values::I64(Vec::new()),
            Values::F32(_) => Values::F32(Vec::new()),
            Values::F64(_) => Values::F64(Vec::new()),
            Values::Text(_) => Values::Text(Vec::new()),
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
