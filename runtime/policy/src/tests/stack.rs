use godwit_model::Limits;

use super::*;
use crate::{AdmissionLimits, AllowList, Ledger, Stack};

#[tokio::test]
async fn tenants_share_a_graph_and_keep_their_own_limits_and_ledgers() {
    let fake = fake(cpu());
    let stack = Stack::new(vec![shared(&fake)], Limits::default(), 1 << 20);
    assert_eq!(stack.router().devices().unwrap().len(), 1);
    let (first, second) = (Ledger::new(), Ledger::new());
    let free = stack.tenant(AdmissionLimits::default(), first.clone());
    let confined = AdmissionLimits {
        models: Some(AllowList::new().name("mine")),
        ..AdmissionLimits::default()
    };
    let confined = stack.tenant(confined, second.clone());

    let graph = free.load(&echo("echo", 1), &target()).await.unwrap();
    confined.load(&echo("mine", 1), &target()).await.unwrap();
    let outcome = confined.load(&echo("echo", 1), &target()).await;
    assert_eq!(refusal(outcome).0, ErrorKind::Denied);
    assert_eq!(count(&fake, Act::Load), 1);

    context(&graph).await.run(pair()).await.unwrap();
    let figures = |ledger: &Ledger| {
        let rows = ledger.report().rows;
        rows.iter().map(|row| (row.loads, row.runs, row.errors)).collect::<Vec<_>>()
    };
    assert_eq!(figures(&first), [(1, 1, 0)]);
    assert_eq!(figures(&second), [(0, 0, 1), (1, 0, 0)]);
}
