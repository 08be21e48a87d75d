//! What was made from what, and the status that goes along: a product has the worst of its own and its parents'.

use std::collections::{HashMap, HashSet, VecDeque};

use monitasks::vocab::{Processing, Run};
use serde::{Deserialize, Serialize};

use super::derive::Parent;
use super::rule::Rules;

/// What kind of data a product is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// A raw file or a run of them, made from nothing.
    Raw,
    /// Reconstructed from raw data.
    Reconstructed,
    /// What a selection left.
    Selected,
    /// Several put together.
    Merged,
}

/// A processing of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessingOf {
    /// The run.
    pub run: Run,
    /// The processing.
    pub processing: Processing,
}

/// How a product was made; also the body of its entry in the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derivation {
    /// Its name: a path or whatever people call it.
    pub product: String,
    /// What kind of data it is.
    pub kind: ProductKind,
    /// The processing that it is of, whose status is its own; none for what was put together from several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<ProcessingOf>,
    /// The products it was made from.
    pub parents: Vec<String>,
}

/// A derivation that can't be true.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineageError {
    /// The product would be made from itself.
    #[error("not recorded: {product} would be made from itself: {}", way.join(" from "))]
    Cycle {
        /// The product.
        product: String,
        /// The way from the product back to it.
        way: Vec<String>,
    },
    /// Raw data are made from nothing.
    #[error("not recorded: {product} is raw and names parents ({parents}), expected none, or another kind of product")]
    RawWithParents {
        /// The product.
        product: String,
        /// Its parents as given.
        parents: String,
    },
    /// Something has no name.
    #[error("not recorded: {product:?} or one of its parents has no name, expected names for all")]
    NoName {
        /// The product.
        product: String,
    },
}

/// A product with the status it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// The product.
    pub product: String,
    /// Its status.
    pub status: u8,
    /// Its own, before its parents' are looked at; none when it has none.
    pub own: Option<u8>,
    /// The parents that made it worse than its own.
    pub inherited_from: Vec<Parent>,
}

/// All products, and what each was made from.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    places: HashMap<String, usize>,
    products: Vec<Product>,
}

#[derive(Debug, Clone)]
struct Product {
    name: String,
    of: Option<ProcessingOf>,
    parents: Vec<usize>,
    children: Vec<usize>,
}

impl ProductKind {
    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ProductKind::Raw => "raw",
            ProductKind::Reconstructed => "reconstructed",
            ProductKind::Selected => "selected",
            ProductKind::Merged => "merged",
        }
    }
}

impl Graph {
    /// Records how a product was made, in the place of what was recorded of it before.
    ///
    /// # Errors
    /// When it would be made from itself, is raw and has parents, or has no name; nothing is recorded then.
    pub fn add(&mut self, derivation: &Derivation) -> Result<(), LineageError> {
        let product = derivation.product.clone();
        if product.trim().is_empty() || derivation.parents.iter().any(|parent| parent.trim().is_empty()) {
            return Err(LineageError::NoName { product });
        }
        if derivation.kind == ProductKind::Raw && !derivation.parents.is_empty() {
            return Err(LineageError::RawWithParents { product, parents: derivation.parents.join(", ") });
        }
        if let Some(way) = self.way_back(derivation) {
            return Err(LineageError::Cycle { product, way });
        }
        let place = self.place(&product);
        for parent in std::mem::take(&mut self.products[place].parents) {
            self.products[parent].children.retain(|child| *child != place);
        }
        let mut parents: Vec<usize> = derivation.parents.iter().map(|parent| self.place(parent)).collect();
        parents.sort_unstable();
        parents.dedup();
        parents.iter().for_each(|parent| self.products[*parent].children.push(place));
        self.products[place].parents = parents;
        self.products[place].of = derivation.of;
        Ok(())
    }

    /// The place of a product, which is made when there is none.
    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.products.len();
        self.places.insert(name.to_owned(), place);
        self.products.push(Product { name: name.to_owned(), of: None, parents: Vec::new(), children: Vec::new() });
        place
    }

    /// The way from a product by its new parents back to it; none when there is none.
    fn way_back(&self, derivation: &Derivation) -> Option<Vec<String>> {
        let product = &derivation.product;
        if derivation.parents.contains(product) {
            return Some(vec![product.clone(), product.clone()]);
        }
        // Looked for downwards, from the product to its new parents: one that nothing was made from yet costs nothing.
        let start = *self.places.get(product)?;
        let goals: HashSet<usize> = derivation.parents.iter().filter_map(|parent| self.places.get(parent).copied()).collect();
        let mut came_from: HashMap<usize, usize> = HashMap::new();
        let mut next = vec![start];
        while let Some(place) = next.pop() {
            if goals.contains(&place) {
                let mut way = vec![product.clone()];
                let mut at = place;
                while at != start {
                    way.push(self.products[at].name.clone());
                    at = *came_from.get(&at)?;
                }
                way.push(product.clone());
                return Some(way);
            }
            for child in &self.products[place].children {
                if *child != start && !came_from.contains_key(child) {
                    came_from.insert(*child, place);
                    next.push(*child);
                }
            }
        }
        None
    }

    /// What was made from a product, at first or second hand: what a change of its status may reach.
    #[must_use]
    pub fn descendants(&self, product: &str) -> Vec<&str> {
        let mut next: VecDeque<usize> = self.places.get(product).copied().into_iter().collect();
        let mut seen: HashSet<usize> = next.iter().copied().collect();
        let mut found = Vec::new();
        while let Some(place) = next.pop_front() {
            for child in &self.products[place].children {
                if seen.insert(*child) {
                    found.push(self.products[*child].name.as_str());
                    next.push_back(*child);
                }
            }
        }
        found
    }

    /// The parents of a product; empty for one that was made from nothing, or is not known.
    #[must_use]
    pub fn parents(&self, product: &str) -> Vec<&str> {
        let place = self.places.get(product);
        place.map_or_else(Vec::new, |place| {
            self.products[*place].parents.iter().map(|parent| self.products[*parent].name.as_str()).collect()
        })
    }

    /// The status of every product, parents first: the worst of its own and its parents'. `own` answers a product's own, by its
    /// name, the processing that it is of, and its parents with their statuses; a product without one and without parents is
    /// unchecked.
    pub fn carry(&self, rules: &Rules, mut own: impl FnMut(&str, Option<ProcessingOf>, &[Parent]) -> Option<u8>) -> Vec<Carried> {
        let mut missing: Vec<usize> = self.products.iter().map(|product| product.parents.len()).collect();
        let mut next: VecDeque<usize> = (0..missing.len()).filter(|place| missing[*place] == 0).collect();
        let mut statuses = vec![rules.settings().unchecked; missing.len()];
        let mut carried = Vec::with_capacity(missing.len());
        while let Some(place) = next.pop_front() {
            let product = &self.products[place];
            let parent = |place: &usize| Parent { product: self.products[*place].name.clone(), status: statuses[*place] };
            let parents: Vec<Parent> = product.parents.iter().map(parent).collect();
            let own = own(&product.name, product.of, &parents);
            let of_parents = parents.iter().map(|parent| parent.status);
            let worst = of_parents.chain(own).reduce(|one, other| rules.worse(one, other));
            statuses[place] = worst.unwrap_or(rules.settings().unchecked);
            let is_to_blame = |status: u8| match own {
                Some(own) => status != own && rules.worse(own, status) == status,
                None => status != rules.settings().good,
            };
            carried.push(Carried {
                product: product.name.clone(),
                status: statuses[place],
                own,
                inherited_from: parents.into_iter().filter(|parent| is_to_blame(parent.status)).collect(),
            });
            for child in &product.children {
                missing[*child] -= 1;
                if missing[*child] == 0 {
                    next.push_back(*child);
                }
            }
        }
        carried
    }
}

#[cfg(test)]
#[path = "lineage_tests.rs"]
mod tests;
