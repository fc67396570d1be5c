//! The page and the documents that come of a report.

use std::time::Duration;

use godwit_backend::{DType, Dim};
use godwit_fake::{Op, Script, WrongAnswer};
use godwit_verify::golden::{Golden, GoldenOptions};
use godwit_verify::report::{Artifact, Rates, Report};

use crate::devices::{attempts, classifier, replay, sound, verified};

/// A report with something of everything, for the page and for the eye.
fn report() -> Report {
    let replay = replay(&classifier(), 4);
    let (_, all) = verified(&replay, sound().run_latency(Duration::from_millis(2)));
    let mut all = all;
    all[0].device = "cpu:0".into();
    let options = godwit_verify::ReportOptions {
        app: Some(Artifact { name: "app.wasm".into(), digest: "ab".repeat(32) }),
        rates: [("fake:1".to_owned(), Rates { per_hour: Some(2.5), watts: Some(300.0) })].into(),
        ..Default::default()
    };
    let mut wrong = attempts(&replay, sound().wrong_weight(33, 0.5));
    wrong[0].device = "wrong:0".into();
    let mut absent =
        attempts(&replay, sound().fail_loads_from(1, godwit_backend::ErrorKind::Unavailable));
    absent[0].device = "absent:0".into();
    all.extend(wrong);
    all.extend(absent);
    let mut report = Report::from_recordings(&all, &options).unwrap();
    let golden = Golden::of(&all).unwrap();
    report.changes = Some(golden.compare(&all, &GoldenOptions::default()).unwrap());
    report
}

#[test]
fn the_page_begins_with_the_verdict_and_needs_nothing_else() {
    let report = report();
    let page = report.to_html();
    let verdict = page.find("Not equivalent: wrong:0 differs from cpu:0").unwrap();
    assert!(verdict < page.find("<table").unwrap());
    for part in ["http://", "https://", "<script", "src=", "url(", "@import", "href="] {
        assert!(!page.contains(part), "{part} in the page");
    }
    for plot in ["Largest error of each output", "Latency of each device", "Cost of 1000 runs"] {
        assert!(page.contains(&format!("aria-label=\"{plot}")), "{plot}");
    }
    assert!(page.contains("prefers-color-scheme: dark"));
    assert!(page.contains("looks like one wrong weight or bias"));
    assert!(page.contains(&"ab".repeat(32)), "which app it was");
    assert_eq!(page.matches("<tr>").count(), page.matches("</tr>").count());
    assert!(!page.contains("NaN") && !page.contains("inf"), "a figure that is none");
}

#[test]
fn names_from_models_and_devices_stay_text() {
    let evil = "<img src=x onerror=alert(1)>\"'&";
    let script = Script::new(Op::Echo).input("x", DType::F32, [Dim::Known(2)]);
    let model = script.output(evil, DType::F32, [Dim::Known(2)]).model(evil);
    let replay = replay(&model, 1);
    let fault = sound().wrong(WrongAnswer::Perturb { output: 0, index: 0, by: 9.0 });
    let (mut report, _) = verified(&replay, fault);
    report.devices[1].device = evil.into();
    report.reference_why = evil.into();
    report.devices[1].notes.push(evil.into());
    report.app = Some(Artifact { name: evil.into(), digest: evil.into() });
    let page = report.to_html();
    assert!(!page.contains("<img") && !page.contains("onerror=alert(1)>\""), "it got out");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"));
}

#[test]
fn cost_is_shown_only_where_it_is_known() {
    let (plain, _) = verified(&replay(&classifier(), 1), sound());
    assert!(!plain.to_html().contains("Cost of 1000") && !plain.to_text().contains("COST"));
    let with = report();
    assert!(with.to_html().contains("Cost of 1000") && with.to_text().contains("COST/1000"));
    let device = with.devices.iter().find(|device| device.device == "fake:1").unwrap();
    // 2 ms a run and more, at 2.5 an hour and 300 W.
    assert!(device.cost_per_1000.unwrap() >= 2.5 / 3600.0 * 2.0);
    assert!(device.joules_per_1000.unwrap() >= 600.0);
}

#[test]
fn the_json_has_the_fields_that_are_documented() {
    let json = serde_json::to_value(report()).unwrap();
    assert_eq!(
        (json["format"].as_str(), json["version"].as_u64()),
        (Some("godwit-verification"), Some(1))
    );
    assert_eq!(json["reference"], "cpu:0");
    let device = |id: &str| {
        json["devices"].as_array().unwrap().iter().find(|d| d["device"] == id).unwrap().clone()
    };
    assert_eq!(device("cpu:0")["verdict"], "reference");
    assert_eq!(device("fake:1")["verdict"], "equivalent");
    assert_eq!(device("fake:1")["tolerance"]["profile"], "fp32");
    assert_eq!(device("absent:0")["verdict"], "absent");
    let wrong = device("wrong:0");
    assert_eq!(wrong["verdict"], "differs");
    assert_eq!(wrong["findings"][0]["diagnosis"]["kind"], "one-channel");
    assert_eq!(wrong["findings"][0]["metric"], "element");
    assert_eq!(wrong["outputs"][0]["output"], "logits");
    assert!(wrong["outputs"][0]["max_abs"].as_f64().unwrap() > 0.0);
    assert!(wrong["outputs"][0]["ulps"]["buckets"].is_array());
    assert_eq!(json["changes"][0]["change"], "new");
}

#[test]
fn the_table_has_a_row_for_every_device() {
    let text = report().to_text();
    for row in ["cpu:0", "fake:1", "wrong:0", "absent:0"] {
        assert!(text.lines().any(|line| line.starts_with(row)), "{row} in\n{text}");
    }
    assert!(text.starts_with("Not equivalent"), "{text}");
}
