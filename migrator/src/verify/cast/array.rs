//! Arrays of one dimension, as `array_send` writes them.

use uuid::Uuid;

use super::{decimal, scalar, whole};
use crate::plan::cast::array::{Element, Item};

/// The elements; `None` for another type of them, several dimensions, or a first place that is not 1.
pub(super) fn decode(element: Element, bytes: &[u8]) -> Option<Vec<Item>> {
    let mut rest = bytes;
    let dimensions = number(&mut rest)?;
    let _has_null = number(&mut rest)?;
    if number(&mut rest)?.cast_unsigned() != element.oid() {
        return None;
    }
    if dimensions == 0 {
        return rest.is_empty().then(Vec::new);
    }
    let count = usize::try_from(number(&mut rest)?).ok()?;
    if dimensions != 1 || number(&mut rest)? != 1 {
        return None;
    }
    let mut items = Vec::new();
    for _ in 0..count {
        let length = number(&mut rest)?;
        if length == -1 {
            items.push(Item::Null);
            continue;
        }
        let (item, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        items.push(decode_item(element, item)?);
        rest = after;
    }
    rest.is_empty().then_some(items)
}

fn number(rest: &mut &[u8]) -> Option<i32> {
    let (number, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(i32::from_be_bytes(*number))
}

fn decode_item(element: Element, bytes: &[u8]) -> Option<Item> {
    match element {
        Element::Boolean => scalar::boolean(bytes).map(Item::Boolean),
        Element::Whole(width) => whole(width, bytes).map(Item::Whole),
        Element::Real => bytes
            .try_into()
            .ok()
            .map(|bytes| Item::Real(f32::from_be_bytes(bytes))),
        Element::Double => bytes
            .try_into()
            .ok()
            .map(|bytes| Item::Double(f64::from_be_bytes(bytes))),
        Element::Numeric(_) => decimal::decode(bytes).map(Item::Numeric),
        Element::Text | Element::Varchar => std::str::from_utf8(bytes)
            .ok()
            .map(|text| Item::Text(text.to_owned())),
        Element::Uuid => Uuid::from_slice(bytes).ok().map(Item::Uuid),
    }
}
