//! The one list of monitor tasks.

use jiff::tz::TimeZone;

use crate::declared::DeclaredTask;
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
pub struct TaskRegistry {
    tasks: Vec<Box<dyn MonTask>>,
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
        let mut registry = TaskRegistry { tasks: Vec::new() };
        for task in tasks {
            if registry.get(&task.info().name).is_none() {
                registry.tasks.push(task);
            }
        }
        registry
    }

    /// The built-in tasks, at a site whose text files hold UTC, then the declared ones: see [`TaskRegistry::and_declared`].
    #[must_use]
    pub fn with_declared(declared: Vec<DeclaredTask>) -> (Self, Vec<String>) {
        TaskRegistry::built_in().and_declared(declared)
    }

    /// These tasks, then the declared ones in the order given, and a message for each declared one that was refused because its
    /// name is taken.
    #[must_use]
    pub fn and_declared(mut self, declared: Vec<DeclaredTask>) -> (Self, Vec<String>) {
        let mut clashes = Vec::new();
        for task in declared {
            match self.get(&task.info().name) {
                Some(taken) => clashes.push(task.name_taken(&format!("the task {:?}", taken.info().title)).to_string()),
                None => self.tasks.push(Box::new(task)),
            }
        }
        (self, clashes)
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
