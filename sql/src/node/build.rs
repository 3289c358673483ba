//! Makes a [`Value`] of libpg_query's types, through serde: a struct's name becomes the node's kind.

use serde::{
    Serialize, Serializer,
    ser::{Error, Impossible, SerializeSeq, SerializeStruct, SerializeStructVariant},
};

use super::{Node, Value};

/// The tree of a value.
pub(super) fn build(value: &impl Serialize) -> Result<Value, Unexpected> {
    value.serialize(Builder)
}

/// Something that the parser's types do not have.
#[derive(Debug, thiserror::Error)]
#[error("the parse tree has an unexpected form")]
pub(super) struct Unexpected;

impl Error for Unexpected {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Builder;

/// The wrapper around every node: `Node { node }`.
const WRAPPER: &str = "Node";

/// Places in the text; they are no part of what a statement means.
fn is_place(field: &str) -> bool {
    field.ends_with("location")
        || matches!(field, "stmt_len" | "list_start" | "list_end")
        || matches!(field, "rexpr_list_start" | "rexpr_list_end")
}

fn is_default(tree: &Value) -> bool {
    match tree {
        Value::Null | Value::Bool(false) | Value::Int(0) => true,
        Value::Text(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        _ => false,
    }
}

impl Serializer for Builder {
    type Ok = Value;
    type Error = Unexpected;
    type SerializeSeq = List;
    type SerializeTuple = Impossible<Value, Unexpected>;
    type SerializeTupleStruct = Impossible<Value, Unexpected>;
    type SerializeTupleVariant = Impossible<Value, Unexpected>;
    type SerializeMap = Impossible<Value, Unexpected>;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Never;

    fn serialize_bool(self, value: bool) -> Result<Value, Unexpected> {
        Ok(Value::Bool(value))
    }
    fn serialize_i8(self, value: i8) -> Result<Value, Unexpected> {
        Ok(Value::Int(value.into()))
    }
    fn serialize_i16(self, value: i16) -> Result<Value, Unexpected> {
        Ok(Value::Int(value.into()))
    }
    fn serialize_i32(self, value: i32) -> Result<Value, Unexpected> {
        Ok(Value::Int(value.into()))
    }
    fn serialize_i64(self, value: i64) -> Result<Value, Unexpected> {
        Ok(Value::Int(value))
    }
    fn serialize_u8(self, value: u8) -> Result<Value, Unexpected> {
        Ok(Value::Int(value.into()))
    }
    fn serialize_u16(self, value: u16) -> Result<Value, Unexpected> {
        Ok(Value::Int(value.into()))
    }
    fn serialize_u32(self, value: u32) -> Result<Value, Unexpected> {
        Ok(Value::Int(value.into()))
    }
    fn serialize_u64(self, value: u64) -> Result<Value, Unexpected> {
        i64::try_from(value).map(Value::Int).map_err(|_| Unexpected)
    }
    fn serialize_f32(self, value: f32) -> Result<Value, Unexpected> {
        Ok(Value::Float(value.into()))
    }
    fn serialize_f64(self, value: f64) -> Result<Value, Unexpected> {
        Ok(Value::Float(value))
    }
    fn serialize_char(self, value: char) -> Result<Value, Unexpected> {
        Ok(Value::Text(value.into()))
    }
    fn serialize_str(self, value: &str) -> Result<Value, Unexpected> {
        Ok(Value::Text(value.to_owned()))
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<Value, Unexpected> {
        Err(Unexpected)
    }
    fn serialize_none(self) -> Result<Value, Unexpected> {
        Ok(Value::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Unexpected> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Value, Unexpected> {
        Ok(Value::Null)
    }
    fn serialize_unit_struct(self, name: &'static str) -> Result<Value, Unexpected> {
        Ok(Value::Node(Box::new(Node { kind: name, at: -1, fields: Vec::new() })))
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<Value, Unexpected> {
        Err(Unexpected)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Value, Unexpected> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<Value, Unexpected> {
        value.serialize(self)
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<List, Unexpected> {
        Ok(List(Vec::with_capacity(length.unwrap_or_default().min(1024))))
    }
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unexpected> {
        Err(Unexpected)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Unexpected> {
        Err(Unexpected)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unexpected> {
        Err(Unexpected)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unexpected> {
        Err(Unexpected)
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields, Unexpected> {
        Ok(Fields(Node { kind: name, at: -1, fields: Vec::new() }))
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Never, Unexpected> {
        Err(Unexpected)
    }
}

pub(super) struct List(Vec<Value>);

impl SerializeSeq for List {
    type Ok = Value;
    type Error = Unexpected;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unexpected> {
        self.0.push(value.serialize(Builder)?);
        Ok(())
    }

    fn end(self) -> Result<Value, Unexpected> {
        Ok(Value::List(self.0))
    }
}

pub(super) struct Fields(Node);

impl SerializeStruct for Fields {
    type Ok = Value;
    type Error = Unexpected;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, field: &'static str, value: &T) -> Result<(), Unexpected> {
        let tree = value.serialize(Builder)?;
        match tree {
            Value::Int(place) if field == "location" => self.0.at = i32::try_from(place).unwrap_or(-1),
            _ if is_place(field) => {}
            tree if is_default(&tree) => {}
            tree => {
                let place = self.0.fields.partition_point(|(name, _)| *name < field);
                self.0.fields.insert(place, (field, tree));
            }
        }
        Ok(())
    }

    fn end(mut self) -> Result<Value, Unexpected> {
        if self.0.kind == WRAPPER {
            return Ok(self.0.fields.pop().map(|(_, tree)| tree).unwrap_or_default());
        }
        Ok(Value::Node(Box::new(self.0)))
    }
}

/// No such value exists.
pub(super) enum Never {}

impl SerializeStructVariant for Never {
    type Ok = Value;
    type Error = Unexpected;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, _: &T) -> Result<(), Unexpected> {
        match *self {}
    }

    fn end(self) -> Result<Value, Unexpected> {
        match self {}
    }
}
