use super::*;
use crate::{Admission, AdmissionLimits, AllowList, GraphCache};

fn limits() -> AdmissionLimits {
    AdmissionLimits { concurrent_runs: 1, queued_runs: 0, ..AdmissionLimits::default() }
}

async fn admitted(fake: &FakeBackend, limits: AdmissionLimits) -> Arc<dyn Graph> {
    Admission::new(shared(fake), limits).load(&echo("echo", 1), &target()).await.unwrap()
}

#[tokio::test]
async fn a_permit_is_held_by_the_run_and_returned_when_it_is_dropped() {
    let fake = fake(cpu().run_latency(LONG));
    let graph = admitted(&fake, limits()).await;
    let (mut first, mut second) = (context(&graph).await, context(&graph).await);
    let running = begin(first.run(pair()));

    let refused = second.run(pair());
    assert!(refused.is_ready(), "a refusal must not wait");
    let (kind, message) = refusal(refused.await);
    assert_eq!(kind, ErrorKind::Unavailable);
    assert!(message.starts_with("busy: "), "{message}");

    drop(running);
    drop(begin(second.run(pair())));
    assert_eq!(cancelled(&fake, Act::Run), 2);
}

#[tokio::test]
async fn a_permit_is_returned_by_runs_that_end_and_runs_that_fail() {
    let fake = fake(cpu().fail_run(2, ErrorKind::Failed));
    let graph = admitted(&fake, limits()).await;
    let mut context = context(&graph).await;
    let mut kinds = Vec::new();
    for _ in 0..3 {
        kinds.push(context.run(pair()).await.map(|_| ()).map_err(|error| error.kind()));
    }
    assert_eq!(kinds, [Ok(()), Err(ErrorKind::Failed), Ok(())]);
}

#[tokio::test]
async fn runs_wait_their_turn_in_a_bounded_queue() {
    let fake = fake(cpu().run_latency(Duration::from_millis(5)));
    let graph = admitted(&fake, AdmissionLimits { queued_runs: 1, ..limits() }).await;
    let mut contexts = [context(&graph).await, context(&graph).await, context(&graph).await];
    let [first, second, third] = &mut contexts;
    let (running, waiting) = (begin(first.run(pair())), begin(second.run(pair())));
    assert_eq!(refusal(third.run(pair()).await).0, ErrorKind::Unavailable);

    drop(waiting);
    let waiting = begin(second.run(pair()));
    let (running, waiting) = futures::join!(running, waiting);
    assert!(running.is_ok() && waiting.is_ok());
    assert_eq!(fake.device("fake:0").unwrap().peak_running(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_cancels_the_run_and_frees_its_permit() {
    let fake = fake(cpu().run_latency(LONG));
    let deadline = Some(Duration::from_millis(20));
    let graph = admitted(&fake, AdmissionLimits { run_deadline: deadline, ..limits() }).await;
    let mut context = context(&graph).await;
    for runs in 1..=2 {
        let (kind, message) = refusal(context.run(pair()).await);
        assert_eq!(kind, ErrorKind::Timeout);
        assert_eq!(message, "the run took longer than the 20ms this tenant is allowed");
        assert_eq!(cancelled(&fake, Act::Run), runs);
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_counts_towards_the_deadline() {
    let fake = fake(cpu().run_latency(LONG));
    let graph = admitted(
        &fake,
        AdmissionLimits {
            queued_runs: 1,
            run_deadline: Some(Duration::from_millis(20)),
            ..limits()
        },
    )
    .await;
    let (mut first, mut second) = (context(&graph).await, context(&graph).await);
    let running = begin(first.run(pair()));
    assert_eq!(refusal(second.run(pair()).await).0, ErrorKind::Timeout);
    assert_eq!(fake.device("fake:0").unwrap().runs(), 1, "the waiting run never began");
    drop(running);
}

#[tokio::test(start_paused = true)]
async fn a_load_has_a_deadline_of_its_own() {
    let fake = fake(cpu().load_latency(LONG));
    let limits = AdmissionLimits { load_deadline: Some(Duration::from_secs(1)), ..limits() };
    let admission = Admission::new(shared(&fake), limits);
    let (kind, message) = refusal(admission.load(&echo("echo", 1), &target()).await);
    assert_eq!(kind, ErrorKind::Timeout);
    assert_eq!(message, "the load took longer than the 1s this tenant is allowed");
    assert_eq!(cancelled(&fake, Act::Load), 1);
}

#[tokio::test]
async fn a_graph_is_charged_once_and_as_long_as_it_is_held() {
    let cache = Arc::new(GraphCache::new(shared(&fake(cpu())), 1 << 20));
    let limits = AdmissionLimits { device_bytes: 250, ..AdmissionLimits::default() };
    let admission = Admission::new(cache, limits);
    let load = async |footprint| admission.load(&echo("echo", footprint), &target()).await;

    let (first, again) = (load(100).await.unwrap(), load(100).await.unwrap());
    assert_eq!(admission.device_bytes().used(), 100);
    let _other = load(101).await.unwrap();
    let (kind, message) = refusal(load(102).await);
    assert_eq!(kind, ErrorKind::TooLarge);
    assert!(message.contains("device memory"), "{message}");

    let context = context(&again).await;
    drop((first, again));
    assert_eq!(admission.device_bytes().used(), 201, "a context still holds the graph");
    drop(load(100).await.unwrap());
    drop(context);
    assert_eq!(admission.device_bytes().used(), 101);
    assert!(load(102).await.is_ok());
}

#[tokio::test]
async fn what_a_context_holds_on_the_device_is_charged_to_the_account_of_its_graph() {
    let fake = fake(cpu().resident().cache_per_run(4));
    let limits = AdmissionLimits { device_bytes: 100 + 2 * (8 + 4), ..AdmissionLimits::default() };
    let admission = Admission::new(shared(&fake), limits);
    let used = || admission.device_bytes().used();
    let graph = admission.load(&echo("echo", 100), &target()).await.unwrap();
    let memory = Memory::unlimited();
    let quota = Quota::of_host(memory.clone());
    let mut context = CheckedContext::open(&graph, &quota).await.unwrap();
    assert_eq!(used(), 100);

    let first = context.run(pair()).await.unwrap();
    let second = context.run(pair()).await.unwrap();
    assert_eq!((used(), memory.budget().used()), (124, 0));
    let (kind, message) = refusal(context.run(pair()).await);
    assert_eq!(kind, ErrorKind::TooLarge);
    assert!(message.starts_with("4 more bytes of device memory exceed"), "{message}");

    drop((first, second));
    assert_eq!(used(), 108, "outputs go, what the context has grown stays");
    drop(context);
    assert_eq!(used(), 100);
    assert_eq!(fake.device("fake:0").unwrap().used(), 100);
}

#[tokio::test]
async fn only_models_on_the_allow_list_are_loaded() {
    let fake = fake(cpu());
    let known = echo("renamed", 7);
    let list = AllowList::new().name("echo").digest(known.digest());
    let limits = AdmissionLimits { models: Some(list), ..AdmissionLimits::default() };
    let admission = Admission::new(shared(&fake), limits);
    assert!(admission.load(&echo("echo", 1), &target()).await.is_ok());
    assert!(admission.load(&known, &target()).await.is_ok());

    let (kind, message) = refusal(admission.load(&echo("other", 1), &target()).await);
    assert_eq!(kind, ErrorKind::Denied);
    let allowed = format!("allowed: echo, sha256:{}", known.digest().short());
    assert!(message.contains("the model 'other'") && message.ends_with(&allowed), "{message}");
    assert_eq!(count(&fake, Act::Load), 2);
}
