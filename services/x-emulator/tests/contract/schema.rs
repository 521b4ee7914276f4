//! The part of JSON Schema that X's OpenAPI document uses, enough to say where an answer does not fit.

use serde_json::Value;

/// References nest at most this deep.
const DEEPEST: usize = 32;

/// Every place where the value does not fit the schema.
pub(crate) fn faults_of(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    visit(document, schema, value, ("$", 0), &mut faults);
    faults
}

fn visit(document: &Value, schema: &Value, value: &Value, (at, depth): (&str, usize), faults: &mut Vec<String>) {
    if depth > DEEPEST {
        return;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        let target = target.unwrap_or_else(|| panic!("the document lacks {reference}"));
        return visit(document, target, value, (at, depth + 1), faults);
    }
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice: &Value| {
            let mut own = Vec::new();
            visit(document, choice, value, (at, depth + 1), &mut own);
            own.is_empty()
        };
        if !choices.iter().any(fits) {
            faults.push(format!("{at} fits none of the choices"));
        }
        return;
    }
    if let Some(fault) = scalar_fault(schema, value) {
        faults.push(format!("{at} {fault}"));
    }
    members(document, schema, value, (at, depth), faults);
}

fn members(document: &Value, schema: &Value, value: &Value, (at, depth): (&str, usize), faults: &mut Vec<String>) {
    if let Some(object) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                faults.push(format!("{at} lacks {name}"));
            }
        }
        for (name, member) in object {
            match schema["properties"].get(name) {
                Some(inner) => visit(document, inner, member, (&format!("{at}.{name}"), depth + 1), faults),
                None if schema["additionalProperties"] == false => faults.push(format!("{at} may not have {name}")),
                None => {}
            }
        }
    }
    if let (Some(values), Some(inner)) = (value.as_array(), schema.get("items")) {
        for (index, member) in values.iter().enumerate() {
            visit(document, inner, member, (&format!("{at}[{index}]"), depth + 1), faults);
        }
    }
}

fn scalar_fault(schema: &Value, value: &Value) -> Option<String> {
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some(_) | None => true,
    };
    if !fits {
        return Some(format!("is no {}", schema["type"]));
    }
    if schema["enum"].as_array().is_some_and(|known| !known.contains(value)) {
        return Some(format!("is none of {}", schema["enum"]));
    }
    let text = value.as_str()?;
    if schema["format"] == "date-time" && text.parse::<jiff::Timestamp>().is_err() {
        return Some("is no time".to_owned());
    }
    let digits = (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    (schema["pattern"] == "^[0-9]{1,19}$" && !digits).then(|| "is no id".to_owned())
}
