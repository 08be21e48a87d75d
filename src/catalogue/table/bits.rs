//! A set of rows, a bit per row.

/// A set of rows; bits past the last row are never set.
#[derive(Debug, Clone)]
pub(super) struct Bits {
    words: Vec<u64>,
    length: usize,
}

impl Bits {
    pub(super) fn none(length: usize) -> Self {
        Bits { words: vec![0; length.div_ceil(64)], length }
    }

    pub(super) fn all(length: usize) -> Self {
        let mut bits = Bits { words: vec![u64::MAX; length.div_ceil(64)], length };
        bits.cut();
        bits
    }

    /// The rows of a list that pass; the list may be shorter than the table.
    pub(super) fn of<T: Copy>(length: usize, list: &[T], passes: impl Fn(usize, T) -> bool) -> Self {
        let mut bits = Bits::none(length);
        for (at, (part, word)) in list.chunks(64).zip(&mut bits.words).enumerate() {
            for (bit, value) in part.iter().enumerate() {
                *word |= u64::from(passes(at * 64 + bit, *value)) << bit;
            }
        }
        bits.cut();
        bits
    }

    fn cut(&mut self) {
        let rest = self.length % 64;
        if let Some(last) = self.words.last_mut().filter(|_| rest > 0) {
            *last &= (1 << rest) - 1;
        }
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn set(&mut self, row: u32) {
        if (row as usize) < self.length {
            self.words[row as usize / 64] |= 1 << (row % 64);
        }
    }

    pub(super) fn has(&self, row: u32) -> bool {
        self.words.get(row as usize / 64).is_some_and(|word| word & (1 << (row % 64)) != 0)
    }

    pub(super) fn add(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn take_away(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    pub(super) fn and(&self, other: &Bits) -> Bits {
        let words = self.words.iter().zip(&other.words).map(|(word, other)| word & other).collect();
        Bits { words, length: self.length }
    }

    pub(super) fn without(&self, other: &Bits) -> Bits {
        let mut rest = self.clone();
        rest.take_away(other);
        rest
    }

    pub(super) fn is_none(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The rows, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros())?;
                word &= word - 1;
                Some(at as u32 * 64 + bit)
            })
        })
    }
}
