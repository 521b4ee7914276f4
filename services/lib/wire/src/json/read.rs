//! From a tree to a type: a `serde` deserializer whose structs are objects and nothing else.

use std::borrow::Cow;
use std::collections::btree_map;
use std::vec;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::BadJson;
use super::tree::{Node, Number, Object};

/// Hands out one node of a tree.
pub(super) struct Reader<'de>(pub(super) Node<'de>);

impl<'de> Reader<'de> {
    fn object(self) -> Result<Object<'de>, BadJson> {
        match self.0 {
            Node::Object(object) => Ok(object),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) => {
                Err(BadJson::wrong(format!("an object belongs here, not {}", self.0.shape())))
            }
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = BadJson;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        match self.0 {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(value),
            Node::Number(Number::Unsigned(number)) => visitor.visit_u64(number),
            Node::Number(Number::Signed(number)) => visitor.visit_i64(number),
            Node::Number(Number::Float(number)) => visitor.visit_f64(number),
            Node::Text(text) => visit_text(text, visitor),
            Node::List(items) => visitor.visit_seq(Items { items: items.into_iter(), index: 0 }),
            Node::Object(object) => visit_members(object, visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadJson> {
        visit_members(self.object()?, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        match self.0 {
            Node::Null => visitor.visit_none(),
            Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) | Node::Object(_) => {
                visitor.visit_some(self)
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, BadJson> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadJson> {
        match self.0 {
            Node::Text(name) => visitor.visit_enum(Choice { name, content: None }),
            Node::Object(Object { members, twice: None }) if members.len() == 1 => {
                let (name, content) = members.into_iter().next().expect("it has one member");
                visitor.visit_enum(Choice { name, content: Some(content) })
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Object(_) => {
                let problem = format!("one of {} belongs here, not {}", variants.join(", "), self.0.shape());
                Err(BadJson::wrong(problem))
            }
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

fn visit_text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Result<V::Value, BadJson> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

fn visit_members<'de, V: Visitor<'de>>(object: Object<'de>, visitor: V) -> Result<V::Value, BadJson> {
    match object.twice {
        Some(name) => Err(BadJson::twice(&name).under(name)),
        None => visitor.visit_map(Members { members: object.members.into_iter(), value: None }),
    }
}

struct Items<'de> {
    items: vec::IntoIter<Node<'de>>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = BadJson;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, BadJson> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Reader(item)).map(Some).map_err(|error| error.under(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Members<'de> {
    members: btree_map::IntoIter<Cow<'de, str>, Node<'de>>,
    /// The value of the name that was handed out last.
    value: Option<(Cow<'de, str>, Node<'de>)>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = BadJson;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, BadJson> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        let key = seed.deserialize(Reader(Node::Text(name.clone()))).map_err(|error| error.under(&name))?;
        self.value = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, BadJson> {
        let (name, value) = self.value.take().expect("serde asks for a name before its value");
        seed.deserialize(Reader(value)).map_err(|error| error.under(name))
    }
}

/// A variant: its name alone, or an object of its name and content.
struct Choice<'de> {
    name: Cow<'de, str>,
    content: Option<Node<'de>>,
}

/// What stands under a variant's name.
struct Content<'de>(Option<Node<'de>>);

impl<'de> EnumAccess<'de> for Choice<'de> {
    type Error = BadJson;
    type Variant = Content<'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Content<'de>), BadJson> {
        let variant = seed.deserialize(Reader(Node::Text(self.name)))?;
        Ok((variant, Content(self.content)))
    }
}

impl<'de> Content<'de> {
    fn some(self) -> Result<Reader<'de>, BadJson> {
        self.0.map(Reader).ok_or_else(|| BadJson::wrong("an object of a name and its content belongs here, not a name"))
    }
}

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = BadJson;

    fn unit_variant(self) -> Result<(), BadJson> {
        match self.0 {
            None => Ok(()),
            Some(_) => Err(BadJson::wrong("a name belongs here, not an object")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, BadJson> {
        seed.deserialize(self.some()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, BadJson> {
        self.some()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadJson> {
        visit_members(self.some()?.object()?, visitor)
    }
}
