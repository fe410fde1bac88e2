//! Arrays of one dimension, as `array_recv` takes them.

use outgrow_shared::value::Value;

use super::{decimal, number};
use crate::copy::encode::sized;
use crate::plan::cast::array::{Element, Item, items as read_items};

/// The place of the first element, as `ARRAY[...]` counts.
const LOWER_BOUND: i32 = 1;
const NULL_LENGTH: i32 = -1;

pub(super) fn items(value: &Value<'_>, element: Element) -> Option<Vec<Item>> {
    read_items(value, element).map(|(items, _)| items)
}

/// Dimensions, whether there are NULLs, the elements' type, length and first place, then the elements as fields.
pub(super) fn encode(element: Element, items: &[Item], buffer: &mut Vec<u8>) -> Option<()> {
    let mut field = Vec::new();
    let dimensions = i32::from(!items.is_empty());
    let has_null = i32::from(items.contains(&Item::Null));
    field.extend_from_slice(&dimensions.to_be_bytes());
    field.extend_from_slice(&has_null.to_be_bytes());
    field.extend_from_slice(&element.oid().to_be_bytes());
    if !items.is_empty() {
        field.extend_from_slice(&i32::try_from(items.len()).ok()?.to_be_bytes());
        field.extend_from_slice(&LOWER_BOUND.to_be_bytes());
    }
    for item in items {
        encode_item(element, item, &mut field)?;
    }
    sized(buffer, &field)
}

fn encode_item(element: Element, item: &Item, field: &mut Vec<u8>) -> Option<()> {
    match (element, item) {
        (_, Item::Null) => {
            field.extend_from_slice(&NULL_LENGTH.to_be_bytes());
            Some(())
        }
        (_, Item::Boolean(truth)) => sized(field, &[u8::from(*truth)]),
        (Element::Whole(width), Item::Whole(integer)) => number::whole(*integer, width, field),
        (_, Item::Real(real)) => sized(field, &real.to_be_bytes()),
        (_, Item::Double(real)) => sized(field, &real.to_be_bytes()),
        (Element::Numeric(limit), Item::Numeric(number)) => {
            decimal::encode(number, limit.shown(number.written), field)
        }
        (_, Item::Text(text)) => sized(field, text.as_bytes()),
        (_, Item::Uuid(uuid)) => sized(field, uuid.as_bytes()),
        _ => None,
    }
}
