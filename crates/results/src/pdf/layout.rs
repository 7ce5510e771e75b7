//! Where the lines of a written report stand: paragraphs broken into lines, lines into pages.

use unicode_linebreak::{BreakOpportunity, linebreaks};

use super::fonts::{Face, Fonts};

/// A4, in points.
pub(super) const PAGE: [f32; 2] = [595.28, 841.89];
pub(super) const MARGIN: f32 = 56.0;
/// Where the last line of a page may stand; the footer is below.
const BOTTOM: f32 = PAGE[1] - 64.0;

/// A part of a report.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// The title.
    Title(String),
    /// The heading of a part.
    Heading(String),
    /// Words, perhaps after a label in bold. Lines stay lines.
    Text { label: String, text: String },
    /// What must not be overlooked, in bold.
    Notice(String),
}

impl Block {
    pub(super) fn text(text: &str) -> Self {
        Self::labelled("", text)
    }

    pub(super) fn labelled(label: &str, text: &str) -> Self {
        Self::Text {
            label: label.to_owned(),
            text: text.to_owned(),
        }
    }

    const fn size(&self) -> f32 {
        match self {
            Self::Title(_) => 18.0,
            Self::Heading(_) => 13.0,
            Self::Text { .. } | Self::Notice(_) => 10.5,
        }
    }

    /// Room before and after.
    const fn room(&self) -> [f32; 2] {
        match self {
            Self::Title(_) => [0.0, 8.0],
            Self::Heading(_) => [14.0, 3.0],
            Self::Text { .. } => [0.0, 3.0],
            Self::Notice(_) => [4.0, 6.0],
        }
    }

    /// Its words with the font of each part.
    fn parts(&self) -> Vec<(Face, &str)> {
        match self {
            Self::Title(text) | Self::Heading(text) | Self::Notice(text) => {
                vec![(Face::Bold, text)]
            }
            Self::Text { label, text } => vec![(Face::Bold, label), (Face::Regular, text)],
        }
    }
}

/// Signs of one font beside each other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) face: Face,
    pub(super) text: String,
    pub(super) x: f32,
}

/// A line on a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// The block that it is of.
    pub(super) block: usize,
    pub(super) page: usize,
    /// Its baseline.
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) runs: Vec<Run>,
}

/// Puts blocks on pages.
pub(super) fn lines(blocks: &[Block], fonts: &Fonts) -> Vec<Line> {
    let mut out = Vec::new();
    let (mut page, mut y) = (0, MARGIN);
    for (number, block) in blocks.iter().enumerate() {
        let size = block.size();
        let [before, after] = block.room();
        // A heading stands with the first lines of what it is of.
        let least = if matches!(block, Block::Heading(_)) {
            4.0
        } else {
            1.0
        };
        if y > MARGIN {
            y += before;
        }
        if y + size * 1.35 * least > BOTTOM {
            (page, y) = (page + 1, MARGIN);
        }
        for runs in broken(block, fonts) {
            if y + size * 1.35 > BOTTOM {
                (page, y) = (page + 1, MARGIN);
            }
            y += size * 1.35;
            out.push(Line {
                block: number,
                page,
                y,
                size,
                runs,
            });
        }
        y += after;
    }
    out
}

/// A block in lines.
fn broken(block: &Block, fonts: &Fonts) -> Vec<Vec<Run>> {
    let mut text = String::new();
    let mut signs: Vec<(char, Face)> = Vec::new();
    for (wanted, part) in block.parts() {
        for sign in part.chars() {
            let face = fonts.face_of(sign, wanted).unwrap_or(wanted);
            text.push(sign);
            signs.push((sign, face));
        }
    }
    // After which sign a line may, or must, end.
    let mut at = 0;
    let ends: Vec<(usize, bool)> = linebreaks(&text)
        .scan(0, |from, (to, kind)| {
            at += text[*from..to].chars().count();
            *from = to;
            Some((at, kind == BreakOpportunity::Mandatory))
        })
        .collect();
    let room = (PAGE[0] - 2.0 * MARGIN) / block.size();
    let width = |from: usize, to: usize| -> f32 {
        signs[from..to]
            .iter()
            .map(|(sign, face)| fonts.width(*sign, *face))
            .sum()
    };
    let mut lines = Vec::new();
    let (mut start, mut end) = (0, 0);
    for (to, is_mandatory) in ends {
        let visible = trimmed(&signs, end.max(start), to);
        if end > start && width(start, visible) > room {
            lines.push(start..end);
            start = end;
        }
        // A word that is wider than the page.
        while width(start, trimmed(&signs, start, to)) > room {
            let mut fits = start + 1;
            while fits < to && width(start, fits + 1) <= room {
                fits += 1;
            }
            lines.push(start..fits);
            start = fits;
        }
        end = to;
        if is_mandatory {
            lines.push(start..end);
            start = end;
        }
    }
    lines
        .into_iter()
        .map(|range| runs(&signs[range], block.size(), fonts))
        .collect()
}

/// Where a stretch ends to the eye.
fn trimmed(signs: &[(char, Face)], from: usize, to: usize) -> usize {
    let blank = signs[from..to]
        .iter()
        .rev()
        .take_while(|(sign, _)| sign.is_whitespace())
        .count();
    to - blank
}

fn runs(signs: &[(char, Face)], size: f32, fonts: &Fonts) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut x = MARGIN;
    for (sign, face) in signs {
        if matches!(sign, '\n' | '\r') {
            continue;
        }
        match runs.last_mut().filter(|run| run.face == *face) {
            Some(run) => run.text.push(*sign),
            None => runs.push(Run {
                face: *face,
                text: sign.to_string(),
                x,
            }),
        }
        x += fonts.width(*sign, *face) * size;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[Line]) -> String {
        let text =
            |line: &Line| -> String { line.runs.iter().map(|run| run.text.as_str()).collect() };
        lines.iter().map(text).collect()
    }

    #[test]
    fn nothing_of_a_long_text_is_lost_and_no_line_is_wider_than_the_page() {
        let fonts = Fonts::read().unwrap();
        let text = format!(
            "{} {} {}",
            "Wörter und mehr ".repeat(700),
            "x".repeat(900),
            "肺炎".repeat(300)
        );
        let lines = lines(
            &[
                Block::Title("T".to_owned()),
                Block::labelled("Findings: ", &text),
            ],
            &fonts,
        );
        assert_eq!(said(&lines), format!("TFindings: {text}"));
        assert!(lines.last().unwrap().page > 1);
        for line in &lines {
            let visible: Vec<(char, Face)> = line
                .runs
                .iter()
                .flat_map(|run| run.text.chars().map(|sign| (sign, run.face)))
                .collect();
            let visible = &visible[..trimmed(&visible, 0, visible.len())];
            let width: f32 = visible
                .iter()
                .map(|(sign, face)| fonts.width(*sign, *face))
                .sum();
            assert!(
                width * line.size <= PAGE[0] - 2.0 * MARGIN + 0.01,
                "{line:?}"
            );
            assert!(line.y <= BOTTOM);
        }
    }

    #[test]
    fn lines_stay_lines() {
        let fonts = Fonts::read().unwrap();
        assert_eq!(lines(&[Block::text("a\nb\r\nc")], &fonts).len(), 3);
    }
}
