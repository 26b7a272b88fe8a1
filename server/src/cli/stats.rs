use nlq_knowledge::state::{Histogram, Stats};

use super::{
    context::Context,
    error::{CliError, Exit},
    output::{Align, Output, Style, Table},
};
use crate::session::{since, stats_json};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Of what was asked since then: 7d, 24h, or a day such as 2026-11-20
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let session = context.session()?;
    let since = args.since.as_deref().map(since).transpose().map_err(CliError::Usage)?;
    let stats = session.state().await?.stats(session.root().as_deref(), since).await?;
    session.close().await;
    if args.json {
        context.out.json(&stats_json(&stats))?;
    } else {
        context.out.line(text(&stats, context.out))?;
    }
    Ok(Exit::Clean)
}

fn text(stats: &Stats, out: Output) -> String {
    let mut counts = Table::new(&[("questions", Align::Left), ("", Align::Right), ("", Align::Right)]);
    let share = |part: u64| rate((stats.questions_total > 0).then(|| part as f64 / stats.questions_total as f64));
    counts.row(["asked", &stats.questions_total.to_string(), ""]);
    for (name, number) in [
        ("answered with a query", stats.queries),
        ("asked back", stats.clarifications),
        ("without an answer", stats.abstentions),
        ("failed", stats.errors),
    ] {
        counts.row([name, &number.to_string(), &share(number)]);
    }
    let mut parts = vec![counts.render(out)];
    let mut times = Table::new(&[
        ("", Align::Left),
        ("count", Align::Right),
        ("half within", Align::Right),
        ("95 % within", Align::Right),
        ("most", Align::Right),
    ]);
    let milliseconds = |histogram: &Histogram| {
        let ms = |seconds: f64| format!("{:.1} ms", seconds * 1000.0);
        [histogram.count.to_string(), ms(histogram.p50), ms(histogram.p95), ms(histogram.max)]
    };
    let mut time = |name: &str, histogram: &Histogram| {
        times.row(std::iter::once(name.to_owned()).chain(milliseconds(histogram)));
    };
    time("an answer took", &stats.query_latency_seconds);
    for (agent, histogram) in &stats.agent_latency_by_type {
        time(&format!("  {agent}"), histogram);
    }
    parts.push(times.render(out));
    if !stats.models.is_empty() {
        parts.push(models(stats, out));
    }
    let mut targets =
        Table::new(&[("target", Align::Left), ("should be", Align::Left), ("is", Align::Right), ("", Align::Left)]);
    for target in stats.targets() {
        let value = target.value.map_or_else(|| "not known".into(), |value| format!("{value:.2}"));
        let met = target.met.map_or("", |met| if met { "met" } else { "not met" });
        targets.row([target.metric, target.target, &value, met]);
    }
    parts.push(targets.render(out));
    if stats.questions_total == 0 {
        parts = vec![out.paint(Style::Dim, "Nothing was asked in this time.")];
    }
    parts.join("\n\n")
}

fn models(stats: &Stats, out: Output) -> String {
    let right = |name| (name, Align::Right);
    let mut table =
        Table::new(&[("model", Align::Left), right("calls"), right("failed"), right("tokens"), right("USD")]);
    for (model, used) in &stats.models {
        let numbers = [used.calls.to_string(), used.failed.to_string(), used.tokens.to_string()];
        table.row([model.clone()].into_iter().chain(numbers).chain([format!("{:.4}", used.cost_usd)]));
    }
    table.render(out)
}

fn rate(rate: Option<f64>) -> String {
    rate.map(|rate| format!("{:.0} %", rate * 100.0)).unwrap_or_default()
}
