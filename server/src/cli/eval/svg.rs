//! The report's pictures: small SVGs that read well on light and dark ground and in black and white.

use std::fmt::Write;

use super::calibration::{Bin, Point};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 64.0;
const RIGHT: f64 = 24.0;
const BOTTOM: f64 = 56.0;
/// As wide as `confidence 0.9` is written.
const LABEL: f64 = 90.0;

const STYLE: &str = "\
svg { color: #24292f; background: #ffffff; font: 13px system-ui, sans-serif; }
.mark { fill: #0969da; stroke: #0969da; } .area { fill: #0969da; fill-opacity: 0.18; } .line { stroke: #0969da; }
@media (prefers-color-scheme: dark) {
  svg { color: #e6edf3; background: #0d1117; }
  .mark { fill: #58a6ff; stroke: #58a6ff; } .area { fill: #58a6ff; } .line { stroke: #58a6ff; }
}
text { fill: currentColor; } .title { font-size: 15px; font-weight: 600; } .small { font-size: 11px; }
.faint { fill-opacity: 0.7; } .grid { stroke: currentColor; stroke-opacity: 0.15; }
.axis { stroke: currentColor; stroke-opacity: 0.6; } .line { fill: none; stroke-width: 2; }
.guide { stroke: currentColor; stroke-opacity: 0.5; stroke-dasharray: 5 4; fill: none; }";

/// Confidence against the share that is right, a bar a bin with its interval and its number of answers.
pub(super) fn reliability(bins: &[Bin], ece: f64) -> String {
    let title = "Reliability: what a confidence is worth";
    let summary = format!("expected calibration error {ece:.3}; numbers above are answers");
    let mut chart = Chart::new(title, &summary, "confidence", "share of answers that are right", 1.0);
    chart.line("guide", &[(0.0, 0.0), (1.0, 1.0)]);
    for bin in bins.iter().filter(|bin| bin.count > 0) {
        let (x, y) = (across(bin.from) + 2.0, chart.y(bin.right));
        let (width, height) = (across(bin.until) - x - 2.0, chart.y(0.0) - y);
        chart.add(&format!(
            "<rect class=\"area\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        ));
        chart.line("line", &[(bin.confidence, bin.interval.0), (bin.confidence, bin.interval.1)]);
        let (x, y) = (across(bin.confidence), chart.y(bin.right));
        chart.add(&format!("<circle class=\"mark\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"));
        let middle = across(f64::midpoint(bin.from, bin.until));
        chart.text(middle, TOP - 6.0, "small", "middle", &bin.count.to_string());
    }
    chart.finish()
}

/// Share of questions answered against the share of those answers that is wrong.
pub(super) fn risk_coverage(curve: &[Point], questions: usize, aurc: f64) -> String {
    let title = "Risk and coverage: the surest answers first";
    let answered = curve.last().map_or(0.0, |point| point.coverage);
    let summary = format!("{questions} questions, {:.1} % answered; area under the curve {aurc:.3}", answered * 100.0);
    let top = curve.iter().map(|point| point.risk).fold(0.1, f64::max);
    // The next tenth, so that the curve fills the picture.
    let top = (top * 10.0 - 1e-9).ceil() / 10.0;
    let mut chart = Chart::new(title, &summary, "share of questions answered", "share of answers that are wrong", top);
    let points: Vec<(f64, f64)> = curve.iter().map(|point| (point.coverage, point.risk)).collect();
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        let mut area = vec![(first.0, 0.0)];
        area.extend(&points);
        area.push((last.0, 0.0));
        let area: Vec<String> = area.iter().map(|&(x, y)| format!("{:.1},{:.1}", across(x), chart.y(y))).collect();
        chart.add(&format!("<polygon class=\"area\" points=\"{}\"/>", area.join(" ")));
        chart.line("line", &points);
    }
    // Where the confidence passes what people ask for.
    for wanted in [0.9, 0.8, 0.7, 0.5] {
        if let Some(point) = curve.iter().rev().find(|point| point.confidence >= wanted) {
            let (x, y) = (across(point.coverage), chart.y(point.risk));
            chart.add(&format!("<circle class=\"mark\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"));
            // Before the curve where there is room, else below it.
            let (x, y, anchor) = if x > LEFT + LABEL { (x, y - 9.0, "end") } else { (x + 8.0, y + 12.0, "start") };
            chart.text(x, y, "small", anchor, &format!("confidence {wanted}"));
        }
    }
    chart.finish()
}

/// Where a share of the width lies.
fn across(value: f64) -> f64 {
    LEFT + value * (WIDTH - LEFT - RIGHT)
}

/// A picture with two axes, `x` from 0 to 1 and `y` from 0 to `top`.
struct Chart {
    out: String,
    top: f64,
}

impl Chart {
    fn new(title: &str, summary: &str, x: &str, y: &str, top: f64) -> Self {
        let mut chart = Self { out: String::new(), top };
        let _ = write!(
            chart.out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" role=\"img\" aria-label=\"{}\">\n<style>\n{STYLE}\n</style>\n",
            escaped(&format!("{title}; {summary}"))
        );
        chart.text(LEFT, 22.0, "title", "start", title);
        chart.text(LEFT, 40.0, "small faint", "start", summary);
        for step in 0..=5 {
            let share = f64::from(step) / 5.0;
            let value = share * top;
            chart.line("grid", &[(0.0, value), (1.0, value)]);
            chart.line("grid", &[(share, 0.0), (share, top)]);
            chart.text(LEFT - 8.0, chart.y(value) + 4.0, "small", "end", &trimmed(value));
            chart.text(across(share), HEIGHT - BOTTOM + 18.0, "small", "middle", &trimmed(share));
        }
        chart.line("axis", &[(0.0, 0.0), (1.0, 0.0)]);
        chart.line("axis", &[(0.0, 0.0), (0.0, top)]);
        chart.text(across(0.5), HEIGHT - 14.0, "", "middle", x);
        let middle = chart.y(top / 2.0);
        chart.add(&format!(
            "<text x=\"18\" y=\"{middle:.1}\" text-anchor=\"middle\" transform=\"rotate(-90 18 {middle:.1})\">{}</text>",
            escaped(y)
        ));
        chart
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - value / self.top * (HEIGHT - TOP - BOTTOM)
    }

    fn add(&mut self, element: &str) {
        self.out.push_str(element);
        self.out.push('\n');
    }

    fn line(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points.iter().map(|&(x, y)| format!("{:.1},{:.1}", across(x), self.y(y))).collect();
        self.add(&format!("<polyline class=\"{class}\" points=\"{}\"/>", points.join(" ")));
    }

    fn text(&mut self, x: f64, y: f64, class: &str, anchor: &str, text: &str) {
        let text = escaped(text);
        self.add(&format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"));
    }

    fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::calibration::{Calibration, Sure};
    use super::*;

    #[test]
    fn bars_stand_at_their_share_with_their_number() {
        let answers = [(0.95, true), (0.95, true), (0.95, true), (0.95, false)];
        let answers = answers.map(|(confidence, right)| Sure { confidence, right }).to_vec();
        let calibration = Calibration::new(answers, 4);
        let svg = reliability(&calibration.bins(), calibration.ece());
        // The plot is 320 high and 472 wide: 0.75 of it from below, and from 0.9 of the width on.
        assert!(
            svg.contains("<rect class=\"area\" x=\"490.8\" y=\"144.0\" width=\"43.2\" height=\"240.0\"/>"),
            "{svg}"
        );
        assert!(svg.contains(">4</text>") && svg.contains("expected calibration error 0.200"), "{svg}");
        assert!(svg.contains("prefers-color-scheme: dark") && svg.ends_with("</svg>\n"));
        let curve = risk_coverage(&calibration.curve(), 4, calibration.aurc());
        assert!(curve.contains("100.0 % answered") && curve.contains("confidence 0.9"), "{curve}");
        assert!(risk_coverage(&[], 0, 0.0).ends_with("</svg>\n"));
    }
}
