//! A dashboard: rows of panels put on Grafana's grid of 24 columns, without holes.

use serde_json::{Value, json};

use crate::panel::{Panel, datasource};
use crate::promql;
use bootstrap::metrics::catalogue;

/// Grafana 10 to 13 read this version; 13 makes its second model of it.
const SCHEMA_VERSION: u64 = 41;
const COLUMNS: u64 = 24;
/// More is a page that nobody reads.
pub const MOST_PANELS: usize = 16;

/// One dashboard. The first row answers "is it all right?" in words.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// `sothebais-` and this is its uid; its file has this name.
    pub name: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    pub variables: &'static [Variable],
    pub rows: Vec<Vec<Panel>>,
}

/// What a reader chooses at the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variable {
    Namespace,
    Auction,
    Stream,
}

impl Dashboard {
    pub fn uid(&self) -> String {
        format!("sothebais-{}", self.name)
    }

    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flatten()
    }

    /// Grafana's JSON.
    pub fn render(&self) -> Value {
        let mut variables = vec![json!({
            "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus",
            "hide": 0, "current": {}, "refresh": 1,
        })];
        variables.extend(self.variables.iter().map(|variable| variable.render()));
        json!({
            "uid": self.uid(),
            "title": format!("SothebAIs / {}", self.title),
            "description": self.description,
            "tags": ["sothebais"],
            "schemaVersion": SCHEMA_VERSION,
            "editable": false,
            "graphTooltip": 1,
            "refresh": "10s",
            "time": { "from": "now-1h", "to": "now" },
            "timezone": "browser",
            "templating": { "list": variables },
            "annotations": { "list": [lots(), leases()] },
            "links": [others()],
            "panels": self.placed(),
        })
    }

    /// Rows from the top, panels from the left.
    fn placed(&self) -> Vec<Value> {
        let mut placed = Vec::new();
        let mut y = 0;
        for row in &self.rows {
            let mut x = 0;
            for panel in row {
                placed.push(panel.render(placed.len() + 1, x, y));
                x += panel.width;
            }
            y += row.first().map_or(0, Panel::height);
        }
        placed
    }

    /// What is wrong with it, in sentences. A picture finds more.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |what: String| faults.push(format!("{}: {what}", self.name));
        if self.panels().count() > MOST_PANELS {
            fault(format!("{} panels are more than {MOST_PANELS}", self.panels().count()));
        }
        for (index, row) in self.rows.iter().enumerate() {
            let width: u64 = row.iter().map(|panel| panel.width).sum();
            if width != COLUMNS {
                fault(format!("row {index} is {width} columns wide"));
            }
            if row.iter().any(|panel| panel.height() != row[0].height()) {
                fault(format!("row {index} has panels of different heights"));
            }
        }
        for panel in self.panels() {
            if panel.description.len() < 20 {
                fault(format!("\"{}\" does not say what it shows", panel.title));
            }
            if panel.queries.is_empty() {
                fault(format!("\"{}\" asks nothing", panel.title));
            }
            for query in &panel.queries {
                if query.expression.contains("rate(") && !query.expression.contains("$__rate_interval") {
                    fault(format!("\"{}\" takes a rate over a fixed window", panel.title));
                }
            }
        }
        faults
    }
}

impl Variable {
    fn render(self) -> Value {
        let (name, label, query) = match self {
            Self::Namespace => ("namespace", "Namespace", "label_values(sothebais_engine_lease_epoch, namespace)"),
            Self::Auction => (
                "auction",
                "Auction",
                r#"label_values(sothebais_engine_lease_epoch{namespace=~"$namespace"}, auction)"#,
            ),
            Self::Stream => {
                ("stream", "Stream", r#"label_values(sothebais_compositor_on_air{namespace=~"$namespace"}, stream)"#)
            }
        };
        json!({
            "name": name, "label": label, "type": "query", "datasource": datasource(),
            "query": { "query": query, "refId": name }, "definition": query,
            "multi": true, "includeAll": true, "allValue": ".*", "refresh": 2, "sort": 1,
            "current": { "text": ["All"], "value": ["$__all"] },
        })
    }
}

/// Lines where lots open and close.
fn lots() -> Value {
    let lots = promql::everywhere("$__interval").over("sum", &catalogue::ENGINE_LOTS_OPEN, &["auction"]);
    annotation("Lots", "blue", &format!("{lots} != ({lots} offset $__interval)"), "{{auction}}: {{value}} lots open")
}

/// Lines where a shard got a new writer.
fn leases() -> Value {
    let epochs = promql::everywhere("$__interval").over("max", &catalogue::ENGINE_EPOCH, &["shard"]);
    annotation(
        "Take-overs",
        "orange",
        &format!("{epochs} != ({epochs} offset $__interval)"),
        "shard {{shard}} has a new writer",
    )
}

fn annotation(name: &str, colour: &str, expression: &str, text: &str) -> Value {
    json!({
        "name": name, "enable": true, "iconColor": colour, "datasource": datasource(),
        "expr": expression, "titleFormat": text, "step": "10s",
    })
}

fn others() -> Value {
    json!({
        "title": "SothebAIs", "type": "dashboards", "tags": ["sothebais"], "asDropdown": true,
        "keepTime": true, "includeVars": true, "targetBlank": false,
    })
}
