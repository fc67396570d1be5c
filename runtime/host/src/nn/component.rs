//! `wasi:nn@0.2.0-rc-2024-10-28` for components.
//!
//! The twelve functions are linked by hand instead of through `bindgen!` because the arguments that matter
//! are read in place: tensor bytes as a `WasmList`, names as a `WasmStr`. Generated bindings would first
//! copy each into a `Vec` or `String` of its own. wasmtime checks every signature against the guest's WIT
//! when it links, and the guest programs under `tests/guests` are compiled from the WIT itself.

use std::sync::Arc;

use bytes::Bytes;
use godwit_backend::{
    Arrangement, Buffer, Error, ExecutionContext, Graph, Inputs, Result as NnResult, Shape, Tensor,
};
use wasmtime::component::{Linker, Resource, ResourceType, WasmList, WasmStr};
use wasmtime::{Result, StoreContextMut, format_err};

use super::NnView;
use super::codes::{ErrorCode, ExecutionTarget, GraphEncoding, TensorType};
use super::tensor::{GuestTensor, check_parts, shape};
use crate::imports::NN_VERSION;

/// `wasi:nn/graph.graph`.
type GraphHandle = Arc<dyn Graph>;

/// `wasi:nn/inference.graph-execution-context`.
struct Context {
    graph: Arc<dyn Graph>,
    execution: Box<dyn ExecutionContext>,
}

/// Longer names than any model file's check lets through belong to no input.
const LONGEST_NAME: usize = 1024;

/// What a fallible function of the interface returns: the value, or a handle to an error.
type Fallible<T> = std::result::Result<T, Resource<Error>>;

/// Adds `wasi:nn` to a linker whose stores hold an [`NnView`].
///
/// # Errors
///
/// When the linker already has one of the interfaces.
pub fn add_to_component_linker<T: NnView>(linker: &mut Linker<T>) -> Result<()> {
    errors(linker)?;
    tensor(linker)?;
    graph(linker)?;
    inference(linker)
}

fn errors<T: NnView>(linker: &mut Linker<T>) -> Result<()> {
    let mut errors = linker.instance(&format!("wasi:nn/errors@{NN_VERSION}"))?;
    errors.resource("error", ResourceType::host::<Error>(), drop_handle::<T, Error>)?;
    errors.func_wrap(
        "[method]error.code",
        |mut store: StoreContextMut<'_, T>, (error,): (Resource<Error>,)| {
            let error = store.data_mut().nn().table.get(&error)?;
            Ok((ErrorCode::from(error.kind()),))
        },
    )?;
    errors.func_wrap(
        "[method]error.data",
        |mut store: StoreContextMut<'_, T>, (error,): (Resource<Error>,)| {
            let error = store.data_mut().nn().table.get(&error)?;
            Ok((error.message().to_owned(),))
        },
    )
}

fn tensor<T: NnView>(linker: &mut Linker<T>) -> Result<()> {
    let mut tensor = linker.instance(&format!("wasi:nn/tensor@{NN_VERSION}"))?;
    let ty = ResourceType::host::<GuestTensor>();
    tensor.resource("tensor", ty, drop_handle::<T, GuestTensor>)?;
    tensor.func_wrap(
        "[constructor]tensor",
        |mut store: StoreContextMut<'_, T>,
         (dims, ty, data): (WasmList<u32>, TensorType, WasmList<u8>)| {
            let memory = store.data_mut().nn().inference.quota.host.clone();
            let (dims, bytes) = (dims.as_le_slice(&store), data.as_le_slice(&store));
            let dtype = ty.into();
            let tensor = match shape(dims.len(), dims.iter().copied()) {
                Ok(shape) => GuestTensor::new(dtype, shape, bytes, &memory),
                Err(error) => GuestTensor::Invalid { dtype, shape: Shape::default(), error },
            };
            Ok((store.data_mut().nn().table.push(tensor)?,))
        },
    )?;
    tensor.func_wrap(
        "[method]tensor.dimensions",
        |mut store: StoreContextMut<'_, T>, (tensor,): (Resource<GuestTensor>,)| {
            let tensor = store.data_mut().nn().table.get(&tensor)?;
            let dims: std::result::Result<Vec<u32>, _> =
                tensor.shape().iter().map(|&dim| u32::try_from(dim)).collect();
            Ok((dims?,))
        },
    )?;
    tensor.func_wrap(
        "[method]tensor.ty",
        |mut store: StoreContextMut<'_, T>, (tensor,): (Resource<GuestTensor>,)| {
            let dtype = store.data_mut().nn().table.get(&tensor)?.dtype();
            let ty = TensorType::of(dtype);
            Ok((ty.ok_or_else(|| format_err!("a guest holds a tensor of type {dtype}"))?,))
        },
    )?;
    tensor.func_wrap_async(
        "[method]tensor.data",
        |store: StoreContextMut<'_, T>, (tensor,): (Resource<GuestTensor>,)| {
            Box::new(tensor_data(store, tensor))
        },
    )
}

/// The bytes, shared with the arena: wasmtime's write into the guest is the one copy out.
async fn tensor_data<T: NnView>(
    mut store: StoreContextMut<'_, T>,
    tensor: Resource<GuestTensor>,
) -> Result<(Bytes,)> {
    let nn = store.data_mut().nn();
    let bytes = match nn.table.get(&tensor)? {
        GuestTensor::Valid(tensor) => match tensor.host() {
            Some(bytes) => bytes.clone(),
            None => tensor.to_host(&nn.inference.quota.host).await?,
        },
        GuestTensor::Invalid { error, .. } => {
            return Err(format_err!("the data of an invalid tensor was asked for: {error}"));
        }
    };
    Ok((Bytes::from_owner(bytes),))
}

fn graph<T: NnView>(linker: &mut Linker<T>) -> Result<()> {
    let mut graph = linker.instance(&format!("wasi:nn/graph@{NN_VERSION}"))?;
    graph.resource("graph", ResourceType::host::<GraphHandle>(), drop_handle::<T, GraphHandle>)?;
    graph.func_wrap_async(
        "load",
        |store: StoreContextMut<'_, T>,
         (parts, encoding, target): (WasmList<WasmList<u8>>, GraphEncoding, ExecutionTarget)| {
            Box::new(load(store, parts, encoding, target))
        },
    )?;
    graph
        .func_wrap_async("load-by-name", |store: StoreContextMut<'_, T>, (name,): (String,)| {
            Box::new(load_by_name(store, name))
        })?;
    graph.func_wrap_async(
        "[method]graph.init-execution-context",
        |store: StoreContextMut<'_, T>, (graph,): (Resource<GraphHandle>,)| {
            Box::new(init_execution_context(store, graph))
        },
    )
}

async fn load<T: NnView>(
    mut store: StoreContextMut<'_, T>,
    parts: WasmList<WasmList<u8>>,
    encoding: GraphEncoding,
    target: ExecutionTarget,
) -> Result<(Fallible<Resource<GraphHandle>>,)> {
    if let Err(error) = check_parts(parts.len()) {
        return fail(&mut store, error);
    }
    let lists = parts.iter(&mut store)?.collect::<Result<Vec<WasmList<u8>>>>()?;
    let inference = store.data_mut().nn().inference.clone();
    let parts: NnResult<Vec<Buffer>> =
        lists.iter().map(|part| inference.quota.host.copy_from(part.as_le_slice(&store))).collect();
    let graph = match parts {
        Ok(parts) => inference.load(encoding.claimed(), parts, target.into()).await,
        Err(error) => Err(error),
    };
    push(&mut store, graph)
}

async fn load_by_name<T: NnView>(
    mut store: StoreContextMut<'_, T>,
    name: String,
) -> Result<(Fallible<Resource<GraphHandle>>,)> {
    let inference = store.data_mut().nn().inference.clone();
    let graph = inference.load_by_name(&name).await;
    push(&mut store, graph)
}

async fn init_execution_context<T: NnView>(
    mut store: StoreContextMut<'_, T>,
    graph: Resource<GraphHandle>,
) -> Result<(Fallible<Resource<Context>>,)> {
    let nn = store.data_mut().nn();
    let graph = nn.table.get(&graph)?.clone();
    let execution = graph.context(&nn.inference.quota).await;
    push(&mut store, execution.map(|execution| Context { graph, execution }))
}

fn inference<T: NnView>(linker: &mut Linker<T>) -> Result<()> {
    let mut inference = linker.instance(&format!("wasi:nn/inference@{NN_VERSION}"))?;
    let ty = ResourceType::host::<Context>();
    inference.resource("graph-execution-context", ty, drop_handle::<T, Context>)?;
    inference.func_wrap_async(
        "[method]graph-execution-context.compute",
        |store: StoreContextMut<'_, T>, (context, inputs): (Resource<Context>, NamedInputs)| {
            Box::new(compute(store, context, inputs))
        },
    )
}

type NamedInputs = WasmList<(WasmStr, Resource<GuestTensor>)>;
type NamedOutputs = Vec<(Arc<str>, Resource<GuestTensor>)>;

async fn compute<T: NnView>(
    mut store: StoreContextMut<'_, T>,
    context: Resource<Context>,
    inputs: NamedInputs,
) -> Result<(Fallible<NamedOutputs>,)> {
    let graph = store.data_mut().nn().table.get(&context)?.graph.clone();
    let outputs = match take_inputs(&mut store, &inputs, graph.info().signature.arrangement())? {
        Ok(inputs) => {
            let context = store.data_mut().nn().table.get_mut(&context)?;
            context.execution.run(inputs).await
        }
        Err(error) => Err(error),
    };
    let outputs = match outputs {
        Ok(outputs) => outputs,
        Err(error) => return fail(&mut store, error),
    };
    let nn = store.data_mut().nn();
    let infos = &graph.info().signature.outputs;
    let mut named = Vec::with_capacity(outputs.len());
    for (info, output) in infos.iter().zip(outputs) {
        named.push((info.name.clone(), nn.table.push(GuestTensor::Valid(output))?));
    }
    Ok((Ok(named),))
}

/// Takes the tensors out of the guest's table, all of them even if one is wrong: they are the host's now.
fn take_inputs<T: NnView>(
    store: &mut StoreContextMut<'_, T>,
    inputs: &NamedInputs,
    mut arrangement: Arrangement<'_>,
) -> Result<NnResult<Inputs>> {
    let mut outcome = Ok(());
    for index in 0..inputs.len() {
        let Some(input) = inputs.get(&mut *store, index) else { break };
        let (name, handle) = input?;
        let tensor: NnResult<Tensor> = store.data_mut().nn().table.delete(handle)?.into_tensor();
        if outcome.is_ok() {
            let name = name.to_str(&*store)?;
            outcome = tensor.and_then(|tensor| {
                check_name(&name)?;
                arrangement.put(&name, tensor)
            });
        }
    }
    Ok(outcome.and_then(|()| arrangement.finish()))
}

/// Keeps an absurd name out of the message that would repeat it.
fn check_name(name: &str) -> NnResult<()> {
    if name.len() <= LONGEST_NAME {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "the model has no input with a name of {} bytes",
        name.len()
    )))
}

fn push<T: NnView, V: Send + 'static>(
    store: &mut StoreContextMut<'_, T>,
    outcome: NnResult<V>,
) -> Result<(Fallible<Resource<V>>,)> {
    match outcome {
        Ok(value) => Ok((Ok(store.data_mut().nn().table.push(value)?),)),
        Err(error) => fail(store, error),
    }
}

fn fail<T: NnView, V>(store: &mut StoreContextMut<'_, T>, error: Error) -> Result<(Fallible<V>,)> {
    tracing::debug!(kind = ?error.kind(), error = %error.report(), "a wasi:nn call failed");
    Ok((Err(store.data_mut().nn().table.push(error)?),))
}

fn drop_handle<T: NnView, V: Send + 'static>(
    mut store: StoreContextMut<'_, T>,
    handle: u32,
) -> Result<()> {
    store.data_mut().nn().table.delete::<V>(Resource::new_own(handle))?;
    Ok(())
}
