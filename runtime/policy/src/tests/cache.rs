use futures::future::join_all;
use godwit_backend::Encoding;

use super::*;
use crate::GraphCache;

const BRIEFLY: Duration = Duration::from_millis(20);

fn cached(fake: &FakeBackend) -> GraphCache {
    GraphCache::new(shared(fake), 250 << 10)
}

fn kib(count: u64) -> Model {
    echo("echo", count << 10)
}

#[tokio::test]
async fn loads_at_the_same_time_compile_once() {
    let fake = fake(cpu().load_latency(BRIEFLY));
    let cache = cached(&fake);
    let (model, target) = (kib(1), target());
    let graphs = join_all((0..8).map(|_| cache.load(&model, &target))).await;
    let graphs: Vec<_> = graphs.into_iter().map(Result::unwrap).collect();
    assert!(graphs.iter().all(|graph| Arc::ptr_eq(graph, &graphs[0])));
    assert_eq!(count(&fake, Act::Load), 1);

    drop(graphs);
    cache.load(&model, &target).await.unwrap();
    assert_eq!(count(&fake, Act::Load), 1);
}

#[tokio::test]
async fn an_error_goes_to_every_waiter_and_is_not_kept() {
    let fake = fake(cpu().load_latency(BRIEFLY).fail_load(1, ErrorKind::OutOfMemory));
    let cache = cached(&fake);
    let (model, target) = (kib(1), target());
    let errors = join_all((0..4).map(|_| cache.load(&model, &target))).await;
    let errors: Vec<_> = errors.into_iter().map(refusal).collect();
    assert!(errors.iter().all(|error| *error == errors[0]), "{errors:?}");
    assert_eq!(errors[0].0, ErrorKind::OutOfMemory);
    assert_eq!(count(&fake, Act::Load), 1);

    assert!(cache.load(&model, &target).await.is_ok());
}

#[tokio::test]
async fn a_shared_error_keeps_its_cause() {
    let fake = FakeBackend::builder().absent("no such library").build();
    let error = cached(&fake).load(&kib(1), &target()).await.unwrap_err();
    assert_eq!(error.report(), "the family 'fake' is absent here: no such library");
}

#[tokio::test]
async fn a_waiter_takes_over_from_a_caller_that_goes_away() {
    let fake = fake(cpu().load_latency(BRIEFLY));
    let cache = cached(&fake);
    let (model, target) = (kib(1), target());
    let mut leader = cache.load(&model, &target);
    let mut waiter = cache.load(&model, &target);
    assert!((&mut leader).now_or_never().is_none());
    assert!((&mut waiter).now_or_never().is_none());
    drop(leader);
    assert!(waiter.await.is_ok());
    assert_eq!((count(&fake, Act::Load), cancelled(&fake, Act::Load)), (1, 0));
}

#[tokio::test]
async fn a_load_that_nobody_waits_for_is_cancelled() {
    let fake = fake(cpu().load_latency(BRIEFLY));
    let cache = cached(&fake);
    let (model, target) = (kib(1), target());
    let mut loads = [cache.load(&model, &target), cache.load(&model, &target)];
    assert!(loads.iter_mut().all(|load| load.now_or_never().is_none()));
    drop(loads);
    assert_eq!(cancelled(&fake, Act::Load), 1);
    assert!(cache.load(&model, &target).await.is_ok());
}

#[tokio::test]
async fn graphs_that_hold_nothing_here_are_bounded_too() {
    let fake = fake(cpu());
    let cache = GraphCache::new(shared(&fake), 2 << 10);
    let model =
        |name: u8| Script::echo(DType::F32, [Dim::Known(name.into())]).footprint(0).model("m");
    for name in [1, 2, 3, 1] {
        cache.load(&model(name), &target()).await.unwrap();
    }
    assert_eq!(count(&fake, Act::Load), 4, "the first had made room for the third");
}

#[tokio::test]
async fn the_graph_unused_for_longest_makes_room() {
    let fake = fake(cpu());
    let cache = cached(&fake);
    for footprint in [100, 101, 102] {
        cache.load(&kib(footprint), &target()).await.unwrap();
    }
    assert_eq!(fake.device("fake:0").unwrap().used(), (101 + 102) << 10);
    cache.load(&kib(102), &target()).await.unwrap();
    assert_eq!(count(&fake, Act::Load), 3);
}

#[tokio::test]
async fn an_evicted_graph_that_is_held_lives_and_is_found_again() {
    let fake = fake(cpu());
    let cache = cached(&fake);
    let held = cache.load(&kib(300), &target()).await.unwrap();
    let again = cache.load(&kib(300), &target()).await.unwrap();
    assert!(Arc::ptr_eq(&held, &again));
    assert!(context(&held).await.run(pair()).await.is_ok());
    assert_eq!(count(&fake, Act::Load), 1);

    drop((held, again));
    assert_eq!(fake.device("fake:0").unwrap().used(), 0);
}

#[tokio::test]
async fn bytes_in_another_encoding_are_another_model() {
    let fake = fake(cpu());
    let cache = cached(&fake);
    let script = Script::echo(DType::F32, [Dim::Known(2)]);
    for encoding in [Encoding::Onnx, Encoding::Pytorch] {
        cache.load(&script.model_as("echo", encoding), &target()).await.unwrap();
    }
    assert_eq!(count(&fake, Act::Load), 2);
}

#[tokio::test]
async fn a_graph_on_a_lost_device_is_not_given_out_again() {
    let fake = fake(cpu().lose_at_run(1));
    let cache = cached(&fake);
    let graph = cache.load(&kib(1), &target()).await.unwrap();
    let mut stale = context(&graph).await;
    assert_eq!(refusal(stale.run(pair()).await).0, ErrorKind::DeviceLost);

    fake.device("fake:0").unwrap().replace();
    assert_eq!(refusal(stale.run(pair()).await).0, ErrorKind::DeviceLost);
    let graph = cache.load(&kib(1), &target()).await.unwrap();
    assert!(context(&graph).await.run(pair()).await.is_ok());
}
