//! The player of a replay: where it is, how fast it goes, what it repeats. It has no clock: whoever uses it says how much time has
//! gone by.

use jiff::{SignedDuration, Timestamp};

use crate::snapshot::{ReplayMark, ReplayMarkKind};

/// A replay's player.
#[derive(Debug, Clone, PartialEq)]
pub struct Player {
    span: (Timestamp, Timestamp),
    at: Timestamp,
    speed: f64,
    is_playing: bool,
    looped: Option<(Timestamp, Timestamp)>,
}

impl Player {
    /// A player that stands at the beginning of a span. One that is the wrong way round is turned.
    #[must_use]
    pub fn new(span: (Timestamp, Timestamp)) -> Self {
        let span = (span.0.min(span.1), span.1.max(span.0));
        Player { span, at: span.0, speed: 60.0, is_playing: false, looped: None }
    }

    /// The instant it stands at.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The span it plays.
    #[must_use]
    pub fn span(&self) -> (Timestamp, Timestamp) {
        self.span
    }

    /// Whether it goes on by itself.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.is_playing
    }

    /// How many times faster than life.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// The range that is played again and again.
    #[must_use]
    pub fn looped(&self) -> Option<(Timestamp, Timestamp)> {
        self.looped
    }

    /// Goes to an instant, or to the nearest of the span.
    pub fn go_to(&mut self, at: Timestamp) {
        self.at = at.clamp(self.span.0, self.span.1);
    }

    /// Plays from where it is; from the beginning when it stands at the end.
    pub fn play(&mut self) {
        if self.at >= self.span.1 && self.looped.is_none() {
            self.at = self.span.0;
        }
        self.is_playing = true;
    }

    /// Stands still.
    pub fn pause(&mut self) {
        self.is_playing = false;
    }

    /// Plays so many times faster than life. What is no such number is left alone.
    pub fn set_speed(&mut self, speed: f64) {
        if speed.is_finite() && speed > 0.0 {
            self.speed = speed.clamp(0.01, 1e6);
        }
    }

    /// Repeats a range, the part of it that is in the span; none: no more.
    pub fn repeat(&mut self, range: Option<(Timestamp, Timestamp)>) {
        self.looped = range.and_then(|(from, to)| {
            let (from, to) = (from.min(to).max(self.span.0), from.max(to).min(self.span.1));
            (from < to).then_some((from, to))
        });
    }

    /// So much time has gone by, s. Answers whether it stands elsewhere now.
    pub fn pass(&mut self, seconds: f64) -> bool {
        if !self.is_playing || !seconds.is_finite() || seconds <= 0.0 {
            return false;
        }
        let before = self.at;
        let step = SignedDuration::try_from_secs_f64(seconds * self.speed).unwrap_or(SignedDuration::MAX);
        let end = self.looped.map_or(self.span.1, |(_, to)| to);
        let next = self.at.checked_add(step).unwrap_or(end);
        match self.looped {
            // Who goes behind the range is led back to its beginning.
            Some((from, to)) if next >= to || self.at < from => self.at = from,
            Some(_) => self.at = next,
            None if next >= self.span.1 => (self.at, self.is_playing) = (self.span.1, false),
            None => self.at = next,
        }
        self.at != before
    }

    /// The next mark of a kind behind the instant, or the last before it; goes there and answers it. None leaves it where it is.
    pub fn jump<'a>(&mut self, marks: &'a [ReplayMark], kind: ReplayMarkKind, is_forward: bool) -> Option<&'a ReplayMark> {
        let is_it = |mark: &&ReplayMark| mark.kind == kind;
        let found = if is_forward {
            marks.iter().filter(is_it).find(|mark| mark.at > self.at)
        } else {
            marks.iter().rev().filter(is_it).find(|mark| mark.at < self.at)
        }?;
        self.go_to(found.at);
        Some(found)
    }

    /// The next moment at which anything happened, or the last before; answers whether there is one.
    pub fn step(&mut self, moments: &[Timestamp], is_forward: bool) -> bool {
        let found = if is_forward {
            moments.get(moments.partition_point(|moment| *moment <= self.at))
        } else {
            moments.partition_point(|moment| *moment < self.at).checked_sub(1).and_then(|place| moments.get(place))
        };
        if let Some(found) = found {
            self.go_to(*found);
        }
        found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn marks(seconds: &[i64]) -> Vec<ReplayMark> {
        let mark = |second: &i64| ReplayMark { at: at(*second), kind: ReplayMarkKind::Alarm, words: String::new(), run: None };
        seconds.iter().map(mark).collect()
    }

    #[test]
    fn a_minute_at_sixty_times_life_is_an_hour() {
        let mut player = Player::new((at(0), at(100_000)));
        assert!(!player.pass(1.0), "it stands still");
        player.play();
        assert!(player.pass(60.0));
        assert_eq!(player.at(), at(3_600));
        player.set_speed(f64::NAN);
        player.set_speed(-1.0);
        assert_eq!(player.speed(), 60.0);
        player.pass(1e9);
        assert_eq!((player.at(), player.is_playing()), (at(100_000), false), "it ends at the end");
        player.play();
        assert_eq!(player.at(), at(0), "and begins anew");
    }

    proptest! {
        #[test]
        fn it_never_leaves_its_span_nor_its_range(
            span in (0i64..1_000, 0i64..1_000), range in prop::option::of((-100i64..1_100, -100i64..1_100)),
            acts in prop::collection::vec((0u8..5, 0i64..1_200, 0.0f64..50.0), 0..60),
        ) {
            let mut player = Player::new((at(span.0), at(span.1)));
            player.repeat(range.map(|(from, to)| (at(from), at(to))));
            for (act, second, passed) in acts {
                match act {
                    0 => player.go_to(at(second)),
                    1 => player.play(),
                    2 => player.pause(),
                    3 => player.set_speed(second as f64),
                    _ => {
                        let before = player.clone();
                        let moved = player.pass(passed);
                        prop_assert_eq!(moved, player.at() != before.at());
                        if let (Some((from, to)), true) = (player.looped(), moved) {
                            prop_assert!((from..=to).contains(&player.at()));
                        } else if moved {
                            prop_assert!(player.at() > before.at());
                        }
                    }
                }
                let (first, last) = player.span();
                prop_assert!((first..=last).contains(&player.at()));
            }
        }

        #[test]
        fn forward_and_back_is_where_it_was_and_a_walk_visits_every_moment_once(
            mut seconds in prop::collection::btree_set(0i64..10_000, 1..50), start in 0i64..10_000,
        ) {
            seconds.insert(10_000);
            let moments: Vec<Timestamp> = seconds.iter().map(|second| at(*second)).collect();
            let mut player = Player::new((moments[0], at(10_000)));
            let mut visited = vec![player.at()];
            while player.step(&moments, true) {
                visited.push(player.at());
            }
            prop_assert_eq!(&visited, &moments);
            player.go_to(at(start));
            player.step(&moments, true);
            let stood = player.at();
            if player.step(&moments, true) {
                prop_assert!(player.step(&moments, false));
                prop_assert_eq!(player.at(), stood);
            }
        }

        #[test]
        fn a_jump_goes_to_the_nearest_mark_on_its_side(
            seconds in prop::collection::btree_set(0i64..1_000, 0..20), start in 0i64..1_000, is_forward in any::<bool>(),
        ) {
            let seconds: Vec<i64> = seconds.into_iter().collect();
            let mut player = Player::new((at(0), at(1_000)));
            player.go_to(at(start));
            let expected = if is_forward {
                seconds.iter().copied().filter(|second| *second > start).min()
            } else {
                seconds.iter().copied().filter(|second| *second < start).max()
            };
            let marks = marks(&seconds);
            let found = player.jump(&marks, ReplayMarkKind::Alarm, is_forward).map(|mark| mark.at);
            prop_assert_eq!(found, expected.map(at));
            prop_assert_eq!(player.at(), at(expected.unwrap_or(start)));
            prop_assert!(player.jump(&marks, ReplayMarkKind::Gap, is_forward).is_none());
        }
    }
}
