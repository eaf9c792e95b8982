//! Pictures of results, drawn from their JSON: delay against rate, cost against flows. SVG.

use crate::BenchError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
/// Room for what stands beside the picture: left, top, right, below.
const EDGE: [f64; 4] = [70.0, 36.0, 150.0, 48.0];
/// Told apart by those who see no red or green, too (Okabe and Ito).
const COLOURS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999"];

/// Lines of points, by name.
type Lines = BTreeMap<String, Vec<(f64, f64)>>;

/// Draws what `json` has, beside it or in `folder`. Returns the files written.
///
/// # Errors
/// When the file cannot be read, has no results, or a picture cannot be written.
pub fn draw(json: &Path, folder: Option<&Path>) -> Result<Vec<PathBuf>, BenchError> {
    let text = std::fs::read_to_string(json).map_err(BenchError::system(json.display().to_string()))?;
    let all: Value = serde_json::from_str(&text)
        .map_err(|error| BenchError::Profile(format!("{}: {error}", json.display())))?;
    let part = |name: &str| all.get(name).unwrap_or(&all);
    let rates = lines(part("plain"), &["fixed", "highest"], "delivered_pps", "delay_p99_us");
    let flows = lines(part("flows"), &["fixed"], "flows", "ns_per_packet");
    let stem = json.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = folder.or_else(|| json.parent()).unwrap_or(Path::new("."));
    let pictures = [
        ("delay", picture("Added delay against rate", "packets/s", "p99 of delay, us", &rates)),
        ("flows", picture("CPU for each packet against flows", "flows", "ns for each packet", &flows)),
    ];
    let mut written = Vec::new();
    for (name, svg) in pictures {
        let Some(svg) = svg else { continue };
        let path = folder.join(format!("{stem}-{name}.svg"));
        std::fs::write(&path, svg).map_err(BenchError::system(path.display().to_string()))?;
        written.push(path);
    }
    if written.is_empty() {
        return Err(BenchError::Profile(format!("{} has no results to draw", json.display())));
    }
    Ok(written)
}

/// Medians of `y` over samples of one subject and one load, against the median of `x`.
fn lines(results: &Value, lists: &[&str], x: &str, y: &str) -> Lines {
    let mut groups: BTreeMap<(String, u64, u64), Vec<(f64, f64)>> = BTreeMap::new();
    for (number, list) in lists.iter().enumerate() {
        for sample in results.get(list).and_then(Value::as_array).into_iter().flatten() {
            let number_of = |key: &str| sample.get(key).and_then(Value::as_f64);
            let Some(subject) = sample.get("subject").and_then(Value::as_str) else { continue };
            let (Some(at), Some(value)) = (number_of(x), number_of(y)) else { continue };
            // Overloaded: what arrives then says nothing.
            if number_of("loss").is_some_and(|loss| loss > 0.001) {
                continue;
            }
            // Of highest rates there is one point.
            let rate = if number == 0 { number_of("target_pps").unwrap_or(0.0) as u64 } else { u64::MAX };
            let flows = number_of("flows").unwrap_or(0.0) as u64;
            groups.entry((subject.to_owned(), flows, rate)).or_default().push((at, value));
        }
    }
    let mut lines = Lines::new();
    for ((subject, ..), points) in groups {
        lines.entry(subject).or_default().push((middle(&points, |p| p.0), middle(&points, |p| p.1)));
    }
    for points in lines.values_mut() {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    lines
}

fn middle(points: &[(f64, f64)], of: fn(&(f64, f64)) -> f64) -> f64 {
    let spread = crate::report::Spread::of(points.iter().map(of));
    spread.map_or(0.0, |spread| spread.median)
}

/// Both axes are logarithmic. `None` without two different values of x.
fn picture(title: &str, x: &str, y: &str, lines: &Lines) -> Option<String> {
    let points = || lines.values().flatten().filter(|point| point.0 > 0.0 && point.1 > 0.0);
    let (left, right) = decades(points().map(|point| point.0))?;
    let (low, high) = decades(points().map(|point| point.1))?;
    if points().map(|point| point.0 as u64).min() == points().map(|point| point.0 as u64).max() {
        return None;
    }
    let [west, north, east, south] = EDGE;
    let at_x = |value: f64| west + (value.log10() - left) / (right - left) * (WIDTH - west - east);
    let at_y = |value: f64| HEIGHT - south - (value.log10() - low) / (high - low) * (HEIGHT - north - south);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{west}\" y=\"22\" font-size=\"15\">{title}</text>\n"
    );
    for tick in ticks(left, right) {
        let at = at_x(tick);
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.1} {north}V{:.1}\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"{:.1}\" \
             text-anchor=\"middle\">{}</text>",
            HEIGHT - south,
            HEIGHT - south + 16.0,
            short(tick)
        );
    }
    for tick in ticks(low, high) {
        let at = at_y(tick);
        let _ = writeln!(
            svg,
            "<path d=\"M{west} {at:.1}H{:.1}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">{}</text>",
            WIDTH - east,
            west - 6.0,
            at + 4.0,
            short(tick)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{x}</text>\
         <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">{y}</text>",
        (west + WIDTH - east) / 2.0,
        HEIGHT - 8.0,
        (north + HEIGHT - south) / 2.0
    );
    for (number, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let mut path = String::new();
        for (x, y) in points.iter().filter(|point| point.0 > 0.0 && point.1 > 0.0) {
            let (x, y) = (at_x(*x), at_y(*y));
            let _ = write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" });
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        let legend = north + 14.0 + 18.0 * number as f64;
        let beside = WIDTH - east + 12.0;
        let _ = writeln!(
            svg,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>\
             <rect x=\"{beside}\" y=\"{:.1}\" width=\"14\" height=\"3\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{legend:.1}\">{name}</text>",
            legend - 5.0,
            beside + 20.0
        );
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

/// Logarithms between which all values lie, with a little room.
fn decades(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let logs: Vec<f64> = values.map(f64::log10).collect();
    let least = logs.iter().copied().reduce(f64::min)?;
    let greatest = logs.iter().copied().reduce(f64::max)?;
    Some((least - 0.1, greatest + 0.1))
}

/// 1, 2 and 5 of each decade.
fn ticks(from: f64, to: f64) -> impl Iterator<Item = f64> {
    let decades = from.floor() as i32..=to.ceil() as i32;
    let all = decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|step| step * 10f64.powi(decade)));
    all.filter(move |tick| (from..=to).contains(&tick.log10()))
}

fn short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{} M", value / 1e6),
        value if value >= 1e4 => format!("{} k", value / 1e3),
        value => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_have_a_line_for_each_subject() {
        let sample = |subject: &str, flows: u32, rate: f64, loss: f64| {
            serde_json::json!({ "subject": subject, "flows": flows, "target_pps": rate, "delivered_pps": rate,
                "delay_p99_us": rate / 100.0, "ns_per_packet": 500 + flows, "loss": loss })
        };
        let results = serde_json::json!({ "fixed": [
            sample("worker", 10, 5e4, 0.0), sample("worker", 10, 1e5, 0.0), sample("worker", 10, 2e5, 0.5),
            sample("driver", 10, 5e4, 0.0), sample("driver", 1000, 1e5, 0.0),
        ], "highest": [sample("driver", 10, 4e5, 0.0)] });
        let folder = tempfile::tempdir().unwrap();
        let json = folder.path().join("run.json");
        std::fs::write(&json, results.to_string()).unwrap();
        let written = draw(&json, None).unwrap();
        assert_eq!(written.len(), 2);
        let delay = std::fs::read_to_string(&written[0]).unwrap();
        assert!(delay.contains(">worker<") && delay.contains(">driver<"), "{delay}");
        // Two rates of the worker that it carried; two of the driver and its highest.
        assert_eq!(delay.matches("<circle").count(), 5, "{delay}");
    }

    #[test]
    fn without_results_there_is_no_picture() {
        let folder = tempfile::tempdir().unwrap();
        let json = folder.path().join("run.json");
        std::fs::write(&json, "{}").unwrap();
        assert!(draw(&json, None).is_err());
    }
}
