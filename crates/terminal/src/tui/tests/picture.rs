//! A screen as a picture, for the documents: SVG, which shows colours everywhere.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// The size of a cell, in units of the picture.
const WIDTH: f64 = 8.0;
const HEIGHT: f64 = 17.0;
/// From the top of a cell to the baseline of its letters.
const BASELINE: f64 = 13.0;
const MARGIN: f64 = 10.0;

const PAPER: &str = "#1b1f27";
const INK: &str = "#d5d9e0";

/// Draws the cells.
pub(super) fn svg(screen: &Buffer) -> String {
    let area = screen.area();
    let width = f64::from(area.width) * WIDTH + 2.0 * MARGIN;
    let height = f64::from(area.height) * HEIGHT + 2.0 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{PAPER}\"/>\n"
    );
    for (row, y) in area.rows().zip(0..) {
        let cells: Vec<&Cell> = row.columns().map(|it| &screen[(it.x, it.y)]).collect();
        let mut x = 0;
        for run in cells.chunk_by(|a, b| look(a) == look(b)) {
            piece(&mut out, run, x, y);
            x += run.len();
        }
    }
    out + "</svg>\n"
}

/// What cells that are drawn together have in common.
fn look(cell: &Cell) -> (Color, Modifier) {
    (cell.fg, cell.modifier)
}

/// Draws cells that look the same. Each piece is given its width, so that the columns are aligned in any font.
fn piece(out: &mut String, run: &[&Cell], column: usize, row: u16) {
    let (colour, modifier) = look(run[0]);
    let reversed = modifier.contains(Modifier::REVERSED);
    let x = MARGIN + column as f64 * WIDTH;
    let y = MARGIN + f64::from(row) * HEIGHT;
    let width = run.len() as f64 * WIDTH;
    let ink = named(colour);
    if reversed {
        writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\" fill=\"{ink}\"/>"
        )
        .unwrap();
    }
    // Programs that draw the picture treat spaces at the ends of a text each in their own way.
    let Some(first) = run.iter().position(|it| it.symbol() != " ") else {
        return;
    };
    let last = run.iter().rposition(|it| it.symbol() != " ");
    let run = &run[first..=last.unwrap_or(first)];
    let x = x + first as f64 * WIDTH;
    let width = run.len() as f64 * WIDTH;
    let text: String = run.iter().map(|it| it.symbol()).collect();
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let ink = if reversed { PAPER } else { ink };
    let mut how = String::new();
    if modifier.contains(Modifier::BOLD) {
        how += " font-weight=\"bold\"";
    }
    if modifier.contains(Modifier::DIM) {
        how += " opacity=\"0.6\"";
    }
    writeln!(
        out,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" xml:space=\"preserve\" fill=\"{ink}\"{how}>{text}</text>",
        y + BASELINE
    )
    .unwrap();
}

/// The terminal's colours that the view uses.
fn named(colour: Color) -> &'static str {
    match colour {
        Color::Red => "#ef6b73",
        Color::Green => "#97c379",
        Color::Yellow => "#e6c07b",
        Color::Blue => "#6cb0f0",
        Color::Magenta => "#c792ea",
        Color::Cyan => "#62c4cf",
        _ => INK,
    }
}
