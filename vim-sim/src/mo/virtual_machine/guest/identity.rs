//! What a guest's own disks say of it: its name and its addresses, once somebody has set them.

/// The addresses of a network card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Card {
    /// The card's own address, where the setting is for it alone; otherwise settings go by the order of cards.
    pub(in super::super) mac: Option<String>,
    /// Addresses with the lengths of their networks' prefixes. With none, it asks for one.
    pub(in super::super) addresses: Vec<(String, i32)>,
    pub(in super::super) gateways: Vec<String>,
    pub(in super::super) dns: Vec<String>,
    pub(in super::super) search: Vec<String>,
    pub(in super::super) domain: Option<String>,
}

/// What a guest says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Identity {
    pub(in super::super) host_name: Option<String>,
    pub(in super::super) domain: Option<String>,
    pub(in super::super) cards: Vec<Card>,
    pub(in super::super) dns: Vec<String>,
    pub(in super::super) search: Vec<String>,
}

impl Identity {
    /// With what was told at this boot over it.
    pub(super) fn under(mut self, told: Self) -> Self {
        if told.host_name.is_some() {
            self.host_name = told.host_name;
        }
        if told.domain.is_some() {
            self.domain = told.domain;
        }
        if !told.cards.is_empty() {
            self.cards = told.cards;
        }
        if !told.dns.is_empty() {
            self.dns = told.dns;
        }
        if !told.search.is_empty() {
            self.search = told.search;
        }
        self
    }

    /// The settings of a card: those for its address, or those at its place in the order of cards.
    pub(super) fn card(&self, number: usize, mac: &str) -> Option<&Card> {
        let own = |card: &&Card| card.mac.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(mac));
        self.cards.iter().find(own).or_else(|| self.cards.get(number).filter(|card| card.mac.is_none()))
    }
}
