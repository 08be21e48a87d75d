//! Where the user has been: page, run and item, to go back and forward.

use super::state::{ItemRef, Page, RunChoice};

/// No more places are remembered.
const MOST: usize = 100;

/// A place in the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The page.
    pub page: Page,
    /// The run looked at.
    pub choice: RunChoice,
    /// What the active pane shows.
    pub item: Option<ItemRef>,
}

/// The places before and after the one that is looked at.
#[derive(Debug, Clone, Default)]
pub struct Visited {
    before: Vec<Place>,
    after: Vec<Place>,
    now: Option<Place>,
}

impl Visited {
    /// Remembers where the user is now.
    pub fn visit(&mut self, place: Place) {
        match &mut self.now {
            Some(now) if *now == place => {}
            // Panes that have just been laid out are no step.
            Some(now) if now.item.is_none() && now.page == place.page && now.choice == place.choice => *now = place,
            now => {
                let last = now.replace(place);
                self.before.extend(last);
                self.after.clear();
                if self.before.len() > MOST {
                    self.before.remove(0);
                }
            }
        }
    }

    /// Whether there is a place to go back (-1) or forward (+1) to.
    #[must_use]
    pub fn can_step(&self, by: i32) -> bool {
        if by < 0 { !self.before.is_empty() } else { !self.after.is_empty() }
    }

    /// Goes back (-1) or forward (+1); none when there is no such place.
    pub fn step(&mut self, by: i32) -> Option<Place> {
        let (from, to) = if by < 0 { (&mut self.before, &mut self.after) } else { (&mut self.after, &mut self.before) };
        let place = from.pop()?;
        to.extend(self.now.replace(place.clone()));
        Some(place)
    }

    /// Forgets all: another workspace is open.
    pub fn forget(&mut self) {
        *self = Visited::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(page: Page) -> Place {
        let item = Some(ItemRef { task: "a".into(), item: "b".into() });
        Place { page, choice: RunChoice::Newest, item }
    }

    #[test]
    fn one_goes_back_and_forward_and_a_new_place_ends_what_was_ahead() {
        let mut visited = Visited::default();
        for page in [Page::Monitor, Page::Runs, Page::Runs, Page::Meeting] {
            visited.visit(at(page));
        }
        assert_eq!(visited.step(1), None);
        assert_eq!(visited.step(-1), Some(at(Page::Runs)));
        visited.visit(at(Page::Runs));
        assert_eq!(visited.step(-1), Some(at(Page::Monitor)));
        assert_eq!(visited.step(-1), None);
        assert_eq!(visited.step(1), Some(at(Page::Runs)));
        visited.visit(at(Page::Problems));
        assert!(!visited.can_step(1));
        assert_eq!(visited.step(-1), Some(at(Page::Runs)));
    }
}
