//! Reports against the schemas of their formats.

use serde_json::Value;

const SARIF: &str = include_str!("../data/schemas/sarif-2.1.0-rtm.5.json");
const JUNIT: &str = include_str!("../data/schemas/junit-10.xsd");

/// What the SARIF schema refuses in a log.
pub(crate) fn sarif_errors(log: &str) -> Vec<String> {
    // A pattern of the schema as published is no regular expression: a bracket closes that never opened.
    let schema = SARIF.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let log: Value = serde_json::from_str(log).unwrap();
    validator
        .iter_errors(&log)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// What the JUnit schema refuses in a report.
pub(crate) fn junit_errors(report: &str) -> Vec<String> {
    let schema = uppsala::parse(JUNIT).unwrap();
    let validator = uppsala::XsdValidator::from_schema(&schema).unwrap();
    let report = match uppsala::parse(report) {
        Ok(report) => report,
        Err(error) => return vec![error.to_string()],
    };
    let errors = validator.validate(&report);
    errors.iter().map(ToString::to_string).collect()
}
