//! Loads, callers that go away, graphs that are held, evictions and losses, in any order.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::thread;

use futures::executor::block_on;
use futures::future::BoxFuture;
use godwit_backend::{Device, async_trait};
use proptest::prelude::*;

use super::*;
use crate::GraphCache;

const CAPACITY: u64 = 250 << 10;
const MODELS: u8 = 5;

/// A fake whose loads take some polls, and which compiles no model twice at the same time.
#[derive(Debug)]
struct Slow {
    fake: FakeBackend,
    under_way: Mutex<BTreeSet<String>>,
    /// Of threads, one may begin a load while another still drops the one that nobody waits for.
    alone: bool,
}

struct UnderWay<'a>(&'a Slow, String);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.lock().unwrap().remove(&self.1);
    }
}

/// Gives way once, as a load that waits does.
async fn give_way() {
    let mut given = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl Backend for Slow {
    fn name(&self) -> &str {
        self.fake.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.fake.devices()
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let name = model.name().to_string();
        let first = self.under_way.lock().unwrap().insert(name.clone());
        assert!(first || !self.alone, "{name} is compiled twice at the same time");
        let _under_way = UnderWay(self, name);
        give_way().await;
        let graph = self.fake.load(model, target).await;
        give_way().await;
        graph
    }
}

fn models() -> Vec<Model> {
    (0..MODELS).map(|nth| echo(&nth.to_string(), (60 + 20 * u64::from(nth)) << 10)).collect()
}

struct Stage {
    fake: FakeBackend,
    slow: Arc<Slow>,
    cache: Arc<GraphCache>,
}

fn stage(alone: bool) -> Stage {
    // Every seventh load fails.
    let device = (1..100).fold(cpu(), |device, nth| device.fail_load(7 * nth, ErrorKind::Failed));
    let fake = fake(device);
    let slow = Arc::new(Slow { fake: fake.clone(), under_way: Mutex::default(), alone });
    let cache = Arc::new(GraphCache::new(slow.clone(), CAPACITY));
    Stage { fake, slow, cache }
}

impl Stage {
    fn used(&self) -> u64 {
        self.fake.device("fake:0").unwrap().used()
    }

    /// Nobody holds or waits for anything any more.
    fn end(self) {
        assert!(self.slow.under_way.lock().unwrap().is_empty(), "a load that nobody waits for");
        assert!(self.used() <= CAPACITY, "{} bytes are kept", self.used());
        let Self { fake, slow, cache } = self;
        drop((slow, cache));
        assert_eq!(fake.device("fake:0").unwrap().used(), 0);
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Begin(u8),
    Poll(usize),
    GoAway(usize),
    LetGo(usize),
    LoseDevice,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..MODELS).prop_map(Step::Begin),
        8 => (0..16usize).prop_map(Step::Poll),
        2 => (0..16usize).prop_map(Step::GoAway),
        3 => (0..16usize).prop_map(Step::LetGo),
        1 => Just(Step::LoseDevice),
    ]
}

type Loading = BoxFuture<'static, Result<Arc<dyn Graph>>>;

struct Held {
    model: u8,
    graph: Arc<dyn Graph>,
    lost: bool,
}

proptest! {
    #[test]
    fn any_order_keeps_what_the_cache_promises(steps in prop::collection::vec(step(), 1..120)) {
        let (stage, models) = (stage(true), models());
        let mut waiting: Vec<(u8, Loading)> = Vec::new();
        let mut held: Vec<Held> = Vec::new();
        for step in steps {
            match step {
                Step::Begin(model) => {
                    let (cache, bytes) = (stage.cache.clone(), models[usize::from(model)].clone());
                    let load = async move { cache.load(&bytes, &target()).await };
                    waiting.push((model, Box::pin(load)));
                }
                Step::Poll(nth) if !waiting.is_empty() => {
                    let nth = nth % waiting.len();
                    let mut context = Context::from_waker(Waker::noop());
                    let (model, load) = &mut waiting[nth];
                    let Poll::Ready(outcome) = Pin::new(load).poll(&mut context) else { continue };
                    let model = *model;
                    drop(waiting.remove(nth));
                    let Ok(graph) = outcome else { continue };
                    for other in held.iter().filter(|other| other.model == model) {
                        let same = Arc::ptr_eq(&other.graph, &graph);
                        prop_assert!(same != other.lost, "twice in memory, or lost and given out");
                    }
                    held.push(Held { model, graph, lost: false });
                }
                Step::GoAway(nth) if !waiting.is_empty() => {
                    drop(waiting.remove(nth % waiting.len()));
                }
                Step::LetGo(nth) if !held.is_empty() => {
                    drop(held.remove(nth % held.len()));
                }
                Step::LoseDevice => {
                    let device = stage.fake.device("fake:0").unwrap();
                    device.lose();
                    for held in &mut held {
                        let error = block_on(held.graph.context(&Quota::unlimited())).unwrap_err();
                        prop_assert_eq!(error.kind(), ErrorKind::DeviceLost);
                        held.lost = true;
                    }
                    device.replace();
                }
                _ => {}
            }
            if waiting.is_empty() && held.is_empty() {
                prop_assert!(stage.used() <= CAPACITY);
            }
        }
        drop((waiting, held));
        stage.end();
    }
}

#[test]
fn threads_keep_what_the_cache_promises() {
    let (stage, models) = (stage(false), models());
    thread::scope(|scope| {
        for seed in 1..=4u64 {
            let (cache, models) = (&stage.cache, &models);
            scope.spawn(move || {
                let mut random = seed;
                let mut held = Vec::new();
                for _ in 0..500 {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let dice = random >> 33;
                    let model = &models[usize::try_from(dice).unwrap() % models.len()];
                    let target = target();
                    let mut load = cache.load(model, &target);
                    match dice / 8 % 4 {
                        // Goes away after a poll or two.
                        0 => drop((0..=dice / 64 % 2).find_map(|_| (&mut load).now_or_never())),
                        _ => match block_on(load) {
                            Ok(graph) => held.push(graph),
                            Err(error) => assert_eq!(error.kind(), ErrorKind::Failed),
                        },
                    }
                    if held.len() > 2 {
                        held.clear();
                    }
                }
            });
        }
    });
    stage.end();
}
