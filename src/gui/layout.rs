//! The docked panes as data: which item stands where, and how that changes.

use egui_tiles::{Container, LinearDir, SimplificationOptions, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

use super::state::ItemRef;
use crate::snapshot::{FigureKey, PlotView, TaskNode};
use monitasks::views::{Place, PlotChoices};
use monitasks::vocab::Run;

/// The task whose panes have the event display's buttons.
pub const EVENT_TASK: &str = "event_display";
/// Its item that shows one strip's samples.
pub const WAVEFORM_ITEM: &str = "waveform";

/// One docked pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pane {
    /// A number of its own, kept while its place and item change.
    pub id: u64,
    /// What it shows; none before anything was chosen.
    pub shows: Option<ItemRef>,
    /// What its plot is shown with.
    #[serde(default)]
    pub view: PlotView,
    /// What is chosen of its plot.
    #[serde(default)]
    pub choices: PlotChoices,
}

impl Pane {
    /// The figure that it shows, of a run or the newest, of a lane or of all.
    #[must_use]
    pub fn key(&self, run: Option<Run>, lane: Option<&str>) -> Option<FigureKey> {
        let ItemRef { task, item } = self.shows.as_ref()?;
        Some(FigureKey {
            run,
            lane: lane.map(str::to_owned),
            view: self.view,
            choices: self.choices.clone(),
            ..FigureKey::newest(task, item)
        })
    }
}

/// The panes, their places, and which of them is the active one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Layout {
    /// Places and panes.
    pub tree: Tree<Pane>,
    /// The pane that the next item chosen in the tree goes to.
    pub active: Option<TileId>,
    /// How LEMs are numbered in all panes; none for all numberings.
    #[serde(default)]
    pub numbering: Option<String>,
    /// Panes with the same quantity along x show the same range of it.
    #[serde(default)]
    pub links_axes: bool,
    /// Panes show the pointer of other panes with the same quantity along x no more.
    #[serde(default)]
    pub hides_cursors: bool,
    next_id: u64,
}

/// The rules of the tree: tabs everywhere, nothing empty, and the root stays a container even with one child.
pub const RULES: SimplificationOptions = SimplificationOptions {
    prune_empty_tabs: true,
    prune_empty_containers: true,
    all_panes_must_have_tabs: true,
    join_nested_linear_containers: true,
    flatten_tabs_in_tabs: true,
    ..SimplificationOptions::OFF
};

/// Tasks that have a pane at the first start: more would leave no room for plots on a small screen.
const SHOWN_FIRST: usize = 4;
/// Each half of a lower pane would have no room for a plot.
const LEAST_HEIGHT_TO_HALVE: f32 = 340.0;
/// Each half of a narrower pane would have no room for a plot.
const LEAST_WIDTH_TO_HALVE: f32 = 520.0;

impl Layout {
    /// The panes of the first start: the first item of the first tasks, event display last, two beside each other.
    #[must_use]
    pub fn of_tasks(tasks: &[TaskNode]) -> Self {
        let (events, others): (Vec<_>, Vec<_>) = tasks.iter().partition(|task| task.name == EVENT_TASK);
        let first = |task: &&TaskNode| {
            let item = task.items.first()?;
            Some(ItemRef { task: task.name.clone(), item: item.name.clone() })
        };
        let mut items: Vec<ItemRef> = others.iter().filter_map(first).take(SHOWN_FIRST).collect();
        for task in events {
            let views = task.items.iter().take(2);
            items.extend(views.map(|item| ItemRef { task: task.name.clone(), item: item.name.clone() }));
        }
        let mut layout = Layout {
            tree: Tree::empty(egui::Id::unique("panes")),
            active: None,
            numbering: None,
            links_axes: false,
            hides_cursors: false,
            next_id: 0,
        };
        let mut tiles = Tiles::default();
        let mut rows = Vec::new();
        for pair in items.chunks(2) {
            let cells = pair.iter().map(|item| layout.tab_tile(&mut tiles, Some(item.clone()))).collect();
            rows.push(tiles.insert_horizontal_tile(cells));
        }
        if rows.is_empty() {
            let cell = layout.tab_tile(&mut tiles, None);
            rows.push(tiles.insert_horizontal_tile(vec![cell]));
        }
        let root = tiles.insert_vertical_tile(rows);
        layout.tree = Tree::new(egui::Id::unique("panes"), root, tiles);
        layout.mend();
        layout
    }

    /// No pane; the next one gets this number.
    fn empty(next_id: u64) -> Self {
        let tree = Tree::empty(egui::Id::unique("panes"));
        Layout { tree, active: None, next_id, numbering: None, links_axes: false, hides_cursors: false }
    }

    /// Rows of cells of panes behind each other, the first in front.
    #[must_use]
    pub fn of_rows(rows: &[Vec<Vec<(ItemRef, PlotView)>>]) -> Self {
        let mut layout = Layout::empty(0);
        let mut tiles = Tiles::default();
        let mut made = Vec::new();
        for row in rows {
            let mut cells = Vec::new();
            for cell in row {
                let panes: Vec<TileId> = cell
                    .iter()
                    .map(|(item, view)| {
                        let pane = Pane { view: *view, ..layout.next_pane(Some(item.clone())) };
                        tiles.insert_pane(pane)
                    })
                    .collect();
                cells.push(tiles.insert_tab_tile(panes));
            }
            made.push(tiles.insert_horizontal_tile(cells));
        }
        let root = tiles.insert_vertical_tile(made);
        layout.tree = Tree::new(egui::Id::unique("panes"), root, tiles);
        layout.mend();
        layout
    }

    /// One pane alone, that shows an item. Zoom and what is kept of a plot are its number's: none of the desk's panes has such a one.
    #[must_use]
    pub fn of_one(shows: Option<ItemRef>, view: PlotView, number: u32) -> Self {
        let next_id = (1 << 32) + u64::from(number);
        let mut layout = Layout::empty(next_id);
        let mut tiles = Tiles::default();
        let cell = layout.tab_tile(&mut tiles, shows);
        let root = tiles.insert_vertical_tile(vec![cell]);
        layout.tree = Tree::new(egui::Id::unique("one pane"), root, tiles);
        layout.mend();
        if let Some(place) = layout.active {
            layout.show_with(place, view);
        }
        layout
    }

    /// The items that panes show on the screen now, in no order, each once.
    #[must_use]
    pub fn visible(&self) -> Vec<ItemRef> {
        let mut items: Vec<ItemRef> = Vec::new();
        for id in self.tree.active_tiles() {
            if let Some(item) = self.tree.tiles.get_pane(&id).and_then(|pane| pane.shows.clone())
                && !items.contains(&item)
            {
                items.push(item);
            }
        }
        items
    }

    /// The figures that are needed now.
    #[must_use]
    pub fn watched(&self, run: Option<Run>, lane: Option<&str>) -> Vec<FigureKey> {
        let tiles = self.tree.active_tiles().into_iter().filter_map(|id| self.tree.tiles.get_pane(&id));
        let mut keys: Vec<FigureKey> = tiles.filter_map(|pane| pane.key(run, lane)).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// The pane that shows an item: the item itself, and not the trend of one of its places.
    #[must_use]
    pub fn place_of(&self, item: &ItemRef) -> Option<TileId> {
        self.tree
            .tiles
            .iter()
            .find(
                |(_, tile)| matches!(tile, Tile::Pane(pane) if pane.shows.as_ref() == Some(item) && pane.choices.place.is_none()),
            )
            .map(|(id, _)| *id)
    }

    /// Shows an item: in the pane that has it, else in the active pane.
    pub fn show(&mut self, item: ItemRef) {
        if let Some(place) = self.place_of(&item) {
            self.activate(place);
            return;
        }
        self.mend();
        match self.active.and_then(|active| self.tree.tiles.get_mut(active)) {
            Some(Tile::Pane(pane)) => {
                (pane.shows, pane.view) = (Some(item), PlotView::default());
                pane.choices = PlotChoices { numbering: self.numbering.clone(), ..PlotChoices::default() };
            }
            _ => self.open(item),
        }
        if let Some(active) = self.active {
            self.activate(active);
        }
    }

    /// Shows an item in a new tab beside the active pane.
    pub fn open(&mut self, item: ItemRef) {
        self.mend();
        let id = self.next_pane(Some(item));
        let new = self.tree.tiles.insert_pane(id);
        let beside = self.active.and_then(|active| self.tree.tiles.parent_of(active));
        match beside.and_then(|parent| self.tree.tiles.get_mut(parent)) {
            Some(Tile::Container(container)) => container.add_child(new),
            _ => self.append(new),
        }
        self.activate(new);
    }

    /// Splits a pane: the same item again, to the right or below; the new pane is the active one.
    pub fn split(&mut self, place: TileId, direction: LinearDir) {
        let Some(Tile::Pane(pane)) = self.tree.tiles.get(place) else { return };
        let shows = pane.shows.clone();
        let new_pane = self.next_pane(shows);
        let tiles = &mut self.tree.tiles;
        let new = tiles.insert_pane(new_pane);
        let new_tabs = tiles.insert_tab_tile(vec![new]);
        let old_tabs = tiles.parent_of(place).unwrap_or(place);
        let outer = tiles.parent_of(old_tabs);
        let along = outer.and_then(|outer| tiles.get_mut(outer));
        match along {
            Some(Tile::Container(Container::Linear(linear))) if linear.dir == direction => {
                let index = linear.children.iter().position(|child| *child == old_tabs).map_or(0, |index| index + 1);
                linear.children.insert(index, new_tabs);
            }
            Some(Tile::Container(container)) => {
                let replaced = TileId::from_u64(u64::MAX);
                let _ = container.replace_child(old_tabs, replaced);
                let pair = tiles.insert_container(Container::new_linear(direction, vec![old_tabs, new_tabs]));
                if let Some(Tile::Container(container)) = outer.and_then(|outer| tiles.get_mut(outer)) {
                    let _ = container.replace_child(replaced, pair);
                }
            }
            _ => {
                let pair = tiles.insert_container(Container::new_linear(direction, vec![old_tabs, new_tabs]));
                self.tree.root = Some(pair);
            }
        }
        self.activate(new);
    }

    /// Shows a pane's plot with something else.
    pub fn show_with(&mut self, place: TileId, view: PlotView) {
        if let Some(Tile::Pane(pane)) = self.tree.tiles.get_mut(place) {
            pane.view = view;
        }
    }

    /// Changes what is chosen of a pane's plot.
    pub fn choose(&mut self, place: TileId, choices: PlotChoices) {
        if let Some(Tile::Pane(pane)) = self.tree.tiles.get_mut(place) {
            pane.choices = choices;
        }
    }

    /// Shows an item in its pane, or the active one, with something else and with choices.
    pub fn show_chosen(&mut self, item: ItemRef, view: PlotView, choices: PlotChoices) {
        self.show(item);
        if let Some(active) = self.active {
            self.show_with(active, view);
            self.choose(active, PlotChoices { numbering: self.numbering.clone(), ..choices });
        }
    }

    /// Shows the trend of a place of a pane's plot: in the pane that has such a trend of the item, else below or beside that pane,
    /// or in a tab of its own where neither half would have room for a plot.
    pub fn show_place(&mut self, below: TileId, of: Place) {
        let Some(Tile::Pane(pane)) = self.tree.tiles.get(below) else { return };
        let item = pane.shows.clone();
        let of_item = |tile: &Tile<Pane>| matches!(tile, Tile::Pane(pane) if pane.shows == item && pane.choices.place.is_some());
        let known = self.tree.tiles.iter().find(|(_, tile)| of_item(tile)).map(|(id, tile)| (*id, tile));
        let choices = match known {
            Some((id, Tile::Pane(pane))) => {
                let choices = pane.choices.clone();
                self.activate(id);
                choices
            }
            _ => {
                let size = self.tree.tiles.rect(below).map_or(egui::Vec2::INFINITY, |rect| rect.size());
                match item.clone() {
                    _ if size.y >= LEAST_HEIGHT_TO_HALVE => self.split(below, LinearDir::Vertical),
                    _ if size.x >= LEAST_WIDTH_TO_HALVE => self.split(below, LinearDir::Horizontal),
                    Some(item) => {
                        self.activate(below);
                        self.open(item);
                    }
                    None => return,
                }
                PlotChoices { numbering: self.numbering.clone(), ..PlotChoices::default() }
            }
        };
        if let Some(active) = self.active {
            self.show_with(active, PlotView::default());
            self.choose(active, PlotChoices { place: Some(of), ..choices });
        }
    }

    /// Numbers the LEMs of all panes so.
    pub fn number_lems(&mut self, numbering: Option<String>) {
        for tile in self.tree.tiles.tiles_mut() {
            if let Tile::Pane(pane) = tile {
                pane.choices.numbering.clone_from(&numbering);
            }
        }
        self.numbering = numbering;
    }

    /// Closes a pane.
    pub fn close(&mut self, place: TileId) {
        self.tree.remove_recursively(place);
        if self.active == Some(place) {
            self.active = None;
        }
        self.mend();
    }

    /// Makes a pane the active one and brings its tab to the front.
    pub fn activate(&mut self, place: TileId) {
        self.active = Some(place);
        self.tree.make_active(|id, _| id == place);
    }

    /// Puts right what closing and dragging left behind: no empty groups, a container as root, a pane that is active.
    pub fn mend(&mut self) {
        self.tree.simplify(&RULES);
        let is_pane = |id: &TileId| matches!(self.tree.tiles.get(*id), Some(Tile::Pane(_)));
        if !self.active.as_ref().is_some_and(is_pane) {
            let mut panes: Vec<TileId> = self.tree.active_tiles().into_iter().filter(is_pane).collect();
            panes.sort_by_key(|id| id.0);
            self.active = panes.first().copied();
        }
    }

    fn append(&mut self, pane: TileId) {
        let tabs = self.tree.tiles.insert_tab_tile(vec![pane]);
        match self.tree.root.and_then(|root| self.tree.tiles.get_mut(root)) {
            Some(Tile::Container(container)) => container.add_child(tabs),
            _ => self.tree.root = Some(self.tree.tiles.insert_vertical_tile(vec![tabs])),
        }
    }

    fn tab_tile(&mut self, tiles: &mut Tiles<Pane>, shows: Option<ItemRef>) -> TileId {
        let pane = self.next_pane(shows);
        let pane = tiles.insert_pane(pane);
        tiles.insert_tab_tile(vec![pane])
    }

    fn next_pane(&mut self, shows: Option<ItemRef>) -> Pane {
        self.next_id += 1;
        let choices = PlotChoices { numbering: self.numbering.clone(), ..PlotChoices::default() };
        Pane { id: self.next_id, shows, view: PlotView::default(), choices }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::ItemNode;
    use monitasks::quality::State;
    use monitasks::task::Glance;

    fn task(name: &str, items: &[&str]) -> TaskNode {
        let item = |item: &&str| ItemNode {
            name: (*item).into(),
            title: (*item).into(),
            about: String::new(),
            glance: Glance::no_data(""),
            verdicts: Default::default(),
            newest: None,
            spark: Default::default(),
        };
        TaskNode {
            name: name.into(),
            title: name.into(),
            about: String::new(),
            state: State::NoData,
            fault: None,
            results: 0,
            unread: Vec::new(),
            items: items.iter().map(item).collect(),
        }
    }

    fn item(task: &str, item: &str) -> ItemRef {
        ItemRef { task: task.into(), item: item.into() }
    }

    fn layout() -> Layout {
        Layout::of_tasks(&[
            task("purity", &["trend", "profile"]),
            task("event_display", &["view_0", "view_1"]),
            task("gain", &["map"]),
        ])
    }

    #[test]
    fn the_first_start_shows_every_task_and_both_views() {
        let mut shown = layout().visible();
        shown.sort_by(|one, other| (&one.task, &one.item).cmp(&(&other.task, &other.item)));
        assert_eq!(
            shown,
            [item("event_display", "view_0"), item("event_display", "view_1"), item("gain", "map"), item("purity", "trend")]
        );
    }

    #[test]
    fn an_item_goes_to_the_active_pane_or_to_where_it_is() {
        let mut layout = layout();
        layout.activate(layout.place_of(&item("gain", "map")).unwrap());
        layout.show(item("purity", "profile"));
        assert_eq!(layout.place_of(&item("gain", "map")), None);
        let place = layout.place_of(&item("purity", "profile"));
        layout.show(item("purity", "trend"));
        assert_eq!(layout.place_of(&item("purity", "profile")), place, "an open item is gone to, not opened again");
        assert_eq!(layout.active, layout.place_of(&item("purity", "trend")));
    }

    #[test]
    fn a_split_shows_the_item_twice_and_the_new_pane_is_active() {
        for direction in [LinearDir::Horizontal, LinearDir::Vertical] {
            let mut layout = layout();
            let place = layout.place_of(&item("gain", "map")).unwrap();
            layout.split(place, direction);
            assert_ne!(layout.active, Some(place));
            layout.show(item("purity", "profile"));
            let shown = layout.visible();
            assert!(shown.contains(&item("gain", "map")) && shown.contains(&item("purity", "profile")), "{shown:?}");
            assert_eq!(shown.len(), 5);
        }
    }

    #[test]
    fn a_new_pane_is_a_tab_and_hides_the_one_it_covers() {
        let mut layout = layout();
        layout.activate(layout.place_of(&item("gain", "map")).unwrap());
        layout.open(item("purity", "profile"));
        assert!(layout.place_of(&item("gain", "map")).is_some());
        assert!(!layout.visible().contains(&item("gain", "map")));
        assert!(layout.visible().contains(&item("purity", "profile")));
    }

    #[test]
    fn all_panes_can_be_closed_and_one_opened_again() {
        let mut layout = layout();
        for name in
            [item("event_display", "view_0"), item("event_display", "view_1"), item("gain", "map"), item("purity", "trend")]
        {
            layout.close(layout.place_of(&name).unwrap());
        }
        assert!(layout.visible().is_empty());
        layout.show(item("gain", "map"));
        assert_eq!(layout.visible(), [item("gain", "map")]);
    }

    #[test]
    fn the_watched_figures_are_sorted_and_once_each() {
        let mut layout = layout();
        layout.split(layout.place_of(&item("gain", "map")).unwrap(), LinearDir::Vertical);
        let keys = layout.watched(Some(Run(4)), None);
        assert_eq!(keys.len(), 4);
        assert!(keys.is_sorted());
        assert!(keys.iter().all(|key| key.run == Some(Run(4))));
    }
}
