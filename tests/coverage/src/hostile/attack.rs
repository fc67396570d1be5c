//! What is done to an operator: values that point elsewhere, lengths that do not fit.

use fastrand::Rng;
use godwit_backend::DType;

use super::spec::{Operand, Role, Spec};

/// Where an operand comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Source {
    /// The caller.
    #[default]
    Input,
    /// The file.
    Constant,
    /// The caller, by way of an addition.
    Computed,
}

/// An operator as it is attacked.
#[derive(Debug, Clone)]
pub(super) struct Attack {
    /// What is attacked, with what is good.
    pub(super) spec: Spec,
    /// What was done, in a word or two.
    pub(super) what: String,
    /// Where each operand comes from.
    pub(super) sources: Vec<Source>,
    /// Whether the file leaves the dimensions of inputs open.
    pub(super) open: bool,
    /// The operands that are not good.
    pub(super) bad: Vec<Operand>,
}

/// Integers that are a place nowhere.
const PLACES: [f64; 10] = [
    -1.0,
    -5.0,
    4.0,
    100.0,
    -1000.0,
    100_000.0,
    2_147_483_647.0,
    -2_147_483_648.0,
    9_223_372_036_854_775_807.0,
    -9_223_372_036_854_775_808.0,
];

/// Sizes that nothing has: none asks for an amount of memory that a machine might have.
const SIZES: [f64; 7] = [
    -1.0,
    0.0,
    -7.0,
    300.0,
    9_223_372_036_854_775_807.0,
    -9_223_372_036_854_775_808.0,
    4_611_686_018_427_387_904.0,
];

/// Numbers of which none is a place.
const NUMBERS: [f64; 8] =
    [f64::NAN, f64::INFINITY, -1e30, 1e30, -3.0, 1e9, -2_147_483_648.0, 5_000.0];

/// Attacks on `spec`.
pub(super) fn attacks(spec: &Spec, random: &mut Rng) -> Vec<Attack> {
    let mut all = Vec::new();
    for (at, operand) in spec.operands.iter().enumerate() {
        if operand.role == Role::Data {
            continue;
        }
        for source in [Source::Input, Source::Constant, Source::Computed] {
            let value = pick(&values(operand), random);
            let mut attack = plain(spec, random);
            set(&mut attack.sources, at, source);
            attack.what = format!("operand {at} {source:?} {value:e}").to_lowercase();
            if let Some(bad) = attack.bad.get_mut(at) {
                let alone = random.bool() && bad.values.len() > 1;
                let from = if alone { bad.values.len() - 1 } else { 0 };
                bad.values.iter_mut().skip(from).for_each(|it| *it = value);
            }
            all.push(attack);
        }
    }
    let shaped: Vec<usize> = (0..spec.operands.len())
        .filter(|at| spec.operands.get(*at).is_some_and(|it| !it.dims.is_empty()))
        .collect();
    for (how, factor) in [("no", 0usize), ("one", 1), ("other", 2)] {
        if shaped.is_empty() {
            break;
        }
        let at = pick(&shaped, random);
        let mut attack = plain(spec, random);
        attack.open = true;
        // A constant of another length, or an input of another length than the first time.
        let constant = how == "other" && random.bool();
        set(&mut attack.sources, at, if constant { Source::Constant } else { Source::Input });
        if !constant {
            // What else is there is free to change too.
            attack.sources.iter_mut().for_each(|it| {
                if random.bool() {
                    *it = Source::Input;
                }
            });
        }
        if let Some(bad) = attack.bad.get_mut(at) {
            let axis = random.usize(..bad.dims.len().max(1));
            if let Some(dim) = bad.dims.get_mut(axis) {
                *dim = match factor {
                    0 => 0,
                    1 => 1,
                    _ => *dim * 2 + 1,
                };
            }
            attack.what = format!("operand {at} of {how} rows along axis {axis}");
        }
        all.push(attack);
    }
    if spec.operands.len() > 1 {
        let mut attack = plain(spec, random);
        attack.what = "a rank more".to_owned();
        let at = random.usize(..spec.operands.len());
        if let (Some(bad), Some(good)) = (attack.bad.get_mut(at), attack.spec.operands.get_mut(at))
        {
            bad.dims.insert(0, 1);
            good.dims.insert(0, 1);
        }
        all.push(attack);
    }
    if shaped.is_empty() || spec.operands.is_empty() {
        let mut attack = plain(spec, random);
        attack.what = "as it is".to_owned();
        all.push(attack);
    }
    all
}

/// The good use, with its data from anywhere.
fn plain(spec: &Spec, random: &mut Rng) -> Attack {
    let any = [Source::Input, Source::Input, Source::Constant, Source::Computed];
    let mut sources: Vec<Source> = spec.operands.iter().map(|_| pick(&any, random)).collect();
    // Something has to be given at run time.
    if !sources.contains(&Source::Input) {
        set(&mut sources, 0, Source::Input);
    }
    Attack {
        what: String::new(),
        sources,
        open: random.bool(),
        bad: spec.operands.clone(),
        spec: spec.clone(),
    }
}

fn values(operand: &Operand) -> Vec<f64> {
    match (operand.dtype, operand.role) {
        (DType::F32, _) => NUMBERS.to_vec(),
        (DType::Bool, _) => vec![1.0, 0.0],
        (_, Role::Size) => SIZES.to_vec(),
        _ => PLACES.to_vec(),
    }
}

fn set(sources: &mut [Source], at: usize, source: Source) {
    if let Some(place) = sources.get_mut(at) {
        *place = source;
    }
}

fn pick<T: Copy + Default>(from: &[T], random: &mut Rng) -> T {
    from.get(random.usize(..from.len().max(1))).copied().unwrap_or_default()
}
