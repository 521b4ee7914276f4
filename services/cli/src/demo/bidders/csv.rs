//! CSV under a header line as objects: fields may be quoted, a doubled quote stands for one.

use serde_json::Value;

/// The lines under the header, by their number in the file.
pub(super) fn objects(text: &str) -> Vec<super::Numbered> {
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let Some((number, header)) = lines.next() else { return Vec::new() };
    let header = fields(header.trim_start_matches('\u{feff}'));
    let names: Vec<String> = match header {
        Ok(names) => names.iter().map(|name| name.to_lowercase()).collect(),
        Err(what) => return vec![(number, Err(what))],
    };
    let object = |line: &str| {
        let values = fields(line)?;
        if values.len() > names.len() {
            return Err(format!("it has {} fields under {} names", values.len(), names.len()));
        }
        let given = names.iter().cloned().zip(values).filter(|(_, value)| !value.is_empty());
        Ok(given.map(|(name, value)| (name, Value::String(value))).collect())
    };
    lines.map(|(number, line)| (number, object(line))).collect()
}

fn fields(line: &str) -> Result<Vec<String>, String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.trim().chars().peekable();
    while let Some(character) = characters.next() {
        let field = fields.last_mut().expect("there is always a field");
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    if quoted {
        return Err("its quotation mark is never closed".to_owned());
    }
    Ok(fields.into_iter().map(|field| field.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_and_quotes() {
        assert_eq!(fields(r#"ada,"1,5 ""big""",  x "#).unwrap(), ["ada", r#"1,5 "big""#, "x"]);
    }

    #[test]
    fn a_quotation_mark_must_be_closed() {
        assert!(objects("author,limit\nada,\"1\n")[0].1.is_err());
    }

    #[test]
    fn a_line_with_too_many_fields_is_refused() {
        let objects = objects("author,limit\nada,1,2\n");
        assert!(objects[0].1.is_err());
    }
}
