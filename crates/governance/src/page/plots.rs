//! Plots as SVG, drawn by hand: squares, lines and bars need no library.

use ai::evaluate::CalibrationBin;
use chrono::NaiveDate;
use maud::{Markup, html};

use crate::drift::QuantityDrift;

/// Side of a square plot, in pixels, within margins.
const SIDE: f64 = 260.0;
/// Margin for the axes' words.
const MARGIN: f64 = 48.0;
/// Colours that differ for the colour-blind as well (Okabe and Ito 2008).
const COLOURS: [&str; 3] = ["#0072b2", "#d55e00", "#009e73"];

fn x(share: f64) -> f64 {
    MARGIN + share * SIDE
}

fn y(share: f64) -> f64 {
    MARGIN / 2.0 + (1.0 - share) * SIDE
}

fn points(line: impl Iterator<Item = [f64; 2]>) -> String {
    let point = |[across, up]: [f64; 2]| format!("{:.1},{:.1}", x(across), y(up));
    line.map(point).collect::<Vec<_>>().join(" ")
}

/// A square of 0 to 1 with axes, a diagonal, and what is drawn into it.
fn square(title: &str, across: &str, up: &str, inside: &Markup) -> Markup {
    let (width, height) = (SIDE + MARGIN * 1.5, SIDE + MARGIN * 1.8);
    html! {
        figure {
            figcaption { (title) }
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img" aria-label=(title) {
                rect x=(x(0.0)) y=(y(1.0)) width=(SIDE) height=(SIDE) fill="none" stroke="#666" {}
                line x1=(x(0.0)) y1=(y(0.0)) x2=(x(1.0)) y2=(y(1.0)) stroke="#aaa" stroke-dasharray="4 4" {}
                @for tick in [0.0, 0.5, 1.0] {
                    text x=(x(tick)) y=(y(0.0) + 16.0) font-size="12" text-anchor="middle" { (tick) }
                    text x=(x(0.0) - 6.0) y=(y(tick) + 4.0) font-size="12" text-anchor="end" { (tick) }
                }
                text x=(x(0.5)) y=(y(0.0) + 34.0) font-size="12" text-anchor="middle" { (across) }
                text x="12" y=(y(0.5)) font-size="12" text-anchor="middle" transform=(format!("rotate(-90 12 {})", y(0.5))) { (up) }
                (inside)
            }
        }
    }
}

/// The reliability curve: a circle a bin, as large as its cases.
pub(super) fn reliability(bins: &[CalibrationBin]) -> Markup {
    let filled: Vec<&CalibrationBin> = bins.iter().filter(|bin| bin.cases > 0).collect();
    let most = filled.iter().map(|bin| bin.cases).max().unwrap_or(1) as f64;
    let line = points(
        filled
            .iter()
            .map(|bin| [bin.mean_probability, bin.positive_share]),
    );
    let inside = html! {
        polyline points=(line) fill="none" stroke=(COLOURS[0]) stroke-width="1.5" {}
        @for bin in &filled {
            circle cx=(x(bin.mean_probability)) cy=(y(bin.positive_share)) r=(format!("{:.1}", 3.0 + 7.0 * (bin.cases as f64 / most).sqrt())) fill=(COLOURS[0]) fill-opacity="0.6" {
                title { (bin.cases) " cases: said " (format!("{:.2}", bin.mean_probability)) ", were " (format!("{:.2}", bin.positive_share)) }
            }
        }
    };
    square(
        "Reliability",
        "mean probability",
        "share that are positive",
        &inside,
    )
}

/// The ROC curve.
pub(super) fn roc(curve: &[[f64; 2]], auroc: Option<f64>) -> Markup {
    let title = auroc.map_or("ROC curve".to_owned(), |auroc| {
        format!("ROC curve, area {auroc:.3}")
    });
    let line = points(curve.iter().copied());
    let inside =
        html! { polyline points=(line) fill="none" stroke=(COLOURS[1]) stroke-width="2" {} };
    square(&title, "1 - specificity", "sensitivity", &inside)
}

/// A quantity then and now: two bars a bin.
pub(super) fn drift(one: &QuantityDrift) -> Markup {
    let (width, height) = (SIDE + MARGIN, 150.0);
    let share = |counts: &[u64]| -> Vec<f64> {
        let total = counts.iter().sum::<u64>().max(1) as f64;
        counts.iter().map(|count| *count as f64 / total).collect()
    };
    let (then, now) = (share(&one.reference), share(&one.recent));
    let tallest = then.iter().chain(&now).copied().fold(0.01, f64::max);
    let step = SIDE / then.len() as f64;
    let bar = |share: f64| share / tallest * 110.0;
    let title = format!(
        "{}: index {:.2}, limit {:.2}{}",
        one.quantity,
        one.index,
        one.limit,
        if one.has_drifted { ", drifted" } else { "" }
    );
    html! {
        figure {
            figcaption { (title) }
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img" aria-label=(title) {
                @for (index, (then, now)) in then.iter().zip(&now).enumerate() {
                    @let left = MARGIN / 2.0 + index as f64 * step;
                    rect x=(format!("{left:.1}")) y=(format!("{:.1}", 125.0 - bar(*then))) width=(format!("{:.1}", step * 0.4)) height=(format!("{:.1}", bar(*then))) fill="#999" {}
                    rect x=(format!("{:.1}", left + step * 0.42)) y=(format!("{:.1}", 125.0 - bar(*now))) width=(format!("{:.1}", step * 0.4)) height=(format!("{:.1}", bar(*now))) fill=(COLOURS[usize::from(one.has_drifted)]) {}
                }
                text x=(MARGIN / 2.0) y="142" font-size="12" { "grey: first " (one.reference.iter().sum::<u64>()) " cases, coloured: last " (one.recent.iter().sum::<u64>()) }
            }
        }
    }
}

/// Lines of 0 to 1 over days.
pub(super) fn trend(lines: &[(&str, Vec<(NaiveDate, f64)>)]) -> Markup {
    let days = || {
        lines
            .iter()
            .flat_map(|(_, line)| line.iter().map(|(day, _)| *day))
    };
    let (Some(first), Some(last)) = (days().min(), days().max()) else {
        return html! {};
    };
    let span = (last - first).num_days().max(1) as f64;
    let (width, height) = (SIDE * 2.5 + MARGIN * 2.0, SIDE + MARGIN * 1.8);
    let place = |day: NaiveDate| MARGIN + (day - first).num_days() as f64 / span * SIDE * 2.5;
    let line = |values: &[(NaiveDate, f64)]| {
        let point =
            |(day, value): &(NaiveDate, f64)| format!("{:.1},{:.1}", place(*day), y(*value));
        values.iter().map(point).collect::<Vec<_>>().join(" ")
    };
    html! {
        figure {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img" aria-label="Day by day" {
                rect x=(MARGIN) y=(y(1.0)) width=(SIDE * 2.5) height=(SIDE) fill="none" stroke="#666" {}
                @for tick in [0.0, 0.5, 1.0] { text x=(MARGIN - 6.0) y=(y(tick) + 4.0) font-size="12" text-anchor="end" { (tick) } }
                text x=(MARGIN) y=(y(0.0) + 16.0) font-size="12" { (first) }
                text x=(MARGIN + SIDE * 2.5) y=(y(0.0) + 16.0) font-size="12" text-anchor="end" { (last) }
                @for (index, (name, values)) in lines.iter().enumerate() {
                    polyline points=(line(values)) fill="none" stroke=(COLOURS[index % COLOURS.len()]) stroke-width="2" {}
                    text x=(MARGIN + 8.0 + 110.0 * index as f64) y=(y(0.0) + 34.0) font-size="13" fill=(COLOURS[index % COLOURS.len()]) { (name) }
                }
            }
        }
    }
}
