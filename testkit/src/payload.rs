//! The payload of every session outside the product.

use tpa_session::session::Payload;

/// A message that is known by its serial number and weighs as much as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Message {
    pub serial: u32,
    pub size: usize,
}

impl Payload for Message {
    fn size(&self) -> usize {
        self.size
    }
}
