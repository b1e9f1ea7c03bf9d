//! Puts boxes into columns and draws links between them from left to right, as Sugiyama, Tagawa and Toda do it (1981):
//! links that pass a column get a place in it, columns are sorted so that few links cross, then boxes move to where
//! their neighbours are.
//!
//! A link never runs through a box, and boxes never overlap.

/// Between boxes of a column, in pixels.
const GAP: f64 = 14.0;

/// What a passing link takes of a column, in pixels.
const LANE: f64 = 6.0;

/// How often columns are sorted, and boxes moved: more changes nothing for graphs of this size.
const ROUNDS: usize = 24;

/// A box to place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Its column. All links go to later ones.
    pub(crate) column: usize,
    /// In pixels.
    pub(crate) width: f64,
    /// In pixels.
    pub(crate) height: f64,
}

/// A box in its place, or the lane of links that pass a column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// One piece of a link, between neighbouring columns or through one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    /// The box that the link begins at.
    pub(crate) source: usize,
    pub(crate) from: (f64, f64),
    pub(crate) to: (f64, f64),
    /// Whether it ends at a box.
    pub(crate) ends: bool,
}

/// Everything in its place.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) boxes: Vec<Place>,
    pub(crate) pieces: Vec<Piece>,
    /// Where each column begins, and how wide it is.
    pub(crate) columns: Vec<(f64, f64)>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// A box, or the lane of the links of one box through a column.
struct Cell {
    column: usize,
    height: f64,
    source: usize,
    lane: bool,
    left: Vec<usize>,
    right: Vec<usize>,
    middle: f64,
}

/// Places boxes. The last column keeps the order that it is given in.
pub(crate) fn layout(boxes: &[Size], links: &[(usize, usize)], between: f64) -> Layout {
    let count = boxes.iter().map(|size| size.column + 1).max().unwrap_or(0);
    let mut cells = cells(boxes, links);
    let mut order: Vec<Vec<usize>> = (0..count)
        .map(|column| (0..cells.len()).filter(|cell| cells[*cell].column == column).collect())
        .collect();
    sort(&cells, &mut order);
    stack(&mut cells, &order);

    let mut columns = Vec::new();
    let mut x = 0.0;
    for column in 0..count {
        let widths = boxes.iter().filter(|size| size.column == column).map(|size| size.width);
        let width = widths.fold(0.0, f64::max);
        columns.push((x, width));
        x += width + between;
    }
    let places = boxes.iter().zip(&cells).map(|(size, cell)| Place {
        x: columns[size.column].0,
        y: cell.middle - size.height / 2.0,
        width: columns[size.column].1,
        height: size.height,
    });
    let bottom = cells.iter().map(|cell| cell.middle + cell.height / 2.0).fold(0.0, f64::max);
    Layout {
        boxes: places.collect(),
        pieces: pieces(&cells, &columns),
        width: (x - between).max(0.0),
        height: bottom,
        columns,
    }
}

fn cells(boxes: &[Size], links: &[(usize, usize)]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let cell = |column: usize, height: f64, source: usize, lane: bool| Cell {
        column,
        height,
        source,
        lane,
        left: Vec::new(),
        right: Vec::new(),
        middle: 0.0,
    };
    for (index, size) in boxes.iter().enumerate() {
        cells.push(cell(size.column, size.height, index, false));
    }
    for source in 0..boxes.len() {
        let mut targets: Vec<usize> =
            links.iter().filter(|(from, _)| *from == source).map(|(_, to)| *to).collect();
        targets.sort_by_key(|target| boxes[*target].column);
        targets.dedup();
        let mut end = source;
        for target in targets {
            assert!(boxes[target].column > boxes[source].column, "links go from left to right");
            while cells[end].column + 1 < boxes[target].column {
                cells.push(cell(cells[end].column + 1, LANE, source, true));
                let lane = cells.len() - 1;
                join(&mut cells, end, lane);
                end = lane;
            }
            join(&mut cells, end, target);
        }
    }
    cells
}

fn join(cells: &mut [Cell], from: usize, to: usize) {
    cells[from].right.push(to);
    cells[to].left.push(from);
}

/// Sorts columns so that few links cross.
fn sort(cells: &[Cell], order: &mut Vec<Vec<usize>>) {
    let mut best = (crossings(cells, order), order.clone());
    let last = order.len().saturating_sub(1);
    for round in 0..ROUNDS {
        let forward = round % 2 == 0;
        let columns: Vec<usize> = if forward { (1..last).collect() } else { (0..last).rev().collect() };
        for column in columns {
            let beside = if forward { column - 1 } else { column + 1 };
            let position = |cell: &usize| order[beside].iter().position(|other| other == cell);
            let key = |cell: usize| {
                let near = if forward { &cells[cell].left } else { &cells[cell].right };
                let found: Vec<usize> = near.iter().filter_map(position).collect();
                let own = order[column].iter().position(|other| *other == cell).unwrap_or(0);
                mean(found.iter().map(|at| whole(*at))).unwrap_or(whole(own))
            };
            let mut keyed: Vec<(f64, usize)> = order[column].iter().map(|cell| (key(*cell), *cell)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            order[column] = keyed.into_iter().map(|(_, cell)| cell).collect();
        }
        let count = crossings(cells, order);
        if count < best.0 {
            best = (count, order.clone());
        }
    }
    *order = best.1;
}

fn crossings(cells: &[Cell], order: &[Vec<usize>]) -> usize {
    let mut place = vec![0; cells.len()];
    for column in order {
        for (at, cell) in column.iter().enumerate() {
            place[*cell] = at;
        }
    }
    let mut count = 0;
    for column in order {
        let links: Vec<(usize, usize)> = column
            .iter()
            .flat_map(|cell| cells[*cell].right.iter().map(|to| (place[*cell], place[*to])))
            .collect();
        for (index, a) in links.iter().enumerate() {
            count += links[index + 1..]
                .iter()
                .filter(|b| (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1))
                .count();
        }
    }
    count
}

/// Stacks each column, then moves what is in it to where its neighbours are, as far as there is room.
fn stack(cells: &mut [Cell], order: &[Vec<usize>]) {
    for column in order {
        let mut y = 0.0;
        for cell in column {
            cells[*cell].middle = y + cells[*cell].height / 2.0;
            y += cells[*cell].height + GAP;
        }
    }
    for round in 0..ROUNDS {
        let columns: Vec<usize> =
            if round % 2 == 0 { (0..order.len()).collect() } else { (0..order.len()).rev().collect() };
        for column in columns {
            let wish = |cell: &usize| {
                let near = cells[*cell].left.iter().chain(&cells[*cell].right);
                mean(near.map(|other| cells[*other].middle)).unwrap_or(cells[*cell].middle)
            };
            let wishes: Vec<f64> = order[column].iter().map(wish).collect();
            let heights: Vec<f64> = order[column].iter().map(|cell| cells[*cell].height).collect();
            for (cell, middle) in order[column].iter().zip(apart(&wishes, &heights)) {
                cells[*cell].middle = middle;
            }
        }
    }
    let top = cells.iter().map(|cell| cell.middle - cell.height / 2.0).fold(f64::INFINITY, f64::min);
    for cell in cells {
        cell.middle -= top;
    }
}

/// Positions near those wished for that keep their order and their distance: the mean of pushing down and pushing up.
fn apart(wishes: &[f64], heights: &[f64]) -> Vec<f64> {
    let distance = |a: usize, b: usize| f64::midpoint(heights[a], heights[b]) + GAP;
    let mut down = wishes.to_vec();
    for at in 1..down.len() {
        down[at] = down[at].max(down[at - 1] + distance(at - 1, at));
    }
    let mut up = wishes.to_vec();
    for at in (1..up.len()).rev() {
        up[at - 1] = up[at - 1].min(up[at] - distance(at - 1, at));
    }
    down.iter().zip(&up).map(|(down, up)| f64::midpoint(*down, *up)).collect()
}

fn pieces(cells: &[Cell], columns: &[(f64, f64)]) -> Vec<Piece> {
    let end = |cell: &Cell| columns[cell.column].0 + columns[cell.column].1;
    let mut pieces = Vec::new();
    for (index, cell) in cells.iter().enumerate() {
        if cell.lane {
            let from = (columns[cell.column].0, cell.middle);
            pieces.push(Piece { source: cell.source, from, to: (end(cell), cell.middle), ends: false });
        }
        // Links reach a box one below the other, as they come.
        let mut left = cell.left.clone();
        left.sort_by(|a, b| cells[*a].middle.total_cmp(&cells[*b].middle));
        let step = if cells[index].lane { 0.0 } else { cell.height / whole(left.len() + 1) };
        let top = if cells[index].lane { cell.middle } else { cell.middle - cell.height / 2.0 };
        for (at, before) in left.iter().enumerate() {
            let before = &cells[*before];
            let to = (columns[cell.column].0, top + step * whole(at + 1));
            pieces.push(Piece {
                source: before.source,
                from: (end(before), before.middle),
                to,
                ends: !cell.lane,
            });
        }
    }
    pieces
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / whole(count))
}

/// Counts of boxes are small.
fn whole(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn size(column: usize) -> Size {
        Size { column, width: 100.0, height: 40.0 }
    }

    /// Whether no two boxes overlap, and no link runs through one.
    pub(in crate::graph) fn is_clear(layout: &Layout) -> bool {
        layout.boxes.iter().enumerate().all(|(index, a)| {
            let beside = |b: &Place| {
                let across = a.x + a.width <= b.x || b.x + b.width <= a.x;
                across || a.y + a.height <= b.y || b.y + b.height <= a.y
            };
            let runs_through = |piece: &Piece| {
                let across = piece.from.0 <= a.x && piece.to.0 >= a.x + a.width;
                across && (a.y..a.y + a.height).contains(&piece.from.1)
            };
            layout.boxes[index + 1..].iter().all(beside) && !layout.pieces.iter().any(runs_through)
        })
    }

    #[test]
    fn boxes_keep_apart_and_links_pass_beside_them() {
        let boxes = [size(0), size(0), size(1), size(1), size(1), size(2), size(2)];
        let links = [(0, 2), (1, 4), (0, 6), (1, 5), (2, 5), (3, 6), (4, 6)];
        let mut placed = layout(&boxes, &links, 50.0);
        assert!(is_clear(&placed));
        assert!((placed.width - 400.0).abs() < 0.1, "three columns and what is between them");
        placed.boxes[1] = placed.boxes[0];
        assert!(!is_clear(&placed), "it would be noticed");
    }

    #[test]
    fn links_that_need_not_cross_do_not() {
        // a → d, b → c: sorted, neither crosses the other.
        let boxes = [size(0), size(0), size(1), size(1), size(2)];
        let placed = layout(&boxes, &[(0, 3), (1, 2), (2, 4), (3, 4)], 50.0);
        assert_eq!(placed.boxes[0].y < placed.boxes[1].y, placed.boxes[3].y < placed.boxes[2].y);
    }
}
