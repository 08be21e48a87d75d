//! Hits: how many an event has in each view, their charge, width and time, and which strips they are on.

use monitasks::detector::Detector;
use monitasks::format::histograms::Histograms;
use monitasks::format::root::{Histogram, HistogramAxis};
use monitasks::vocab::View;

use super::{histogram, put_mean};
use crate::reconstruction::recofile::RecoData;

/// Highest charge of the histogram, fC: some ten times what a minimum ionising particle leaves on a strip.
const MOST_CHARGE_FC: f64 = 50.0;
const CHARGE_BINS: usize = 100;
/// Widest hit of the histogram, ticks above threshold.
const MOST_TICKS: usize = 100;
const TIME_BINS: usize = 64;
const PER_EVENT_BINS: usize = 64;

/// The hits of both views.
#[derive(Debug, Clone)]
pub(super) struct HitSums {
    views: [ViewHits; 2],
    sampling_us: f64,
}

#[derive(Debug, Clone)]
struct ViewHits {
    /// Hits of each event.
    per_event: Vec<f64>,
    all: u64,
    event_histogram: Histogram,
    charge: Histogram,
    width: Histogram,
    time: Histogram,
    by_strip: Histogram,
}

impl HitSums {
    pub(super) fn new(detector: &Detector) -> Self {
        HitSums { views: View::ALL.map(|view| ViewHits::new(view, detector)), sampling_us: detector.readout.sampling_us }
    }

    pub(super) fn add(&mut self, data: &RecoData) {
        let mut per_event = [vec![0.0; data.events.len()], vec![0.0; data.events.len()]];
        let hits = &data.hits;
        for place in 0..hits.len() {
            let Ok(view) = usize::try_from(hits.view[place]) else { continue };
            let Some(sums) = self.views.get_mut(view) else { continue };
            let event = usize::try_from(hits.event[place]).unwrap_or(usize::MAX);
            if let Some(count) = per_event[view].get_mut(event) {
                *count += 1.0;
            }
            sums.all += 1;
            sums.charge.fill(&[hits.charge_fc[place].into()]);
            sums.width.fill(&[f64::from(hits.width_ticks[place]) * self.sampling_us]);
            sums.time.fill(&[hits.drift_us[place].into()]);
            sums.by_strip.fill(&[hits.strip[place].into()]);
        }
        for (sums, per_event) in self.views.iter_mut().zip(per_event) {
            per_event.iter().for_each(|count| sums.event_histogram.fill(&[*count]));
            sums.per_event.extend(per_event);
        }
    }

    pub(super) fn put_into(&self, found: &mut Histograms) {
        for (view, sums) in View::ALL.iter().zip(&self.views) {
            let view = u8::from(*view);
            found.numbers.push((format!("hits_view{view}"), sums.all as f64, 0.0));
            put_mean(found, &format!("hits_per_event_view{view}"), &sums.per_event);
            let histograms = [&sums.event_histogram, &sums.charge, &sums.width, &sums.time, &sums.by_strip];
            found.list.extend(histograms.into_iter().cloned());
        }
    }
}

impl ViewHits {
    fn new(view: View, detector: &Detector) -> Self {
        let number = u8::from(view);
        let strips = detector.view(view).strips.max(1);
        let readout = &detector.readout;
        let of_view = |what: &str| format!("{what}, view {number}");
        let axis = |bins: usize, high: f64, title: &str| HistogramAxis::new(bins, 0.0, high).title(title);
        // A bin per tick: a width is a whole number of them, and must not fall on an edge.
        let half_tick_us = 0.5 * readout.sampling_us;
        let widths = HistogramAxis::new(MOST_TICKS, half_tick_us, (2 * MOST_TICKS + 1) as f64 * half_tick_us);
        let whole_us = readout.samples as f64 * readout.sampling_us;
        let strip_axis = HistogramAxis::new(strips, -0.5, strips as f64 - 0.5).title("strip");
        let per_event = axis(PER_EVENT_BINS, 2.0 * strips as f64, "hits");
        ViewHits {
            per_event: Vec::new(),
            all: 0,
            event_histogram: histogram(format!("hits_per_event_view{number}"), of_view("Hits per event"), per_event, "events"),
            charge: histogram(
                format!("hit_charge_view{number}"),
                of_view("Charge of hits"),
                axis(CHARGE_BINS, MOST_CHARGE_FC, "charge [fC]"),
                "hits",
            ),
            width: histogram(
                format!("hit_width_view{number}"),
                of_view("Time above threshold of hits"),
                widths.title("time above threshold [us]"),
                "hits",
            ),
            time: histogram(
                format!("hit_time_view{number}"),
                of_view("Drift time of hits"),
                axis(TIME_BINS, whole_us, "drift time [us]"),
                "hits",
            ),
            by_strip: histogram(format!("hits_by_strip_view{number}"), of_view("Hits by strip"), strip_axis, "hits"),
        }
    }
}
