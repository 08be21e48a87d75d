//! Tests of how a status goes along from parents to what was made from them.

use super::*;
use crate::config::{MarkSettings, StatusSettings};
use proptest::prelude::*;

fn rules() -> Rules {
    Rules::new(&MarkSettings::default(), &StatusSettings::default()).unwrap()
}

fn made(product: &str, parents: &[&str]) -> Derivation {
    let kind = if parents.is_empty() { ProductKind::Raw } else { ProductKind::Merged };
    Derivation { product: product.into(), kind, of: None, parents: parents.iter().map(ToString::to_string).collect() }
}

fn graph(all: &[(&str, &[&str])]) -> Graph {
    let mut graph = Graph::default();
    all.iter().for_each(|(product, parents)| graph.add(&made(product, parents)).unwrap());
    graph
}

fn status(graph: &Graph, own: &[(&str, u8)], product: &str) -> Carried {
    let own: HashMap<&str, u8> = own.iter().copied().collect();
    let carried = graph.carry(&rules(), |name, _, _| own.get(name).copied());
    carried.into_iter().find(|carried| carried.product == product).unwrap()
}

#[test]
fn a_merged_product_is_good_when_all_its_parents_are_and_follows_them() {
    let graph = graph(&[("a", &[]), ("b", &[]), ("ab", &["a", "b"]), ("abc", &["ab", "c"])]);
    assert_eq!(status(&graph, &[("a", 1), ("b", 1)], "ab").status, 1);
    let worst = status(&graph, &[("a", 1), ("b", 2)], "ab");
    assert_eq!((worst.status, worst.inherited_from.as_slice()), (2, &[Parent { product: "b".into(), status: 2 }][..]));
    assert_eq!(status(&graph, &[("a", 1), ("b", 0)], "ab").status, 0);
    assert_eq!(status(&graph, &[("a", 0), ("b", 2)], "ab").status, 2);
    assert_eq!(status(&graph, &[("a", 1), ("b", 1), ("c", 1)], "abc").status, 1);
    assert_eq!(status(&graph, &[("a", 1), ("b", 1)], "abc").status, 0, "c is known by name alone");
    assert_eq!(status(&graph, &[("a", 2), ("b", 1), ("c", 1)], "abc").status, 2, "a change goes all the way");
    assert_eq!(status(&graph, &[("a", 1), ("b", 1), ("ab", 2)], "ab").status, 2, "its own counts too");
    assert_eq!(graph.descendants("a"), ["ab", "abc"]);
}

#[test]
fn nothing_is_made_from_itself() {
    let mut graph = graph(&[("b", &["a"]), ("c", &["b"])]);
    let error = graph.add(&made("a", &["x", "c"])).unwrap_err().to_string();
    assert_eq!(error, "not recorded: a would be made from itself: a from c from b from a");
    assert!(graph.add(&made("a", &["a"])).is_err());
    assert_eq!(graph.parents("a"), [""; 0], "nothing was recorded");
    let raw = Derivation { kind: ProductKind::Raw, ..made("d", &["a"]) };
    assert!(graph.add(&raw).unwrap_err().to_string().contains("is raw"));
    assert!(graph.add(&made("d", &[" "])).unwrap_err().to_string().contains("no name"));
}

#[test]
fn a_product_that_is_made_anew_has_its_new_parents_alone() {
    let mut graph = graph(&[("ab", &["a", "b"])]);
    graph.add(&made("ab", &["a"])).unwrap();
    assert_eq!(status(&graph, &[("a", 1), ("b", 2)], "ab").status, 1);
    assert_eq!(graph.descendants("b"), [""; 0]);
    graph.add(&made("b", &["ab"])).unwrap();
    assert_eq!(graph.descendants("a"), ["ab", "b"]);
}

proptest! {
    /// Any derivations, in any order: cycles are refused, and what is left carries the worst of all ancestors.
    #[test]
    fn every_product_has_the_worst_of_itself_and_all_its_ancestors(
        edges in proptest::collection::vec((0usize..8, proptest::collection::vec(0usize..8, 1..4)), 0..16),
        own in proptest::collection::vec(proptest::option::of(0u8..3), 8),
    ) {
        let name = |place: usize| format!("p{place}");
        let mut graph = Graph::default();
        let mut parents: HashMap<usize, Vec<usize>> = HashMap::new();
        for (product, of) in edges {
            let names: Vec<String> = of.iter().map(|place| name(*place)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut wanted = parents.clone();
            wanted.insert(product, of);
            let is_cyclic = ancestors(&wanted, product).contains(&product);
            prop_assert_eq!(graph.add(&made(&name(product), &names)).is_err(), is_cyclic);
            if !is_cyclic {
                parents = wanted;
            }
        }
        let rank = |status: u8| [1, 0, 2][usize::from(status)];
        let own_of = |product: &str| own[product[1..].parse::<usize>().unwrap()];
        let carried = graph.carry(&rules(), |product, _, _| own_of(product));
        prop_assert_eq!(carried.len(), graph.products.len(), "every product has a status");
        for found in carried {
            let place = found.product[1..].parse::<usize>().unwrap();
            let all = ancestors(&parents, place).into_iter().chain([place]);
            // What has no status of its own and was made from nothing is unchecked.
            let said = all.filter_map(|place| own[place].or((!parents.contains_key(&place)).then_some(0)));
            prop_assert_eq!(Some(found.status), said.max_by_key(|status| rank(*status)), "{}", found.product);
        }
    }
}

fn ancestors(parents: &HashMap<usize, Vec<usize>>, product: usize) -> HashSet<usize> {
    let mut found = HashSet::new();
    let mut next = parents.get(&product).cloned().unwrap_or_default();
    while let Some(place) = next.pop() {
        if found.insert(place) {
            next.extend(parents.get(&place).cloned().unwrap_or_default());
        }
    }
    found
}
