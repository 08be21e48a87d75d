//! The columns of the trees, and how an event fills them.

use std::path::Path;

use monitasks::detector::Detector;
use monitasks::vocab::{FileId, Run, Sequence, View};

use super::tree::{Branch, Cell, Tree, Values};
use crate::reconstruction::channels::Setup;
use crate::reconstruction::event::RecoEvent;
use crate::reconstruction::points::TrackPoint;

/// A tree as a struct of columns: one declaration for the columns in memory, in the file, and back.
macro_rules! rows {
    ($(#[$doc:meta])* $name:ident = $tree:literal { $($(#[$column_doc:meta])* $column:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $($(#[$column_doc])* pub $column: Vec<$type>,)*
        }

        impl $name {
            /// The tree's name.
            pub const TREE: &str = $tree;

            /// Number of rows.
            #[must_use]
            pub fn len(&self) -> usize {
                // Every column has this length; the last one named stands for all.
                let mut length = 0;
                $(length = self.$column.len().max(length);)*
                length
            }

            /// Whether there are none.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            pub(super) fn into_tree(self) -> Tree {
                let branches = vec![$(Branch { name: stringify!($column).into(), values: <$type as Cell>::wrap(self.$column) },)*];
                Tree { name: Self::TREE.into(), branches }
            }

            /// The columns out of a tree; the name of the first one that is missing or of another type.
            pub(super) fn from_tree(mut tree: Tree) -> Result<Self, &'static str> {
                let mut take = |name: &'static str| -> Result<Values, &'static str> {
                    let place = tree.branches.iter().position(|branch| branch.name == name).ok_or(name)?;
                    Ok(tree.branches.swap_remove(place).values)
                };
                Ok($name { $($column: <$type as Cell>::unwrap(take(stringify!($column))?).ok_or(stringify!($column))?,)* })
            }
        }
    };
}

rows! {
    /// What the file is of; one row.
    MetaRows = "meta" {
        /// Program and version.
        software: String,
        /// The reconstruction's settings as JSON.
        settings: String,
        /// The detector file's name.
        detector: String,
        /// The channel map's name.
        channel_map: String,
        /// The raw file's name.
        raw_file: String,
        /// Run of the raw file.
        run: i64,
        /// Sequence of the raw file.
        sequence: i64,
        /// Events reconstructed: entries of the tree `events`.
        events: i64,
        /// Whole events in the raw file.
        raw_events: i64,
        /// The channels that give no hits, in DAQ order, as a JSON list.
        masked_channels: String,
    }
}

rows! {
    /// The events.
    EventRows = "events" {
        /// Place in the raw file, from 0; the other trees name events by it.
        event: i32,
        /// The DAQ's number.
        number: i64,
        /// Trigger type.
        trigger_type: i32,
        /// Trigger number.
        trigger_number: i64,
        /// Stamp, whole seconds of Unix time.
        seconds: i64,
        /// Stamp, nanoseconds.
        nanoseconds: i32,
        /// Flags as in the raw file.
        flags: i32,
        /// 1 when the DAQ had all data of the event, else 0.
        complete: i32,
        /// Hits in the event.
        hits: i32,
        /// 2D tracks in the event.
        tracks: i32,
        /// Matched tracks in the event.
        matched: i32,
    }
}

rows! {
    /// Pedestals per event and channel.
    PedestalRows = "pedestals" {
        /// The event.
        event: i32,
        /// The channel, in DAQ order.
        channel: i32,
        /// Mean, ADC counts.
        mean_adc: f32,
        /// RMS of the raw samples, ADC counts.
        rms_adc: f32,
        /// RMS after coherent noise is gone, ADC counts.
        filtered_rms_adc: f32,
    }
}

rows! {
    /// The hits.
    HitRows = "hits" {
        /// The event.
        event: i32,
        /// The channel, in DAQ order.
        channel: i32,
        /// The view, 0 or 1.
        view: i32,
        /// The strip in the view.
        strip: i32,
        /// First tick of the integral.
        start_tick: i32,
        /// One past the integral's last tick.
        end_tick: i32,
        /// Ticks above threshold.
        width_ticks: i32,
        /// 1 when the hit is a piece of a longer pulse, else 0.
        cut: i32,
        /// Tick of the peak.
        peak_tick: f32,
        /// Height of the peak above the pedestal, ADC counts.
        peak_adc: f32,
        /// Drift time, us.
        drift_us: f32,
        /// Charge, fC.
        charge_fc: f32,
        /// The track it belongs to, -1 for none.
        track: i32,
        /// 1 when another track's charge is in it too, else 0.
        shared: i32,
    }
}

rows! {
    /// The 2D tracks.
    TrackRows = "tracks" {
        /// The event.
        event: i32,
        /// Number in the event, from 0.
        track: i32,
        /// The view, 0 or 1.
        view: i32,
        /// Hits of it.
        hits: i32,
        /// Strip coordinate of the end at small z, cm.
        start_strip_cm: f32,
        /// z of the end at small z, cm.
        start_z_cm: f32,
        /// Strip coordinate of the end at large z, cm.
        end_strip_cm: f32,
        /// z of the end at large z, cm.
        end_z_cm: f32,
        /// Charge, fC.
        charge_fc: f32,
        /// Root mean square distance of the hits to the line, cm.
        residual_cm: f32,
    }
}

rows! {
    /// The matched tracks.
    MatchedRows = "matched" {
        /// The event.
        event: i32,
        /// Number in the event, from 0.
        matched: i32,
        /// Its track in view 0.
        track_view0: i32,
        /// Its track in view 1.
        track_view1: i32,
        /// How unlike the two views' charge profiles are.
        profile_distance: f32,
        /// End at small z: x, cm.
        start_x_cm: f32,
        /// End at small z: y, cm.
        start_y_cm: f32,
        /// End at small z: z, cm, mean of the views.
        start_z_cm: f32,
        /// End at large z: x, cm.
        end_x_cm: f32,
        /// End at large z: y, cm.
        end_y_cm: f32,
        /// End at large z: z, cm, mean of the views.
        end_z_cm: f32,
    }
}

rows! {
    /// The points of the matched tracks.
    PointRows = "points" {
        /// The event.
        event: i32,
        /// The matched track.
        matched: i32,
        /// The view of the strip, 0 or 1.
        view: i32,
        /// The strip in the view.
        strip: i32,
        /// x, cm.
        x_cm: f32,
        /// y, cm.
        y_cm: f32,
        /// z, cm.
        z_cm: f32,
        /// Drift time, us.
        drift_us: f32,
        /// Charge on the strip, fC.
        charge_fc: f32,
        /// Path length over the strip, cm.
        step_cm: f32,
        /// The LEM above: column along x, from 0.
        lem_column: i32,
        /// The LEM above: row along y, from 0.
        lem_row: i32,
    }
}

/// What a reconstructed file is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Meta {
    /// Program and version.
    pub software: String,
    /// The reconstruction's settings as JSON.
    pub settings: String,
    /// The detector file's name.
    pub detector: String,
    /// The channel map's name.
    pub channel_map: String,
    /// The raw file's name.
    pub raw_file: String,
    /// Which file of which run.
    pub file: FileId,
    /// Events reconstructed: entries of the tree `events`.
    pub events: u64,
    /// Whole events in the raw file; more than `events` when only some were selected.
    pub raw_events: u64,
    /// The channels that give no hits, in DAQ order, as a JSON list.
    pub masked_channels: String,
}

/// The whole content of a reconstructed file.
#[derive(Debug, Clone, PartialEq)]
pub struct RecoData {
    /// What it is of.
    pub meta: Meta,
    /// The events.
    pub events: EventRows,
    /// The pedestals.
    pub pedestals: PedestalRows,
    /// The hits.
    pub hits: HitRows,
    /// The 2D tracks.
    pub tracks: TrackRows,
    /// The matched tracks.
    pub matched: MatchedRows,
    /// Their points.
    pub points: PointRows,
}

impl Meta {
    /// What a file reconstructed now is of; `events` are those reconstructed, and those in the raw file.
    #[must_use]
    pub fn of(file: FileId, raw: &Path, events: [usize; 2], setup: Setup) -> Self {
        let Setup { detector, settings, mask } = setup;
        let masked: Vec<u32> = mask.channels().map(|channel| channel.0).collect();
        Meta {
            software: crate::SOFTWARE.into(),
            settings: serde_json::to_string(settings).unwrap_or_default(),
            detector: detector.name.clone(),
            channel_map: detector.channel_map_name.clone(),
            raw_file: raw.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            file,
            events: events[0] as u64,
            raw_events: events[1] as u64,
            masked_channels: serde_json::to_string(&masked).unwrap_or_default(),
        }
    }

    /// The tree `meta`.
    pub(super) fn into_tree(self) -> Tree {
        let rows = MetaRows {
            software: vec![self.software],
            settings: vec![self.settings],
            detector: vec![self.detector],
            channel_map: vec![self.channel_map],
            raw_file: vec![self.raw_file],
            run: vec![self.file.run.0.into()],
            sequence: vec![self.file.sequence.0.into()],
            events: vec![self.events as i64],
            raw_events: vec![self.raw_events as i64],
            masked_channels: vec![self.masked_channels],
        };
        rows.into_tree()
    }

    /// The one row; `None` when there is another number of rows or a number is out of range.
    fn from_rows(rows: &MetaRows) -> Option<Self> {
        let [run] = rows.run[..] else { return None };
        let [sequence] = rows.sequence[..] else { return None };
        let [events] = rows.events[..] else { return None };
        let [raw_events] = rows.raw_events[..] else { return None };
        Some(Meta {
            software: rows.software.first()?.clone(),
            settings: rows.settings.first()?.clone(),
            detector: rows.detector.first()?.clone(),
            channel_map: rows.channel_map.first()?.clone(),
            raw_file: rows.raw_file.first()?.clone(),
            file: FileId { run: Run(run.try_into().ok()?), sequence: Sequence(sequence.try_into().ok()?) },
            events: events.try_into().ok()?,
            raw_events: raw_events.try_into().ok()?,
            masked_channels: rows.masked_channels.first()?.clone(),
        })
    }
}

impl RecoData {
    /// No event yet.
    #[must_use]
    pub fn new(meta: Meta) -> Self {
        RecoData {
            meta,
            events: EventRows::default(),
            pedestals: PedestalRows::default(),
            hits: HitRows::default(),
            tracks: TrackRows::default(),
            matched: MatchedRows::default(),
            points: PointRows::default(),
        }
    }

    /// Adds the event at a place in the raw file.
    pub fn push(&mut self, place: usize, event: &RecoEvent, detector: &Detector) {
        let number = place as i32;
        let rows = &mut self.events;
        rows.event.push(number);
        rows.number.push(event.header.number.0.into());
        rows.trigger_type.push(event.header.trigger_type.into());
        rows.trigger_number.push(event.header.trigger_number.into());
        rows.seconds.push(event.header.stamp.as_second());
        rows.nanoseconds.push(event.header.stamp.subsec_nanosecond());
        rows.flags.push(event.header.flags.into());
        rows.complete.push(event.header.is_complete().into());
        rows.hits.push(event.hits.len() as i32);
        rows.tracks.push(event.tracks.len() as i32);
        rows.matched.push(event.matches.len() as i32);
        for (channel, (pedestal, filtered)) in event.pedestals.iter().zip(&event.filtered_rms_adc).enumerate() {
            self.pedestals.event.push(number);
            self.pedestals.channel.push(channel as i32);
            self.pedestals.mean_adc.push(pedestal.mean_adc);
            self.pedestals.rms_adc.push(pedestal.rms_adc);
            self.pedestals.filtered_rms_adc.push(*filtered);
        }
        self.push_hits(number, event);
        self.push_tracks(number, event);
        for (matched, points) in event.points.iter().enumerate() {
            points.iter().for_each(|point| self.push_point(number, matched, point));
        }
        debug_assert!(event.hits.iter().all(|hit| detector.strip(hit.channel) == Some(hit.strip)));
    }

    fn push_hits(&mut self, number: i32, event: &RecoEvent) {
        let mut owners = vec![(-1, false); event.hits.len()];
        for (index, track) in event.tracks.iter().enumerate() {
            for (hit, shared) in track.hits.iter().zip(&track.shared) {
                owners[*hit] = (index as i32, *shared);
            }
        }
        let rows = &mut self.hits;
        for (hit, (track, shared)) in event.hits.iter().zip(owners) {
            rows.event.push(number);
            rows.channel.push(hit.channel.0 as i32);
            rows.view.push(u8::from(hit.strip.view).into());
            rows.strip.push(hit.strip.number as i32);
            rows.start_tick.push(hit.start_tick as i32);
            rows.end_tick.push(hit.end_tick as i32);
            rows.width_ticks.push(hit.width_ticks as i32);
            rows.cut.push(hit.cut.into());
            rows.peak_tick.push(hit.peak_tick);
            rows.peak_adc.push(hit.peak_adc);
            rows.drift_us.push(hit.drift_us);
            rows.charge_fc.push(hit.charge_fc);
            rows.track.push(track);
            rows.shared.push(shared.into());
        }
    }

    fn push_tracks(&mut self, number: i32, event: &RecoEvent) {
        let rows = &mut self.tracks;
        for (index, track) in event.tracks.iter().enumerate() {
            rows.event.push(number);
            rows.track.push(index as i32);
            rows.view.push(u8::from(track.view).into());
            rows.hits.push(track.hits.len() as i32);
            rows.start_strip_cm.push(track.start_cm[0] as f32);
            rows.start_z_cm.push(track.start_cm[1] as f32);
            rows.end_strip_cm.push(track.end_cm[0] as f32);
            rows.end_z_cm.push(track.end_cm[1] as f32);
            rows.charge_fc.push(track.charge_fc as f32);
            rows.residual_cm.push(track.residual_cm as f32);
        }
        let rows = &mut self.matched;
        for (index, matched) in event.matches.iter().enumerate() {
            let pair = matched.tracks.map(|track| &event.tracks[track]);
            rows.event.push(number);
            rows.matched.push(index as i32);
            rows.track_view0.push(matched.tracks[0] as i32);
            rows.track_view1.push(matched.tracks[1] as i32);
            rows.profile_distance.push(matched.profile_distance as f32);
            rows.start_x_cm.push(pair[0].start_cm[0] as f32);
            rows.start_y_cm.push(pair[1].start_cm[0] as f32);
            rows.start_z_cm.push((0.5 * (pair[0].start_cm[1] + pair[1].start_cm[1])) as f32);
            rows.end_x_cm.push(pair[0].end_cm[0] as f32);
            rows.end_y_cm.push(pair[1].end_cm[0] as f32);
            rows.end_z_cm.push((0.5 * (pair[0].end_cm[1] + pair[1].end_cm[1])) as f32);
        }
    }

    fn push_point(&mut self, number: i32, matched: usize, point: &TrackPoint) {
        let rows = &mut self.points;
        rows.event.push(number);
        rows.matched.push(matched as i32);
        rows.view.push(if point.view == View::V0 { 0 } else { 1 });
        rows.strip.push(point.strip as i32);
        rows.x_cm.push(point.at_cm[0] as f32);
        rows.y_cm.push(point.at_cm[1] as f32);
        rows.z_cm.push(point.at_cm[2] as f32);
        rows.drift_us.push(point.drift_us as f32);
        rows.charge_fc.push(point.charge_fc as f32);
        rows.step_cm.push(point.step_cm as f32);
        rows.lem_column.push(point.lem.column.into());
        rows.lem_row.push(point.lem.row.into());
    }

    /// All trees but `meta`.
    pub(super) fn into_event_trees(self) -> [Tree; 6] {
        [
            self.events.into_tree(),
            self.pedestals.into_tree(),
            self.hits.into_tree(),
            self.tracks.into_tree(),
            self.matched.into_tree(),
            self.points.into_tree(),
        ]
    }

    /// The data out of the file's trees; says what is missing.
    pub(super) fn from_trees(mut trees: Vec<Tree>) -> Result<Self, String> {
        fn take<R>(trees: &mut Vec<Tree>, name: &str, read: fn(Tree) -> Result<R, &'static str>) -> Result<R, String> {
            let place = trees.iter().position(|tree| tree.name == name).ok_or_else(|| format!("it has no tree '{name}'"))?;
            let tree = trees.swap_remove(place);
            read(tree).map_err(|column| format!("its tree '{name}' has no column '{column}' of the type known here"))
        }
        let meta = take(&mut trees, MetaRows::TREE, MetaRows::from_tree)?;
        Ok(RecoData {
            meta: Meta::from_rows(&meta)
                .ok_or("its tree 'meta' has no single row with a run, a sequence and a number of events")?,
            events: take(&mut trees, EventRows::TREE, EventRows::from_tree)?,
            pedestals: take(&mut trees, PedestalRows::TREE, PedestalRows::from_tree)?,
            hits: take(&mut trees, HitRows::TREE, HitRows::from_tree)?,
            tracks: take(&mut trees, TrackRows::TREE, TrackRows::from_tree)?,
            matched: take(&mut trees, MatchedRows::TREE, MatchedRows::from_tree)?,
            points: take(&mut trees, PointRows::TREE, PointRows::from_tree)?,
        })
    }
}

/// Every tree there is, with its columns' types and no rows.
pub(super) fn empty_trees() -> Vec<Tree> {
    vec![
        MetaRows::default().into_tree(),
        EventRows::default().into_tree(),
        PedestalRows::default().into_tree(),
        HitRows::default().into_tree(),
        TrackRows::default().into_tree(),
        MatchedRows::default().into_tree(),
        PointRows::default().into_tree(),
    ]
}

/// What the tree `meta` says; what is wrong with it otherwise.
pub(super) fn meta_of(tree: Tree) -> Result<Meta, String> {
    let rows =
        MetaRows::from_tree(tree).map_err(|column| format!("its tree 'meta' has no column '{column}' of the type known here"))?;
    Ok(Meta::from_rows(&rows).ok_or("its tree 'meta' has no single row with a run, a sequence and a number of events")?)
}
