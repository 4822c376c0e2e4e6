//! What the demo's shop sells.

use kaunta_domain::api::LineItem;
use kaunta_domain::money::Kes;

/// One thing in the window.
pub(super) struct Good {
    /// Its name in addresses.
    pub(super) slug: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// A sentence about it.
    pub(super) about: &'static str,
    /// What it costs.
    pub(super) price: Kes,
    /// A drawing of it, as SVG.
    pub(super) picture: &'static str,
}

impl Good {
    /// One of it, in a basket.
    pub(super) fn line_item(&self) -> LineItem {
        LineItem {
            name: self.name.to_owned(),
            quantity: 1,
            amount: self.price,
        }
    }
}

/// The window.
pub(super) const GOODS: [Good; 3] = [
    Good {
        slug: "shirt",
        name: "Kitenge shirt",
        about: "Cut and sewn in Gikomba, Nairobi, from bold cotton print.",
        price: Kes::new(1_500),
        picture: include_str!("shirt.svg"),
    },
    Good {
        slug: "basket",
        name: "Kiondo basket",
        about: "Sisal, woven by hand in Machakos, with a leather strap.",
        price: Kes::new(850),
        picture: include_str!("basket.svg"),
    },
    Good {
        slug: "coffee",
        name: "Kirinyaga coffee",
        about: "250 g of washed AA beans, roasted this week.",
        price: Kes::new(650),
        picture: include_str!("coffee.svg"),
    },
];
