//! The one list of monitor tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::task::MonTask;
use crate::tasks::charge_asymmetry::ChargeAsymmetry;
use crate::tasks::event_rate::EventRate;
use crate::tasks::hits::Hits;
use crate::tasks::lem_gain::LemGain;
use crate::tasks::noise_spectrum::NoiseSpectrum;
use crate::tasks::pedestals::Pedestals;
use crate::tasks::purity::Purity;
use crate::tasks::tracks::Tracks;

/// Every monitor task the program knows, in the order of the tree.
#[derive(Default, Clone)]
pub struct TaskRegistry {
    tasks: Vec<Arc<dyn MonTask>>,
    /// Why a task does not work as it should, by its name.
    faults: BTreeMap<String, String>,
}

impl TaskRegistry {
    /// The built-in tasks, at a site whose text files hold UTC.
    #[must_use]
    pub fn built_in() -> Self {
        TaskRegistry::built_in_at(&TimeZone::UTC)
    }

    /// The built-in tasks, at a site whose text files hold local times of `zone`. A new task is one line here.
    #[must_use]
    pub fn built_in_at(zone: &TimeZone) -> Self {
        TaskRegistry::of(vec![
            Box::new(Purity::new(zone.clone())),
            Box::new(Pedestals::new(zone.clone())),
            Box::new(LemGain::new(zone.clone())),
            Box::new(ChargeAsymmetry::new(zone.clone())),
            Box::new(Hits::new()),
            Box::new(Tracks::new()),
            Box::new(EventRate::new()),
            Box::new(NoiseSpectrum::new()),
        ])
    }

    /// The tasks given. Of two with one name the first stays.
    #[must_use]
    pub fn of(tasks: Vec<Box<dyn MonTask>>) -> Self {
        let mut registry = TaskRegistry::default();
        for task in tasks {
            registry.add(Arc::from(task));
        }
        registry
    }

    /// Adds a task at the end of the tree. False, and nothing is added, when its name is taken.
    pub fn add(&mut self, task: Arc<dyn MonTask>) -> bool {
        let is_free = self.get(&task.info().name).is_none();
        if is_free {
            self.tasks.push(task);
        }
        is_free
    }

    /// Says why a task does not work as it should; its branch is red for as long.
    pub fn set_fault(&mut self, name: &str, fault: String) {
        self.faults.insert(name.to_owned(), fault);
    }

    /// Why a task does not work as it should.
    #[must_use]
    pub fn fault(&self, name: &str) -> Option<&str> {
        self.faults.get(name).map(String::as_str)
    }

    /// The task of that name, to be kept: the same one is in the next list when nothing of it has changed.
    #[must_use]
    pub fn shared(&self, name: &str) -> Option<&Arc<dyn MonTask>> {
        self.tasks.iter().find(|task| task.info().name == name)
    }

    /// The tasks, in the order of the tree.
    pub fn iter(&self) -> impl Iterator<Item = &dyn MonTask> {
        self.tasks.iter().map(AsRef::as_ref)
    }

    /// The task of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn MonTask> {
        self.iter().find(|task| task.info().name == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_tasks_are_there_each_once() {
        let registry = TaskRegistry::built_in();
        let names: Vec<&str> = registry.iter().map(|task| task.info().name.as_str()).collect();
        let measured = ["purity", "pedestals", "lem_gain", "charge_asymmetry"];
        let seen = ["hits", "tracks", "event_rate", "noise_spectrum"];
        assert_eq!(names, [measured, seen].concat());
    }

    #[test]
    fn of_two_tasks_with_one_name_the_first_stays() {
        let purity = || Box::new(Purity::new(TimeZone::UTC)) as Box<dyn MonTask>;
        assert_eq!(TaskRegistry::of(vec![purity(), purity()]).iter().count(), 1);
    }

    #[test]
    fn items_have_names_of_their_own_and_say_what_is_seen() {
        for task in TaskRegistry::built_in().iter() {
            let info = task.info();
            let names: BTreeSet<&str> = info.items.iter().map(|item| item.name.as_str()).collect();
            assert_eq!(names.len(), info.items.len(), "{} has two items of one name", info.name);
            assert!(!names.is_empty() && info.poll_s > 0.0 && info.suffix.starts_with('.'), "{info:?}");
            for item in &info.items {
                assert!(item.about.ends_with('.') && !item.title.is_empty(), "{item:?}");
            }
        }
    }
}
