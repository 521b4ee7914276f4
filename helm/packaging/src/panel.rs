//! Panels of Grafana's classic model, in the kinds that we use.

use serde_json::{Value, json};

/// One panel: a title, what it says in a sentence, a unit and its queries.
#[derive(Debug, Clone)]
pub struct Panel {
    pub title: &'static str,
    pub description: &'static str,
    pub view: View,
    pub unit: Unit,
    pub queries: Vec<Query>,
    /// From 1 to 24 columns.
    pub width: u64,
    /// The dashboard that goes deeper, by uid.
    pub next: Option<&'static str>,
}

/// How a panel looks.
#[derive(Debug, Clone)]
pub enum View {
    /// One big value, coloured by thresholds: (from this value, colour).
    Stat(&'static [(f64, Colour)]),
    /// One big word for each number.
    Words(&'static [(i64, &'static str, Colour)]),
    /// Lines over time.
    Lines,
    /// Areas on each other.
    Stacked,
    /// Buckets of a histogram over time.
    Heatmap,
    /// Words over time, a row a series.
    States(&'static [(i64, &'static str, Colour)]),
    /// One row an object; the queries' values become columns, joined by these labels.
    Table(&'static [&'static str]),
    /// One bar a series.
    Bars,
}

/// Colours that mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Good,
    Warning,
    Bad,
    Calm,
}

impl Colour {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "green",
            Self::Warning => "orange",
            Self::Bad => "red",
            Self::Calm => "blue",
        }
    }
}

/// What a value is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Number,
    PerSecond,
    Seconds,
    /// 0 to 1.
    Ratio,
    BitsPerSecond,
    Dollars,
}

impl Unit {
    /// Grafana's id.
    pub fn id(self) -> &'static str {
        match self {
            Self::Number => "short",
            Self::PerSecond => "suffix:/s",
            Self::Seconds => "s",
            Self::Ratio => "percentunit",
            Self::BitsPerSecond => "bps",
            Self::Dollars => "currencyUSD",
        }
    }
}

/// A `PromQL` expression and what its series are called.
#[derive(Debug, Clone)]
pub struct Query {
    pub expression: String,
    pub legend: &'static str,
}

pub fn query(expression: impl Into<String>, legend: &'static str) -> Query {
    Query { expression: expression.into(), legend }
}

impl Panel {
    /// A panel of lines, a third of the width; the rest is said by the methods below.
    pub fn lines(title: &'static str, description: &'static str, unit: Unit, queries: Vec<Query>) -> Self {
        Self { title, description, view: View::Lines, unit, queries, width: 8, next: None }
    }

    /// One number or word in the first row.
    pub fn first(title: &'static str, description: &'static str, view: View, unit: Unit, expression: String) -> Self {
        Self { title, description, view, unit, queries: vec![query(expression, "")], width: 4, next: None }
    }

    pub fn view(self, view: View) -> Self {
        Self { view, ..self }
    }

    pub fn wide(self, width: u64) -> Self {
        Self { width, ..self }
    }

    pub fn then(self, uid: &'static str) -> Self {
        Self { next: Some(uid), ..self }
    }

    /// Rows of the grid that it takes.
    pub fn height(&self) -> u64 {
        match self.view {
            View::Stat(_) | View::Words(_) => 4,
            View::Lines | View::Stacked | View::Heatmap | View::States(_) | View::Table(_) | View::Bars => 8,
        }
    }

    /// The panel at a place of the grid.
    pub fn render(&self, id: usize, x: u64, y: u64) -> Value {
        let targets: Vec<Value> =
            self.queries.iter().enumerate().map(|(index, query)| self.target(index, query)).collect();
        let links: Vec<Value> = self.next.iter().map(|uid| link(uid)).collect();
        json!({
            "id": id,
            "type": self.kind(),
            "title": self.title,
            "description": self.description,
            "datasource": datasource(),
            "gridPos": { "x": x, "y": y, "w": self.width, "h": self.height() },
            "targets": targets,
            "links": links,
            "fieldConfig": { "defaults": self.defaults(), "overrides": self.overrides() },
            "options": self.options(),
            "transformations": self.transformations(),
        })
    }

    fn kind(&self) -> &'static str {
        match self.view {
            View::Stat(_) | View::Words(_) => "stat",
            View::Lines | View::Stacked => "timeseries",
            View::Heatmap => "heatmap",
            View::States(_) => "state-timeline",
            View::Table(_) => "table",
            View::Bars => "bargauge",
        }
    }

    fn target(&self, index: usize, query: &Query) -> Value {
        let instant = match self.view {
            View::Table(_) | View::Bars => true,
            View::Stat(_) | View::Words(_) | View::Lines | View::Stacked | View::Heatmap | View::States(_) => false,
        };
        let format = match self.view {
            View::Table(_) => "table",
            View::Heatmap => "heatmap",
            View::Stat(_) | View::Words(_) | View::Lines | View::Stacked | View::States(_) | View::Bars => {
                "time_series"
            }
        };
        json!({
            "refId": letter(index),
            "datasource": datasource(),
            "expr": query.expression,
            "legendFormat": if query.legend.is_empty() { "__auto" } else { query.legend },
            "format": format,
            "instant": instant,
            "range": !instant,
            "exemplar": false,
        })
    }

    fn defaults(&self) -> Value {
        let mut defaults = json!({ "unit": self.unit.id(), "noValue": "none" });
        match &self.view {
            View::Stat(steps) => {
                let first = steps.first().map_or(Colour::Calm, |(_, colour)| *colour);
                let mut all = vec![json!({ "color": first.name(), "value": null })];
                all.extend(steps.iter().skip(1).map(|(from, colour)| json!({ "color": colour.name(), "value": from })));
                defaults["thresholds"] = json!({ "mode": "absolute", "steps": all });
                defaults["color"] = json!({ "mode": "thresholds" });
            }
            View::Words(words) | View::States(words) => {
                defaults["mappings"] = json!([{ "type": "value", "options": mapped(words) }]);
                defaults["color"] = json!({ "mode": "thresholds" });
                defaults["thresholds"] = json!({ "mode": "absolute", "steps": [{ "color": "text", "value": null }] });
            }
            View::Lines => defaults["custom"] = json!({ "lineWidth": 2, "fillOpacity": 6, "showPoints": "never" }),
            View::Stacked => {
                let stacking = json!({ "mode": "normal", "group": "A" });
                defaults["custom"] =
                    json!({ "lineWidth": 1, "fillOpacity": 40, "showPoints": "never", "stacking": stacking });
            }
            View::Heatmap | View::Table(_) | View::Bars => {}
        }
        match self.unit {
            // 99.95 % is not 100 %.
            Unit::Ratio => defaults["decimals"] = json!(2),
            Unit::Number | Unit::PerSecond | Unit::Seconds | Unit::BitsPerSecond | Unit::Dollars => {}
        }
        defaults
    }

    /// A table's columns are called as their queries are.
    fn overrides(&self) -> Value {
        match self.view {
            View::Table(_) => {
                let named = |(index, query): (usize, &Query)| {
                    json!({
                        "matcher": { "id": "byName", "options": format!("Value #{}", letter(index)) },
                        "properties": [{ "id": "displayName", "value": query.legend }],
                    })
                };
                self.queries.iter().enumerate().map(named).collect()
            }
            View::Stat(_)
            | View::Words(_)
            | View::Lines
            | View::Stacked
            | View::Heatmap
            | View::States(_)
            | View::Bars => json!([]),
        }
    }

    fn options(&self) -> Value {
        let last = json!({ "calcs": ["lastNotNull"], "fields": "", "values": false });
        match self.view {
            View::Stat(_) => {
                json!({ "reduceOptions": last, "colorMode": "value", "graphMode": "area", "textMode": "value" })
            }
            View::Words(_) => {
                json!({ "reduceOptions": last, "colorMode": "background", "graphMode": "none", "textMode": "value" })
            }
            View::Lines | View::Stacked => json!({
                "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true },
                "tooltip": { "mode": "multi", "sort": "desc" },
            }),
            View::Heatmap => json!({
                "calculate": false,
                "color": { "mode": "scheme", "scheme": "Oranges", "steps": 64 },
                "yAxis": { "unit": self.unit.id() },
                "tooltip": { "mode": "single", "yHistogram": true },
            }),
            View::States(_) => json!({ "mergeValues": true, "showValue": "auto", "rowHeight": 0.8 }),
            View::Table(_) => json!({ "showHeader": true, "cellHeight": "sm" }),
            View::Bars => json!({ "reduceOptions": last, "orientation": "horizontal", "displayMode": "gradient" }),
        }
    }

    /// A table joins its queries by labels and leaves the rest away.
    fn transformations(&self) -> Value {
        match self.view {
            View::Table(_) => json!([
                { "id": "merge", "options": {} },
                { "id": "organize", "options": { "excludeByName": { "Time": true } } },
            ]),
            View::Stat(_)
            | View::Words(_)
            | View::Lines
            | View::Stacked
            | View::Heatmap
            | View::States(_)
            | View::Bars => json!([]),
        }
    }
}

/// The variable by which the user's own Prometheus is chosen.
pub fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

fn mapped(words: &[(i64, &'static str, Colour)]) -> Value {
    let word = |(index, (value, text, colour)): (usize, &(i64, &'static str, Colour))| {
        (value.to_string(), json!({ "text": text, "color": colour.name(), "index": index }))
    };
    Value::Object(words.iter().enumerate().map(word).collect())
}

fn link(uid: &str) -> Value {
    json!({ "title": "Go deeper", "url": format!("/d/{uid}?${{__url_time_range}}&${{__all_variables}}") })
}

fn letter(index: usize) -> String {
    let index = u8::try_from(index).expect("a panel has a few queries");
    char::from(b'A' + index).to_string()
}
