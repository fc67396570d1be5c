//! What an operator is given when all is well, and which of that says where in memory it reads or writes.

use anyhow::{Result, bail};
use godwit_backend::{DType, Shape, Tensor};

/// An operator in one use.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    /// Its name.
    pub(super) operator: &'static str,
    /// Its operator set: ONNX's version, or that of an IR's layer.
    pub(super) opset: u32,
    /// Empty for ONNX's own.
    pub(super) domain: &'static str,
    /// What it is given.
    pub(super) operands: Vec<Operand>,
    /// Its attributes.
    pub(super) attributes: Vec<(&'static str, Attribute)>,
    /// The dtypes of its outputs.
    pub(super) outputs: Vec<DType>,
    /// Whether each element of its first output is one of its first operand, or of a later one, or zero.
    pub(super) selects: bool,
}

/// One operand.
#[derive(Debug, Clone)]
pub(super) struct Operand {
    /// Its dtype.
    pub(super) dtype: DType,
    /// Its dimensions.
    pub(super) dims: Vec<usize>,
    /// Its elements.
    pub(super) values: Vec<f64>,
    /// What it says of memory.
    pub(super) role: Role,
}

/// What an operand says of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing by its values.
    Data,
    /// Where.
    Place,
    /// How much.
    Size,
}

/// An attribute of a node.
#[derive(Debug, Clone)]
pub(super) enum Attribute {
    /// An integer.
    Int(i64),
    /// Integers.
    Ints(Vec<i64>),
    /// A number.
    Float(f32),
    /// A word.
    Text(&'static str),
}

/// The plain use of an operator, to be filled by what follows.
pub(super) fn spec(operator: &'static str, opset: u32) -> Spec {
    Spec {
        operator,
        opset,
        domain: "",
        operands: Vec::new(),
        attributes: Vec::new(),
        outputs: vec![DType::F32],
        selects: false,
    }
}

impl Spec {
    /// Numbers from 1 up.
    pub(super) fn data<const N: usize>(self, dims: [usize; N]) -> Self {
        let count = dims.iter().product::<usize>();
        let values: Vec<f64> = (1..=count).map(|it| it as f64).collect();
        self.operand(DType::F32, dims, &values, Role::Data)
    }

    /// An operand of other numbers.
    pub(super) fn operand<const N: usize>(
        mut self,
        dtype: DType,
        dims: [usize; N],
        values: &[f64],
        role: Role,
    ) -> Self {
        let values = values.to_vec();
        self.operands.push(Operand { dtype, dims: dims.to_vec(), values, role });
        self
    }

    /// Places, as integers of 64 bits.
    pub(super) fn places<const N: usize>(self, dims: [usize; N], values: &[f64]) -> Self {
        self.operand(DType::I64, dims, values, Role::Place)
    }

    /// Places, as integers of 32 bits.
    pub(super) fn places32<const N: usize>(self, dims: [usize; N], values: &[f64]) -> Self {
        self.operand(DType::I32, dims, values, Role::Place)
    }

    /// Sizes, as integers of 64 bits.
    pub(super) fn sizes<const N: usize>(self, dims: [usize; N], values: &[f64]) -> Self {
        self.operand(DType::I64, dims, values, Role::Size)
    }

    /// An integer attribute.
    pub(super) fn int(mut self, name: &'static str, value: i64) -> Self {
        self.attributes.push((name, Attribute::Int(value)));
        self
    }

    /// An attribute of integers.
    pub(super) fn ints(mut self, name: &'static str, values: &[i64]) -> Self {
        self.attributes.push((name, Attribute::Ints(values.to_vec())));
        self
    }

    /// A number as attribute.
    pub(super) fn float(mut self, name: &'static str, value: f32) -> Self {
        self.attributes.push((name, Attribute::Float(value)));
        self
    }

    /// A word as attribute.
    pub(super) fn text(mut self, name: &'static str, value: &'static str) -> Self {
        self.attributes.push((name, Attribute::Text(value)));
        self
    }

    /// The dtypes of its outputs, where they are not one of f32.
    pub(super) fn gives(mut self, outputs: &[DType]) -> Self {
        self.outputs = outputs.to_vec();
        self
    }

    /// Of a domain other than ONNX's own.
    pub(super) fn of(mut self, domain: &'static str) -> Self {
        self.domain = domain;
        self
    }

    /// Each element of its output is one of an operand, or zero.
    pub(super) fn selects(mut self) -> Self {
        self.selects = true;
        self
    }
}

impl Operand {
    /// A tensor of these dimensions with the operand's elements, repeated or cut as needed.
    ///
    /// # Errors
    ///
    /// When the contract refuses it.
    pub(super) fn tensor(&self) -> Result<Tensor> {
        let count = self.dims.iter().product::<usize>();
        let mut bytes = Vec::new();
        for at in 0..count {
            let value = self.values.get(at % self.values.len().max(1)).copied().unwrap_or(0.0);
            put(self.dtype, value, &mut bytes)?;
        }
        Ok(Tensor::new(self.dtype, Shape::new(self.dims.clone()), bytes.into())?)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "values that do not fit saturate, which is meant"
)]
#[expect(clippy::cast_sign_loss, reason = "as above")]
fn put(dtype: DType, value: f64, bytes: &mut Vec<u8>) -> Result<()> {
    match dtype {
        DType::F32 => bytes.extend((value as f32).to_le_bytes()),
        DType::I64 => bytes.extend((value as i64).to_le_bytes()),
        DType::I32 => bytes.extend((value as i32).to_le_bytes()),
        DType::U8 => bytes.push(value as u8),
        DType::I8 => bytes.push((value as i8).cast_unsigned()),
        DType::Bool => bytes.push(u8::from(value != 0.0)),
        other => bail!("no hostile values of {other}"),
    }
    Ok(())
}
