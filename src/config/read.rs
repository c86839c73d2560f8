//! A merged tree as serde sees it: strict, and with errors that know their key and what was wrong with it.
//!
//! The layers' own deserializer turns texts into numbers and yes into true, and its errors are sentences. This one takes
//! a value for what it is; only what came from the environment, where everything is text, is read as what is wanted.

use std::collections::BTreeMap;
use std::fmt;

use config::{Value, ValueKind};
use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::tree::join;

/// A mistake and the key it is about.
#[derive(Debug)]
pub(super) struct ReadError {
    /// The value in question; the table, where a key is unknown or missing. Empty: the top.
    pub path: Option<String>,
    pub what: Mistake,
}

/// What is wrong with a value.
#[derive(Debug)]
pub(super) enum Mistake {
    /// The table has no such key.
    UnknownKey { key: String, known: &'static [&'static str] },
    /// The table needs this key.
    MissingKey(&'static str),
    /// Text where a number is wanted, and the like.
    WrongType { found: String, expected: String },
    /// Of the right type, and refused.
    Refused { found: String, expected: String },
    /// Not one of the words there are.
    NoSuchWord { found: String, words: &'static [&'static str] },
    /// A sentence.
    Other(String),
}

impl ReadError {
    fn new(what: Mistake) -> ReadError {
        ReadError { path: None, what }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at `{}`", self.what, self.path.as_deref().unwrap_or_default())
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(text: T) -> ReadError {
        ReadError::new(Mistake::Other(text.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> ReadError {
        ReadError::new(Mistake::WrongType { found: shown(found), expected: expected.to_string() })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> ReadError {
        ReadError::new(Mistake::Refused { found: shown(found), expected: expected.to_string() })
    }

    fn unknown_variant(found: &str, words: &'static [&'static str]) -> ReadError {
        ReadError::new(Mistake::NoSuchWord { found: format!("{found:?}"), words })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> ReadError {
        ReadError::new(Mistake::UnknownKey { key: key.to_owned(), known })
    }

    fn missing_field(key: &'static str) -> ReadError {
        ReadError::new(Mistake::MissingKey(key))
    }
}

/// A value as people write it.
fn shown(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(yes) => yes.to_string(),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Float(number) => number.to_string(),
        Unexpected::Str(text) => format!("{text:?}"),
        Unexpected::Map | Unexpected::StructVariant => "a table".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        other => other.to_string(),
    }
}

/// One value of the tree.
pub(super) struct Node<'t> {
    pub value: &'t Value,
    /// Its key.
    pub path: String,
    /// Keys set by the environment; their values are text, whatever is wanted.
    pub variables: &'t BTreeMap<String, String>,
}

impl<'t> Node<'t> {
    /// Its text, if it came from the environment.
    fn loose(&self) -> Option<&'t str> {
        match &self.value.kind {
            ValueKind::String(text) if self.variables.contains_key(&self.path) => Some(text),
            _ => None,
        }
    }

    fn entries(&self, table: &'t config::Map<String, Value>) -> Vec<(String, Node<'t>)> {
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| (key.clone(), Node { value, path: join(&self.path, key), variables: self.variables }))
            .collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        entries
    }

    /// Items of a list with their own places. What was refused before is left out, the rest keeps its number.
    fn items(&self, list: &'t [Value]) -> Vec<Node<'t>> {
        let item = |(index, value)| Node { value, path: format!("{}[{index}]", self.path), variables: self.variables };
        list.iter().enumerate().filter(|(_, value)| value.kind != ValueKind::Nil).map(item).collect()
    }

    /// Reads it and lets an error that has no key yet be about this one.
    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let result = match &self.value.kind {
            ValueKind::Nil => visitor.visit_unit(),
            ValueKind::Boolean(yes) => visitor.visit_bool(*yes),
            ValueKind::I64(number) => visitor.visit_i64(*number),
            ValueKind::I128(number) => visitor.visit_i128(*number),
            ValueKind::U64(number) => visitor.visit_u64(*number),
            ValueKind::U128(number) => visitor.visit_u128(*number),
            ValueKind::Float(number) => visitor.visit_f64(*number),
            ValueKind::String(text) => visitor.visit_str(text),
            ValueKind::Table(table) => visitor.visit_map(MapDeserializer::new(self.entries(table).into_iter())),
            ValueKind::Array(list) => visitor.visit_seq(SeqDeserializer::new(self.items(list).into_iter())),
        };
        self.about_this(result)
    }

    fn about_this<T>(self, result: Result<T, ReadError>) -> Result<T, ReadError> {
        result.map_err(|mut error| {
            error.path.get_or_insert(self.path);
            error
        })
    }
}

macro_rules! loosely {
    ($($method:ident: $type:ty => $visit:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            match self.loose().and_then(|text| text.trim().parse::<$type>().ok()) {
                Some(value) => {
                    let result = visitor.$visit(value);
                    self.about_this(result)
                }
                None => self.visit(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.visit(visitor)
    }

    loosely!(deserialize_bool: bool => visit_bool, deserialize_f64: f64 => visit_f64, deserialize_u32: i64 => visit_i64);

    /// A variable holds a list as words between commas.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Some(text) = self.loose() else { return self.visit(visitor) };
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let result = visitor.visit_seq(SeqDeserializer::new(words));
        self.about_this(result)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let ValueKind::String(text) = &self.value.kind else { return self.visit(visitor) };
        let result = visitor.visit_enum(StrDeserializer::<ReadError>::new(text));
        self.about_this(result)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u64 u128 f32 char str string bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, ReadError> for Node<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
