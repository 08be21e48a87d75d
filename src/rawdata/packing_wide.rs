//! The unpacking of [`super::packing`] with vector instructions, where the processor has them.
//!
//! Vector loads and stores take addresses, hence the unsafe code of this file. What it does is held against the plain path by
//! the tests.
#![allow(unsafe_code)]

/// Unpacks from the start as much as can be unpacked in whole vectors; answers the number of samples that are done, which is
/// even. The plain path does the rest.
#[cfg(target_arch = "x86_64")]
pub(super) fn unpack(bytes: &[u8], samples: &mut [u16]) -> usize {
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        unsafe { unpack_avx2(bytes, samples) }
    } else {
        0
    }
}

/// No vector instructions are known here: the plain path does all.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn unpack(_: &[u8], _: &mut [u16]) -> usize {
    0
}

/// Sixteen samples from 24 bytes at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn unpack_avx2(bytes: &[u8], samples: &mut [u16]) -> usize {
    use std::arch::x86_64::{
        __m128i, _mm_loadu_si128, _mm256_and_si256, _mm256_blend_epi16, _mm256_set_m128i, _mm256_set1_epi16, _mm256_setr_epi8,
        _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256,
    };

    // Of the three bytes of a pair: b0 b1 as one 16-bit number, then b1 b2, the low byte first.
    let pairs =
        _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    let low = _mm256_set1_epi16(0xFFF);
    let mut done = 0;
    for places in samples.chunks_exact_mut(16) {
        // The second load takes 16 bytes from the twelfth on: 28 in all, of which 24 are used.
        let Some(packed) = bytes.get(done / 2 * 3..).and_then(<[u8]>::first_chunk::<28>) else { break };
        // SAFETY: 28 bytes are there to be read from `packed` and 32 to be written to `places`; neither needs to be aligned.
        unsafe {
            let first = _mm_loadu_si128(packed.as_ptr().cast::<__m128i>());
            let second = _mm_loadu_si128(packed.as_ptr().add(12).cast::<__m128i>());
            let words = _mm256_shuffle_epi8(_mm256_set_m128i(second, first), pairs);
            let unpacked = _mm256_blend_epi16::<0b1010_1010>(_mm256_srli_epi16::<4>(words), _mm256_and_si256(words, low));
            _mm256_storeu_si256(places.as_mut_ptr().cast(), unpacked);
        }
        done += 16;
    }
    done
}
