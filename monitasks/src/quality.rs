//! What is thought of a result: the machine's state of a leaf, and a person's flag.

use serde::{Deserialize, Serialize};

/// A person's decision on data. Exactly these four; UNCHECKED is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Flag {
    /// Good data.
    Ok,
    /// Nobody has decided yet.
    #[default]
    Unchecked,
    /// Bad data; the decision carries a comment that says why.
    Bad,
    /// Somebody looked and could not tell.
    Maybe,
}

/// What a leaf or a branch of the task tree says of itself. Only `Ok` reads as good: what is not known is never OK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A check ran and was passed.
    Ok,
    /// A check ran and could not tell.
    Maybe,
    /// A check ran and failed.
    Bad,
    /// There is data, and no check has judged it.
    Unchecked,
    /// Nothing has come yet.
    NoData,
    /// Data came, too few to judge.
    WarmingUp,
    /// The newest data are older than they should be.
    Stale,
    /// An input that the judgement needs is missing or unreadable.
    CannotJudge,
    /// Taken out of judgement by a known issue.
    Masked,
}

impl Flag {
    /// All flags, in the order of the decision buttons.
    pub const ALL: [Flag; 4] = [Flag::Ok, Flag::Maybe, Flag::Bad, Flag::Unchecked];

    /// The one of two that says less good of the data: BAD, then MAYBE, then UNCHECKED, then OK.
    #[must_use]
    pub fn worse(self, other: Flag) -> Flag {
        let badness = |flag: Flag| match flag {
            Flag::Ok => 0,
            Flag::Unchecked => 1,
            Flag::Maybe => 2,
            Flag::Bad => 3,
        };
        if badness(other) > badness(self) { other } else { self }
    }

    /// The word that people use: `OK`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Flag::Ok => "OK",
            Flag::Unchecked => "UNCHECKED",
            Flag::Bad => "BAD",
            Flag::Maybe => "MAYBE",
        }
    }
}

impl std::str::FromStr for Flag {
    type Err = crate::vocab::NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Flag::ALL
            .into_iter()
            .find(|flag| flag.word().eq_ignore_ascii_case(text))
            .ok_or_else(|| crate::vocab::NameError { found: text.to_owned(), expected: "a flag (OK, UNCHECKED, BAD or MAYBE)" })
    }
}

impl State {
    /// All states, the most urgent first.
    pub const ALL: [State; 9] = [
        State::Bad,
        State::CannotJudge,
        State::Maybe,
        State::Stale,
        State::NoData,
        State::WarmingUp,
        State::Unchecked,
        State::Ok,
        State::Masked,
    ];

    /// The words that people read: `cannot judge`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            State::Ok => "OK",
            State::Maybe => "MAYBE",
            State::Bad => "BAD",
            State::Unchecked => "unchecked",
            State::NoData => "NO DATA",
            State::WarmingUp => "warming up",
            State::Stale => "stale",
            State::CannotJudge => "cannot judge",
            State::Masked => "masked",
        }
    }

    /// How much a state asks for a person's eye; a branch shows its leaves' highest.
    ///
    /// BAD first: data are being lost. CANNOT JUDGE before MAYBE: where nothing is seen, worse may be. STALE and NO DATA before
    /// WARMING UP, which passes by itself. UNCHECKED before OK, so that a branch is OK only when each of its leaves is, masked
    /// ones apart. No two are alike, so the worst of many does not hang on their order.
    #[must_use]
    pub fn severity(self) -> u8 {
        match self {
            State::Bad => 8,
            State::CannotJudge => 7,
            State::Maybe => 6,
            State::Stale => 5,
            State::NoData => 4,
            State::WarmingUp => 3,
            State::Unchecked => 2,
            State::Ok => 1,
            State::Masked => 0,
        }
    }

    /// The one of two that asks more for a person's eye.
    #[must_use]
    pub fn worse(self, other: State) -> State {
        if other.severity() > self.severity() { other } else { self }
    }

    /// The state of a branch: its leaves' worst. A branch without leaves has no data.
    #[must_use]
    pub fn worst(leaves: impl IntoIterator<Item = State>) -> State {
        leaves.into_iter().reduce(State::worse).unwrap_or(State::NoData)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_states_does_not_hang_on_their_order() {
        for one in State::ALL {
            assert_eq!(one.worse(one), one);
            for other in State::ALL {
                assert_eq!(one.worse(other), other.worse(one));
                for third in State::ALL {
                    assert_eq!(one.worse(other).worse(third), one.worse(other.worse(third)));
                    assert_eq!(State::worst([one, other, third]), one.worse(other).worse(third));
                }
            }
        }
        assert!(State::ALL.windows(2).all(|pair| pair[0].severity() > pair[1].severity()));
    }

    #[test]
    fn a_branch_is_ok_only_when_each_of_its_leaves_is_or_is_masked() {
        for state in State::ALL {
            let is_ok = State::worst([State::Ok, state]) == State::Ok;
            assert_eq!(is_ok, matches!(state, State::Ok | State::Masked), "{state:?}");
        }
        assert_eq!(State::worst([]), State::NoData);
    }
}
