use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;

use futures::executor::block_on;
use godwit_backend::{DeviceId, Digest};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tracing_subscriber::fmt::format::FmtSpan;

use super::*;
use crate::{Ledger, Metered, OTHER_MODELS};

/// One load, two runs, one failure and one dropped run.
async fn exercise(metered: &Metered) {
    let graph = metered.load(&echo("echo", 5), &target()).await.unwrap();
    let mut short = context(&graph).await;
    short.run(pair()).await.unwrap();
    assert_eq!(refusal(short.run(pair()).await).0, ErrorKind::Failed);
    short.run(pair()).await.unwrap();

    let slow = Script::echo(DType::F32, [Dim::Known(2)]).latency(LONG).model("slow");
    let graph = metered.load(&slow, &target()).await.unwrap();
    drop(begin(context(&graph).await.run(pair())));
}

fn metered(ledger: &Ledger) -> Metered {
    Metered::new(shared(&fake(cpu().fail_run(2, ErrorKind::Failed))), ledger.clone())
}

#[test]
fn the_ledger_tells_what_ran_where() {
    let ledger = Ledger::new();
    block_on(exercise(&metered(&ledger)));
    let report = ledger.report();
    let [echoed, slow] = report.rows.as_slice() else { panic!("{report:?}") };

    assert_eq!((&*echoed.model, echoed.device.as_str()), ("echo", "fake:0"));
    assert_eq!(echoed.digest, Some(echo("echo", 5).digest()));
    assert_eq!((echoed.loads, echoed.runs, echoed.errors), (1, 2, 1));
    assert_eq!((echoed.bytes_in, echoed.bytes_out), (16, 16));
    let (min, max) = (echoed.min.unwrap(), echoed.max.unwrap());
    assert!(min <= max && echoed.total == min + max, "{echoed:?}");

    assert_eq!((slow.loads, slow.runs, slow.errors, slow.min), (1, 0, 1, None));

    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["rows"][0]["digest"], echo("echo", 5).digest().to_string());
    assert_eq!(json["rows"][0]["total_seconds"], echoed.total.as_secs_f64());
    assert!(json["rows"][1]["max_seconds"].is_null());
}

#[test]
fn a_load_that_fails_is_booked_on_the_device_asked_for() {
    let ledger = Ledger::new();
    let metered = metered(&ledger);
    let outcome = block_on(metered.load(&echo("echo", 1), &Target::new("fake:7")));
    assert_eq!(refusal(outcome).0, ErrorKind::NotFound);
    let row = ledger.report().rows.remove(0);
    assert_eq!((row.device.as_str(), row.loads, row.errors), ("fake:7", 0, 1));
}

#[test]
fn a_full_ledger_books_further_models_together() {
    let ledger = Ledger::new();
    let device = DeviceId::new("fake:0");
    for nth in 0..5000u32 {
        ledger.account(&"(guest)".into(), Digest::of(&nth.to_le_bytes()), &device).loaded();
    }
    let rows = ledger.report().rows;
    assert!(rows.len() < 5000);
    assert_eq!(rows.iter().map(|row| row.loads).sum::<u64>(), 5000);
    let other = rows.iter().find(|row| &*row.model == OTHER_MODELS).unwrap();
    assert_eq!((other.digest, other.loads), (None, 5001 - rows.len() as u64));
}

#[test]
fn metrics_carry_the_names_and_labels_of_the_table() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || block_on(exercise(&metered(&Ledger::new()))));
    let mut seen = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let (name, labels) = key.key().clone().into_parts();
        let labels: Vec<_> = labels.iter().map(|l| format!("{}={}", l.key(), l.value())).collect();
        let figure = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(times) => times.len() as u64,
            DebugValue::Gauge(_) => panic!("no gauges are documented"),
        };
        seen.insert(format!("{} {}", name.as_str(), labels.join(",")), figure);
    }
    let expected = [
        ("godwit_errors_total model=echo,device=fake:0,kind=failed", 1),
        ("godwit_errors_total model=slow,device=fake:0,kind=cancelled", 1),
        ("godwit_load_seconds model=echo,device=fake:0", 1),
        ("godwit_loads_total model=echo,device=fake:0", 1),
        ("godwit_run_seconds model=echo,device=fake:0", 2),
        ("godwit_runs_total model=echo,device=fake:0", 2),
        ("godwit_runs_total model=slow,device=fake:0", 0),
        ("godwit_tensor_bytes_total model=echo,device=fake:0,direction=in", 16),
        ("godwit_tensor_bytes_total model=echo,device=fake:0,direction=out", 16),
    ];
    for (key, figure) in expected {
        assert_eq!(seen.get(key), Some(&figure), "{key} in {seen:#?}");
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn spans_name_model_device_and_bytes() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        block_on(exercise(&metered(&Ledger::new())));
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for part in [
        "load{model=\"echo\" device=fake:0 footprint=5}",
        "run{model=\"echo\" device=fake:0 bytes_in=8 bytes_out=8}",
        "run{model=\"echo\" device=fake:0 bytes_in=8 error=Failed}",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
