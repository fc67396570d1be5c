//! Places that inputs choose. Kernels read and write wherever an index points, inside a tensor or not. So
//! an index that is an input's is checked before each run, and a model that computes one is refused.

use godwit_backend::{DType, Error, Result, Signature, Tensor};
use godwit_onnx::schema::ModelProto;
use godwit_onnx::{Positions, Site, operators, trace};

/// The positions that inputs hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Guards(Vec<Positions>);

/// Counts a negative position from the end of all rows, where it is that of one.
const COUNTS_ON: &str = "GatherElements";

impl Guards {
    /// # Errors
    ///
    /// `Unsupported` when a position follows from what the inputs hold in another way than being one of
    /// them.
    pub(crate) fn new(model: &ModelProto) -> Result<Self> {
        let mut positions = Vec::new();
        trace(model, |site| {
            positions.extend(of(site)?);
            Ok(())
        })?;
        Ok(Self(positions))
    }

    /// Whether the values of an input are looked at.
    pub(crate) fn is_about(&self, input: usize) -> bool {
        self.0.iter().any(|positions| positions.input == input)
    }

    /// Checks inputs on the host.
    ///
    /// # Errors
    ///
    /// `Failed`, naming the input and the value.
    pub(crate) fn check(&self, signature: &Signature, inputs: &[Tensor]) -> Result<()> {
        self.0.iter().try_for_each(|positions| positions.check(signature, inputs))
    }
}

/// The positions that a node takes from an input.
fn of(site: Site<'_, '_>) -> Result<Option<Positions>> {
    let op = site.node.op_type();
    let operator = operators::of(op);
    let Some(at) = operator.positions else { return Ok(None) };
    if site.node.input_at(at).is_empty() || site.input(at).fixed {
        return Ok(None);
    }
    let positions = Positions::of(site).ok_or_else(|| computed(op))?;
    let input = site.values.inputs().get(positions.input).and_then(|it| it.tensor_type());
    let dtype = input.and_then(|it| DType::from_onnx(it.elem_type()));
    if !matches!(dtype, Some(DType::I32 | DType::I64)) {
        return Err(computed(op));
    }
    Ok(Some(Positions { from_end: op != COUNTS_ON, ..positions }))
}

fn computed(op: &str) -> Error {
    Error::unsupported(format!(
        "the model computes the positions that its operator {op} takes, which this device does not check"
    ))
}

#[cfg(test)]
mod tests {
    use godwit_backend::ErrorKind;
    use godwit_fixtures::{dims, models, onnx};
    use godwit_onnx::{decode, signature};

    use super::*;

    fn guards(bytes: Vec<u8>) -> Result<(Guards, Signature)> {
        let model = decode(&bytes.into()).unwrap();
        let signature = signature(model.graph.as_ref().unwrap()).unwrap();
        crate::refusals::check(&model, true)?;
        Ok((Guards::new(&model)?, signature))
    }

    #[test]
    fn a_table_is_looked_up_within_its_rows() {
        let (guards, signature) = guards(models::mixed()).unwrap();
        let allowed = |id: i64| {
            let inputs = [
                Tensor::from_values([1], &[id]).unwrap(),
                Tensor::from_values([1], &[1f32]).unwrap(),
            ];
            guards.check(&signature, &inputs).is_ok()
        };
        assert!([-16, -1, 0, 15].into_iter().all(allowed));
        assert!(![-17, 16, 1 << 40, i64::MIN, i64::MAX].into_iter().any(allowed));
    }

    #[test]
    fn an_input_is_looked_up_within_its_own_rows() {
        let mut graph = onnx::Graph::new("gather");
        graph.input("x", DType::F32, dims!["n", 3]);
        graph.input("at", DType::I32, ["m"]);
        graph.node("Gather", ["x", "at"], "y");
        graph.output("y", DType::F32, dims!["m", 3]);
        let (guards, signature) = guards(graph.into_bytes()).unwrap();
        let x = Tensor::from_values([2, 3], &[0f32; 6]).unwrap();
        let allowed = |at: i32| {
            let inputs = [x.clone(), Tensor::from_values([1], &[at]).unwrap()];
            guards.check(&signature, &inputs).is_ok()
        };
        assert!(allowed(1) && allowed(-2) && !allowed(2) && !allowed(-3));
    }

    #[test]
    fn the_operator_that_counts_on_is_counted_from_the_start_only() {
        let gather = |at: Option<i64>| {
            let mut graph = onnx::Graph::new("gather");
            graph.input("x", DType::F32, [1, 3]);
            match at {
                Some(at) => graph.initializer("at", [1, 1], &[at]),
                None => graph.input("at", DType::I64, [1, 1]),
            };
            graph.node("GatherElements", ["x", "at"], "y").int("axis", 1);
            graph.output("y", DType::F32, [1, 1]);
            guards(graph.into_bytes())
        };
        gather(Some(2)).unwrap();
        assert_eq!(gather(Some(-1)).unwrap_err().kind(), ErrorKind::Unsupported);
        let (guards, signature) = gather(None).unwrap();
        let x = Tensor::from_values([1, 3], &[0f32; 3]).unwrap();
        let allowed = |at: i64| {
            let inputs = [x.clone(), Tensor::from_values([1, 1], &[at]).unwrap()];
            guards.check(&signature, &inputs).is_ok()
        };
        assert!(allowed(0) && allowed(2) && !allowed(-1) && !allowed(3));
    }

    #[test]
    fn a_place_that_is_computed_is_refused() {
        let mut graph = onnx::Graph::new("gather");
        graph.input("x", DType::F32, [4]);
        graph.initializer("table", [4], &[1f32, 2.0, 3.0, 4.0]);
        graph.node("ArgMax", "x", "at").int("axis", 0);
        graph.node("Gather", ["table", "at"], "y");
        graph.output("y", DType::F32, [1]);
        let error = guards(graph.into_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}
